import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import { harmlessCloseOf } from '../../../src/domain/alerts/similar';
import {
  followTicket,
  notToldPlace,
  stateToTell,
  type TicketReport,
  toldPlace,
} from '../../../src/domain/alerts/ticket-state';
import { acknowledge, close, reopen } from '../../../src/domain/alerts/transitions';
import type { EscalationPlace } from '../../../src/domain/alerts/triage';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

const sam = { surface: 'slack', id: 'U0SAM0000', name: 'Sam Ortiz' };
const dana = { surface: 'ticket', id: 'pagerduty', name: 'Dana Reyes (PagerDuty)' };
const at = (minute: number) => `2026-11-26T10:${String(minute).padStart(2, '0')}:00.000Z`;
const yes = () => true;

function escalated(place: Partial<EscalationPlace> = {}): Alert {
  const alert = newAlert('RW-1', [executionFrom(event()) as Execution], at(0));
  const places = [
    { id: 'pagerduty', where: 'PagerDuty', state: 'opened' as const, link: '', ticket: alert.id, ...place },
  ];
  return { ...alert, triage: { escalation: { at: at(0), by: sam, places } } };
}
const place = (alert: Alert) => alert.triage.escalation?.places[0] as EscalationPlace;
const says = (alert: Alert, state: TicketReport['state'], minute: number, mayDo: () => boolean = yes) =>
  followTicket(
    alert,
    { ticket: alert.id, state, at: at(minute), person: 'Dana Reyes' },
    { by: dana, at: at(minute) },
    mayDo,
  );
const after = (alert: Alert, state: TicketReport['state'], minute: number) =>
  says(alert, state, minute)?.alert as Alert;

test('acknowledged, closed and reopened there is so here, by that person, and not sent back', () => {
  const acknowledged = after(escalated(), 'acknowledged', 1);
  expect(acknowledged).toMatchObject({ state: 'acknowledged', history: [{ by: dana }] });
  expect(place(acknowledged)).toMatchObject({ synced: 'acknowledged', remote: { by: 'Dana Reyes' } });
  const closed = after(acknowledged, 'closed', 2);
  expect(closed).toMatchObject({ state: 'closed', closedAs: 'handled in a ticket' });
  const reopened = after(closed, 'open', 3);
  expect(reopened.state).toBe('acknowledged');
  for (const alert of [acknowledged, closed, reopened]) expect(stateToTell(alert, place(alert))).toBeNull();
});

test('closing there does not count as harmless', () => {
  expect(harmlessCloseOf(after(escalated(), 'closed', 1))).toBeNull();
});

test('a repetition or an older report does nothing', () => {
  const closed = after(after(escalated(), 'acknowledged', 2), 'closed', 4);
  expect(says(closed, 'closed', 4)).toBeNull();
  expect(says(closed, 'acknowledged', 2)).toBeNull();
  expect(says(closed, 'open', 4)).toBeNull();
  const repeated = says(closed, 'closed', 8);
  expect(repeated).toMatchObject({ action: null });
  expect(place(repeated?.alert as Alert).remote).toMatchObject({ at: at(4) });
  expect(says(repeated?.alert as Alert, 'open', 6)).toBeNull();
});

test('reports that arrive late are ordered by their own times', () => {
  const report = (alert: Alert, state: TicketReport['state'], minute: number, received: number) =>
    followTicket(alert, { ticket: alert.id, state, at: at(minute) }, { by: dana, at: at(received) }, yes) as {
      alert: Alert;
    };
  const acknowledged = report(escalated(), 'acknowledged', 0, 10).alert;
  const closed = report(acknowledged, 'closed', 3, 11).alert;
  expect(closed.state).toBe('closed');
  expect(report(closed, 'open', 5, 12).alert.state).toBe('acknowledged');
});

test('a report of another ticket does nothing', () => {
  const alert = escalated();
  const report = { ticket: 'RW-OTHER', state: 'closed' as const, at: at(1) };
  expect(followTicket(alert, report, { by: dana, at: at(1) }, yes)).toBeNull();
  const other = { ...dana, id: 'webhook' };
  expect(followTicket(alert, { ...report, ticket: alert.id }, { by: other, at: at(1) }, yes)).toBeNull();
});

test('a report from before the latest change here is noted, and the change is still told', () => {
  const closed = close(escalated(), 'benign', { by: sam, at: at(1) });
  const reopened = reopen({ ...closed }, { by: sam, at: at(5) });
  const followed = says(reopened, 'closed', 3);
  expect(followed).toMatchObject({ action: null, alert: { state: 'acknowledged' } });
  const { alert } = followed as { alert: Alert };
  expect(stateToTell(alert, place(alert))).toBe('acknowledged');
});

test('an incident that was never closed there does not reopen an alert that was closed here', () => {
  const closed = close(escalated({ synced: 'open' }), 'benign', { by: sam, at: at(1) });
  const followed = says(closed, 'acknowledged', 2);
  expect(followed).toMatchObject({ action: null, alert: { state: 'closed' } });
  expect(stateToTell(closed, place(followed?.alert as Alert))).toBe('closed');
});

test('no longer acknowledged there is noted, and not acknowledged again from here', () => {
  const acknowledged = after(escalated(), 'acknowledged', 1);
  const open = after(acknowledged, 'open', 2);
  expect(open.state).toBe('acknowledged');
  expect(place(open).remote?.state).toBe('open');
  expect(stateToTell(open, place(open))).toBeNull();
});

test('what needs two people here is not done by a ticket', () => {
  const followed = says(escalated(), 'closed', 1, () => false);
  expect(followed).toMatchObject({ action: null, alert: { state: 'new' } });
});

test('a change here is told until the place accepts it', () => {
  const acknowledged = acknowledge(escalated({ synced: 'open' }), { by: sam, at: at(1) });
  const before = place(acknowledged);
  expect(stateToTell(acknowledged, before)).toBe('acknowledged');
  const failure = { state: 'acknowledged' as const, reason: 'answered 503', retrying: true };
  const failed = notToldPlace(acknowledged, before, failure) as Alert;
  expect(place(failed).notTold).toEqual(failure);
  expect(notToldPlace(failed, before, failure)).toBeNull();
  const told = toldPlace(failed, before, 'acknowledged', at(2)) as Alert;
  expect(place(told)).toMatchObject({ remote: { state: 'acknowledged', at: at(2) }, notTold: undefined });
  expect(stateToTell(told, place(told))).toBeNull();
});

test('a report that arrives while the place is told is newer', () => {
  const acknowledged = acknowledge(escalated({ synced: 'open' }), { by: sam, at: at(1) });
  const closed = after(acknowledged, 'closed', 3);
  expect(toldPlace(closed, place(acknowledged), 'acknowledged', at(2))).toBeNull();
});

test('a place without a ticket, or that was not opened, is not told', () => {
  const acknowledged = acknowledge(escalated(), { by: sam, at: at(1) });
  expect(stateToTell(acknowledged, { ...place(acknowledged), ticket: undefined })).toBeNull();
  expect(stateToTell(acknowledged, { ...place(acknowledged), state: 'failed' })).toBeNull();
});
