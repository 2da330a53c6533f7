import type { PolicyFile } from '../config/config';
import type { AlertView } from '../domain/measures/alert-view';
import type { Action, ActionId } from './action';

/** The actions that a presser needs rights to: each part of a combined action, else the action itself. */
export function rightsFor(
  action: Action,
  input: Record<string, unknown>,
  view: AlertView | null,
): readonly ActionId[] {
  const parts = action.about === 'alert' && view ? action.parts?.(input, view) : undefined;
  return parts ?? [action.sameRightAs ?? action.id];
}

/**
 * Whether any part of the press needs a second responder. The configuration takes precedence over the
 * action's default, except for actions that always need one.
 */
export function needsFourEyes(
  action: Action,
  input: Record<string, unknown>,
  view: AlertView | null,
  { fourEyes }: PolicyFile,
  known: (id: ActionId) => Action | null,
): boolean {
  const parts =
    (action.about === 'alert' && view ? action.approvalParts?.(input, view) : undefined) ??
    rightsFor(action, input, view);
  const all = [action.id, ...parts.flatMap((id) => [id, known(id)?.sameRightAs ?? id])];
  return all.some((id) => {
    const own = known(id)?.fourEyes;
    return own === 'always' || (fourEyes?.includes(id) ?? own === true);
  });
}
