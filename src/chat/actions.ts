import { type AlertAction, wordsFor } from '../actions/action';
import { type Field, type FormResult, type FormValues, readFields } from '../actions/form';
import { alertActions } from '../actions/registry';
import { summarize } from '../domain/alerts/alert';
import type { AlertView } from '../domain/measures/alert-view';
import { isWaiting } from '../domain/measures/approval';
import type { Presser } from '../domain/people/person';
import { plainLine } from '../domain/text/plain-text';

/** Something to press below an alert. */
export interface Action {
  id: string;
  label: string;
  style?: 'primary' | 'danger';
  /** What to fill in; as it stands it does the plain action. Made when it is opened, for whoever opens it. */
  form?: (presser?: Presser | null, now?: number) => Field[];
  /** What a filled form means as a press's input, or what is wrong with which field. */
  read?: (values: FormValues) => FormResult;
  /** What to choose from; the choice's value goes with the press. */
  choices?: { value: string; label: string }[];
  /** What is asked before it is done. */
  confirm?: { title: string; text: string; yes: string };
  /** Seldom pressed: a surface may fold it away. */
  minor?: true;
  /** What the press is about beside the alert. */
  approvalId?: string;
}

/** What may be pressed as the alert stands, most pressed first. */
export function actionsOf(view: AlertView, responders: boolean, now: number): Action[] {
  const closed = view.alert.state === 'closed';
  const offered = alertActions().filter(
    (action) => (!closed || action.whenClosed) && action.offered(view, now),
  );
  return [...decisionsOf(view, now), ...offered.map((action) => shown(action, view, responders))];
}

/** What waits for a second person; everyone sees it, and the asker's own approval is refused. */
const decisionsOf = ({ approvals }: AlertView, now: number): Action[] =>
  approvals
    .filter((approval) => isWaiting(approval, now))
    .flatMap(({ id, what }): Action[] => [
      { id: 'approve', label: plainLine(`Approve: ${what}`, 75), style: 'primary', approvalId: id },
      { id: 'decline', label: 'Decline', approvalId: id },
    ]);

function shown(action: AlertAction, view: AlertView, responders: boolean): Action {
  const { id, style, often, fields, confirm, choices, readForm, right } = action;
  const needs = right === 'responder' && !responders ? ' (no responders set)' : '';
  const label = wordsFor(action.label, view);
  return {
    id,
    label: `${label}${needs}`,
    ...(style ? { style } : {}),
    ...(fields
      ? {
          form: (presser = null, now = Date.parse(view.alert.updatedAt)) => fields(view, presser, now),
          read: readForm ?? ((values: FormValues) => readFields(fields(view, null, 0), values)),
        }
      : {}),
    ...(choices ? { choices: choices(view) } : {}),
    ...(confirm
      ? {
          confirm: {
            title: confirm.title
              ? wordsFor(confirm.title, view)
              : `${label.replace('…', '')}: ${whereOf(view)}`,
            text: wordsFor(confirm.text, view),
            yes: confirm.yes,
          },
        }
      : {}),
    ...(often ? {} : { minor: true as const }),
  };
}

function whereOf({ alert }: AlertView): string {
  const { target, machines } = summarize(alert);
  return machines > 1 ? `${machines} machines` : plainLine(target.name, 60);
}
