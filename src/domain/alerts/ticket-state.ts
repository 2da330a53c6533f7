import { isTicketSystem, type Presser } from '../people/person';
import { phrase } from '../text/translate';
import type { Alert } from './alert';
import { acknowledge, close, reopen } from './transitions';
import type { EscalationPlace, TicketState } from './triage';

/** What a system says about an incident that Runwatch opened there. */
export interface TicketReport {
  ticket: string;
  state: TicketState;
  /** When it changed there, RFC 3339. */
  at: string;
  /** The status in the system's words. */
  status?: string | undefined;
  /** Who changed it, as the system names them. */
  person?: string | undefined;
}

type FollowAction = 'acknowledge' | 'close' | 'reopen';

export const ticketStateOf = ({ state }: Pick<Alert, 'state'>): TicketState =>
  state === 'new' ? 'open' : state === 'closed' ? 'closed' : 'acknowledged';

export const placeOf = (alert: Alert, id: string, ticket: string): EscalationPlace | null =>
  alert.triage.escalation?.places.find((place) => place.id === id && place.ticket === ticket) ?? null;

/**
 * The alert after a report, and the action that it amounts to, if any. Null if the report is not newer than what is
 * known. A newer report of the same state is only noted, so that older ones that follow it count for nothing.
 * @param by the system; its id is the place's
 * @param mayDo false leaves the alert's state, and notes only the incident's
 */
export function followTicket(
  alert: Alert,
  report: TicketReport,
  move: { by: Presser; at: string },
  mayDo: (action: FollowAction) => boolean,
): { alert: Alert; action: FollowAction | null } | null {
  const place = placeOf(alert, move.by.id, report.ticket);
  if (!place) return null;
  const { remote } = place;
  if (remote && report.at <= (remote.lastReportAt ?? remote.at)) return null;
  if (remote?.state === report.state)
    return {
      alert: withPlace(alert, { ...place, remote: { ...remote, lastReportAt: report.at } }),
      action: null,
    };
  const isOutdated = report.at < lastChangeByOthers(alert, move.by);
  const wanted = isOutdated ? null : actionFor(alert, place, report.state);
  const action = wanted && mayDo(wanted) ? wanted : null;
  const next = action ? moved(alert, action, report, move) : alert;
  const agrees = action !== null || (!isOutdated && ticketStateOf(alert) === report.state);
  return {
    alert: withPlace(next, {
      ...place,
      remote: { state: report.state, at: report.at, by: report.person ?? '' },
      ...(agrees ? { synced: ticketStateOf(next), notTold: undefined } : {}),
    }),
    action,
  };
}

/** Only an incident that was closed there can be reopened there: a late change of an open one says nothing. */
function actionFor(alert: Alert, place: EscalationPlace, state: TicketState): FollowAction | null {
  if (alert.state === 'closed') {
    const wasClosed = (place.remote?.state ?? place.synced) === 'closed';
    return state !== 'closed' && wasClosed && !alert.mergedInto ? 'reopen' : null;
  }
  if (state === 'closed') return 'close';
  return state === 'acknowledged' && alert.state === 'new' ? 'acknowledge' : null;
}

function moved(
  alert: Alert,
  action: FollowAction,
  { ticket, status }: TicketReport,
  { by, at }: { by: Presser; at: string },
): Alert {
  const note = status ? `${ticket}: ${status}` : undefined;
  if (action === 'acknowledge') return acknowledge(alert, { by, at });
  return action === 'close'
    ? close(alert, phrase('handled in a ticket'), { by, at, note })
    : reopen(alert, { by, at, note });
}

/**
 * When anyone but this system last changed the alert to another ticket state, RFC 3339; empty if nobody did. The
 * system's own reports are ordered by its times, since they may arrive late.
 */
function lastChangeByOthers({ history }: Alert, system: Presser): string {
  let state: TicketState = 'open';
  let last = '';
  for (const { to, by, at } of history) {
    const next = ticketStateOf({ state: to });
    const isOwn = isTicketSystem(by) && by.id === system.id;
    if (next !== state && !isOwn) last = at;
    state = next;
  }
  return last;
}

/** What to tell a place about the alert; null if it knows, or cannot be told. */
export function stateToTell(alert: Alert, { state, ticket, synced = 'open' }: EscalationPlace) {
  if (state !== 'opened' || !ticket) return null;
  const wanted = ticketStateOf(alert);
  return wanted === synced ? null : wanted;
}

/** The alert after a place accepted its state. A report that arrived meanwhile is newer. */
export function toldPlace(
  alert: Alert,
  before: EscalationPlace,
  state: TicketState,
  at: string,
): Alert | null {
  const place = placeOf(alert, before.id, before.ticket ?? '');
  if (!place || place.synced !== before.synced) return null;
  const remote = place.remote && place.remote.at > at ? place.remote : { state, at };
  return withPlace(alert, { ...place, synced: state, remote, notTold: undefined });
}

/** The alert after a place did not accept its state; null if that is known. */
export function notToldPlace(
  alert: Alert,
  before: EscalationPlace,
  notTold: NonNullable<EscalationPlace['notTold']>,
): Alert | null {
  const place = placeOf(alert, before.id, before.ticket ?? '');
  if (!place || place.synced !== before.synced) return null;
  const known = place.notTold;
  const isKnown =
    known?.state === notTold.state && known.reason === notTold.reason && known.retrying === notTold.retrying;
  return isKnown ? null : withPlace(alert, { ...place, notTold });
}

function withPlace(alert: Alert, place: EscalationPlace): Alert {
  const { escalation } = alert.triage;
  if (!escalation) return alert;
  const places = escalation.places.map((one) => (one.id === place.id ? place : one));
  return { ...alert, triage: { ...alert.triage, escalation: { ...escalation, places } } };
}
