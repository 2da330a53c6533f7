import type { Presser } from '../people/person';
import { isSamePerson } from '../people/person';
import { phrase, t, translate } from '../text/translate';
import { type Alert, type ClosedAs, type StateName, summarize } from './alert';

/** An action that is not allowed. The message is shown to the presser. */
export class Refusal extends Error {}

/** The states from which each transition is allowed. */
const from: Record<
  'acknowledge' | 'investigate' | 'assign' | 'contain' | 'uncontain' | 'close' | 'reopen',
  readonly StateName[]
> = {
  acknowledge: ['new'],
  investigate: ['new', 'acknowledged'],
  assign: ['new', 'acknowledged', 'investigating', 'contained'],
  contain: ['new', 'acknowledged', 'investigating'],
  uncontain: ['contained'],
  close: ['new', 'acknowledged', 'investigating', 'contained'],
  reopen: ['closed'],
};

export type OpenState = Exclude<StateName, 'closed'>;
export const openStates: readonly OpenState[] = [
  phrase('new'),
  phrase('acknowledged'),
  phrase('investigating'),
  phrase('contained'),
];

interface Move {
  by: Presser;
  at: string;
  note?: string | undefined;
}

export function acknowledge(alert: Alert, move: Move): Alert {
  check(alert, 'acknowledge', t`acknowledged`);
  return moved(alert, 'acknowledged', move);
}

export function investigate(alert: Alert, move: Move): Alert {
  check(alert, 'investigate', t`investigated`);
  return moved(alert, 'investigating', move);
}

/** Assigning moves the alert to investigating; a contained alert stays contained. */
export function assign(alert: Alert, to: Presser, move: Move): Alert {
  check(alert, 'assign', t`assigned`);
  if (alert.assignee && isSamePerson(alert.assignee, to))
    throw new Refusal(t`${alert.id} is ${isSamePerson(to, move.by) ? t`yours` : `${to.name}'s`} already.`);
  const taken = { ...alert, assignee: to };
  return alert.state === 'contained' ? { ...taken, updatedAt: move.at } : moved(taken, 'investigating', move);
}

/** Isolation moves an alert to contained without requiring an acknowledgment first. */
export function contain(alert: Alert, move: Move): Alert {
  return from.contain.includes(alert.state) ? moved(alert, 'contained', move) : alert;
}

export function uncontain(alert: Alert, move: Move): Alert {
  return from.uncontain.includes(alert.state) ? moved(alert, 'investigating', move) : alert;
}

export function close(alert: Alert, as: ClosedAs, move: Move): Alert {
  check(alert, 'close', t`closed`);
  return { ...moved(alert, 'closed', move), closedAs: as };
}

export function reopen(alert: Alert, move: Move): Alert {
  if (alert.mergedInto)
    throw new Refusal(t`${alert.id} became part of ${alert.mergedInto}, so it can't be reopened.`);
  check(alert, 'reopen', t`reopened`);
  return { ...moved(alert, 'acknowledged', move), closedAs: null };
}

/** For executions that nobody saw: unlike {@link reopen}, nobody has acknowledged it. */
export const reopenAsNew = (alert: Alert, move: Move): Alert => ({
  ...moved(alert, 'new', move),
  closedAs: null,
});

function check(alert: Alert, move: keyof typeof from, done: string): void {
  if (from[move].includes(alert.state)) return;
  const last = alert.history.at(-1);
  const by = last ? t` by ${last.by.name}` : '';
  throw new Refusal(
    move === 'reopen'
      ? t`${alert.id} is not closed, so there is nothing to reopen.`
      : t`${alert.id} is already ${translate(alert.state)}${by} and can't be ${done} now.`,
  );
}

function moved(alert: Alert, to: StateName, { by, at, note }: Move): Alert {
  return {
    ...alert,
    state: to,
    updatedAt: at,
    history: [
      ...alert.history,
      { to, by, at, ...(note ? { note } : {}), executions: summarize(alert).about.length },
    ],
  };
}

/** The latest transition to a state, e.g. who acknowledged. */
export const lastChange = (alert: Alert, to: StateName) =>
  alert.history.findLast((change) => change.to === to) ?? null;

/** How many executions the alert got since a person last responded. */
export function newSinceResponse(alert: Alert): number {
  const response = alert.history.findLast(({ by }) => by.surface !== 'runwatch');
  return response?.executions === undefined
    ? 0
    : Math.max(0, summarize(alert).about.length - response.executions);
}
