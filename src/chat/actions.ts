import { type AlertAction, type Group, wordsFor } from '../actions/action';
import { type Field, type FormResult, type FormValues, readFields } from '../actions/form';
import { alertActions, isTurnedOn, needsSecondPerson } from '../actions/registry';
import { targetWords } from '../actions/targets';
import type { AlertView } from '../domain/measures/alert-view';
import { isPending } from '../domain/measures/approval';
import type { Presser } from '../domain/people/person';
import { plainLine } from '../domain/text/plain-text';
import { t, translate } from '../domain/text/translate';

/** A button or menu below an alert. */
export interface Action {
  id: string;
  label: string;
  group: Group;
  /** What it does and does not do, as text. */
  does: string;
  style?: 'primary' | 'danger';
  /** Fields to fill in; their defaults perform the plain action. Built when a person opens the form. */
  form?: (presser?: Presser | null, now?: number) => Field[];
  /** Converts a filled form into a press's input, or returns the error of each invalid field. */
  read?: (values: FormValues) => FormResult;
  /** Menu options; the chosen value is sent with the press. */
  choices?: { value: string; label: string }[];
  /** Confirmation shown before the action runs. */
  confirm?: { title: string; text: string; yes: string } | undefined;
  /** The choice that the press sends, where a control offers only one of them. */
  choice?: string;
  /** The page that it opens, instead of a press. */
  url?: string;
  /** Rarely used: the console puts it in a menu. */
  minor?: true;
  /** The approval that the press decides, besides the alert. */
  approvalId?: string;
}

/**
 * The actions available in the alert's current state, most used first.
 * @param responders false if no responder is configured; then only triage is available
 */
export function actionsOf(view: AlertView, responders: boolean, now: number): Action[] {
  const closed = view.alert.state === 'closed';
  const available = alertActions().filter(
    (action) =>
      isTurnedOn(action) &&
      (!closed || action.whenClosed) &&
      (responders || action.right !== 'responder') &&
      action.offered(view, now),
  );
  return [...decisionsOf(view, now), ...available.map((action) => shown(action, view))];
}

/** Buttons for pending approvals. Everyone sees them, but requesters cannot approve their own requests. */
const decisionsOf = ({ approvals }: AlertView, now: number): Action[] =>
  approvals
    .filter((approval) => isPending(approval, now))
    .flatMap(({ id, what }): Action[] => [
      {
        id: 'approve',
        label: plainLine(t`Approve: ${what}`, 75),
        group: 'triage',
        does: plainLine(what, 300),
        style: 'primary',
        approvalId: id,
      },
      { id: 'decline', label: t`Decline`, group: 'triage', does: '', approvalId: id },
    ]);

/** Texts are computed when they are read: a message has few of the actions that apply. */
function shown(action: AlertAction, view: AlertView): Action {
  const { id, group, style, often, fields, confirm, choices, readForm } = action;
  const second = () => (needsSecondPerson(action, view) ? t`A second responder must approve this.` : '');
  const confirmation = () => confirm && joined(second(), wordsFor(confirm.text, view));
  return {
    id,
    group,
    get label() {
      return wordsFor(action.label, view);
    },
    get does() {
      if ((confirm && !fields) || !action.summary) return confirmation() ?? '';
      return joined(second(), translate(action.summary));
    },
    get confirm() {
      const text = confirmation();
      if (!confirm || text === undefined) return undefined;
      const title = confirm.title
        ? wordsFor(confirm.title, view)
        : t`${translate(action.name)} ${targetWords(view)}?`;
      return { title, text, yes: translate(confirm.yes) };
    },
    ...(style ? { style } : {}),
    ...(fields
      ? {
          form: (presser = null, now = Date.parse(view.alert.updatedAt)) => fields(view, presser, now),
          read: readForm ?? ((values: FormValues) => readFields(fields(view, null, 0), values)),
        }
      : {}),
    ...(choices ? { choices: choices(view) } : {}),
    ...(often ? {} : { minor: true as const }),
  };
}

const joined = (...sentences: string[]): string => sentences.filter(Boolean).join(' ');
