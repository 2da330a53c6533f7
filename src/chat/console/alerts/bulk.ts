import { z } from 'zod';
import { measuresInForce } from '../../../actions/triage/close';
import type { Exception } from '../../../domain/exceptions/exception';
import { presetExceptions } from '../../../domain/exceptions/preset-exceptions';
import type { AlertView } from '../../../domain/measures/alert-view';
import { t } from '../../../domain/text/translate';
import { pageSize } from './read-alerts';

/** The actions on a selection. Each alert gets a press of its own. */
const bulkActions = ['acknowledge', 'assign', 'assign_to', 'close', 'quick_exception'] as const;
export type BulkAction = (typeof bulkActions)[number];

const text = z.string().max(2000).default('');
const bulkSchema = z.object({
  action: z.enum(bulkActions),
  id: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [...new Set([given].flat())])
    .pipe(
      z
        .array(z.string().regex(/^RW-[\w-]{1,100}$/))
        .min(1)
        .max(pageSize),
    ),
  as: text,
  note: text,
  held: z.enum(['', 'keep', 'skip']).default(''),
  person: text,
  choice: text,
});

export interface BulkRequest {
  action: BulkAction;
  ids: string[];
  /** What each press gets as its form. */
  values: Record<string, string>;
  /** Whether alerts with measures in force are closed too, or left open. Empty until it is chosen. */
  held: '' | 'keep' | 'skip';
}

/** Reads a submitted selection, or says what is wrong with it. */
export function bulkOf(body: unknown): BulkRequest | { fault: string } {
  const parsed = bulkSchema.safeParse(body);
  if (!parsed.success)
    return {
      fault: parsed.error.issues.some(({ path }) => path[0] === 'id')
        ? t`Select between 1 and ${pageSize} alerts.`
        : t`Choose what to do with the selected alerts.`,
    };
  const { action, id, as, note, held, person, choice } = parsed.data;
  const values = {
    ...{ acknowledge: {}, assign: {}, assign_to: { person }, close: { as, note } },
    ...{ quick_exception: { choice } },
  }[action];
  return { action, ids: id, values, held };
}

/** What is still to be chosen before anything is done; null if nothing. */
export function missingChoice({ action, values, held }: BulkRequest, views: readonly AlertView[]) {
  if (action === 'assign_to' && !values.person?.trim()) return t`Enter who to assign the alerts to.`;
  if (action === 'quick_exception' && !values.choice) return t`Choose an exception.`;
  if (action !== 'close') return null;
  if (!values.as) return t`Choose why the alerts are closed.`;
  const isHeld = views.some((view) => view.alert.state !== 'closed' && measuresInForce(view).length > 0);
  return isHeld && !held ? t`Choose what happens to the alerts with measures in force.` : null;
}

/** Why an alert of the selection is left as it is; null if it is not. */
export function leftOut(
  { action, values, held }: BulkRequest,
  view: AlertView,
  before: readonly AlertView[],
): string | null {
  const inForce = action === 'close' && held !== 'keep' ? measuresInForce(view) : [];
  if (inForce.length > 0) return t`Left open. In force: ${inForce.join('; ')}.`;
  if (action !== 'quick_exception') return null;
  const match = matchOf(view, values.choice ?? '');
  if (!match) return t`This exception isn’t offered for the alert.`;
  const same = before.find((other) => isSame(matchOf(other, values.choice ?? ''), match));
  return same
    ? t`Covered by the exception of ${same.alert.id}, so none was added. Close this alert separately.`
    : null;
}

const matchOf = ({ alert }: AlertView, choice: string): Exception['match'] | null =>
  alert.state === 'closed' ? null : (presetExceptions(alert).find(({ id }) => id === choice)?.match ?? null);

const isSame = (a: Exception['match'] | null, b: Exception['match']) =>
  JSON.stringify(a) === JSON.stringify(b);

/** The different exceptions that would be added, each with the first alert that it is for. */
export function addedBy(
  views: readonly AlertView[],
  choice: string,
): { view: AlertView; match: Exception['match'] }[] {
  const found = new Map<string, { view: AlertView; match: Exception['match'] }>();
  for (const view of views) {
    const match = matchOf(view, choice);
    const key = JSON.stringify(match);
    if (match && !found.has(key)) found.set(key, { view, match });
  }
  return [...found.values()];
}

/** The presets that the alerts offer, and for how many of them. */
export function presetsOf(views: readonly AlertView[]): { value: string; label: string; count: number }[] {
  const found = new Map<string, { value: string; label: string; count: number }>();
  for (const { alert } of views)
    for (const { id, label } of alert.state === 'closed' ? [] : presetExceptions(alert))
      found.set(id, { value: id, label, count: (found.get(id)?.count ?? 0) + 1 });
  return [...found.values()];
}
