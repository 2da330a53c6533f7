import { stringify } from 'yaml';
import type { AlertAction } from '../../../src/actions/action';
import { actionOf } from '../../../src/actions/registry';
import { exceptionForm, readExceptionForm } from '../../../src/actions/triage/exception-form';
import { exceptionRowOf } from '../../../src/chat/console/exceptions/read-exceptions';
import { type Alert, type ClosedAs, newAlert } from '../../../src/domain/alerts/alert';
import { close } from '../../../src/domain/alerts/transitions';
import type { Exception } from '../../../src/domain/exceptions/exception';
import { reviewText } from '../../../src/domain/exceptions/exception-review';
import { parseExceptions } from '../../../src/domain/exceptions/exceptions-file';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { untouched } from '../../support/alerts';
import { event } from '../../support/event';
import { runAction } from '../../support/run-action';
import { type OwnStore, startStore } from '../../support/store';

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

const at = '2026-11-20T23:00:00.000Z';
const sam = { surface: 'slack', id: 'U0SAM', name: 'Sam', email: 'sam@contoso.example' };
const caller = { ...event().caller, id: 'dana-id' };
const open = (n: number) =>
  newAlert(`RW-${n}`, [executionFrom(event({ correlationId: `c${n}`, caller })) as Execution], at);
const closed = (n: number, as: ClosedAs = 'benign') =>
  close(open(n), as, { by: sam, at, note: 'patch window' });
const addException = actionOf('add_exception') as AlertAction;

/** Stores the alert, runs the action twice as one press, and returns the exception it saved. */
async function run(alert: Alert, action: string, input: Record<string, unknown>): Promise<Exception> {
  await own.store.alerts.update(alert.id, () => ({ alert }));
  const known = new Set((await own.store.exceptions.list()).map(({ id }) => id));
  const press = { pressId: `p-${alert.id}`, alertId: alert.id, action, by: sam, at, input };
  for (let i = 0; i < 2; i++) await runAction(own.store, press);
  const [saved, ...more] = (await own.store.exceptions.list()).filter(({ id }) => !known.has(id));
  expect(more).toEqual([]);
  return saved as Exception;
}

const formOf = (alert: Alert, changes: Record<string, string> = {}) => {
  const fields = exceptionForm(alert, sam, Date.parse(at));
  const values = Object.fromEntries(fields.map(({ id, value }) => [id, value]));
  return (readExceptionForm({ ...values, ...changes }) as { input: Record<string, unknown> }).input;
};

test.each<[Alert, boolean]>([
  [open(1), true],
  [closed(1), true],
  [closed(1, 'expected'), true],
  [closed(1, 'true positive'), false],
  [{ ...closed(1, 'expected'), triage: { quickException: 'ex-1' } }, false],
])('a closed alert offers an exception unless it was an attack or has one', (alert, offered) => {
  expect(addException.whenClosed).toBe(true);
  expect(addException.offered(untouched(alert), 0)).toBe(offered);
});

test('the form of a closed alert has the close reason as its reason', () => {
  expect(formOf(closed(1))).toMatchObject({ reason: 'RW-1, closed as benign: patch window' });
  expect(formOf(open(1))).toMatchObject({ reason: 'Reviewed in RW-1: expected' });
});

test('an exception from a closed alert keeps where it comes from', async () => {
  const alert = closed(2);
  expect(await run(alert, 'add_exception', formOf(alert))).toMatchObject({
    from: { alertId: 'RW-2', closedAs: 'benign', note: 'patch window' },
  });
  expect(await own.store.alerts.get('RW-2')).toMatchObject({ state: 'closed', closedAs: 'benign' });
});

test('an exception that closes its alert keeps where it comes from', async () => {
  expect((await run(open(3), 'add_exception', formOf(open(3)))).from).toEqual({
    alertId: 'RW-3',
    closedAs: 'expected',
  });
  expect((await run(open(4), 'quick_exception', { choice: 'caller-machine.7' })).from).toEqual({
    alertId: 'RW-4',
    closedAs: 'expected',
  });
});

test('an exception that leaves its alert open has no origin', async () => {
  const saved = await run(open(5), 'add_exception', formOf(open(5), { target: 'vm-other' }));
  expect(saved).not.toHaveProperty('from');
  expect((await own.store.alerts.get('RW-5'))?.state).toBe('new');
});

test('the origin cannot be entered', () => {
  const input = { ...formOf(open(1)), from: { alertId: 'RW-9', closedAs: 'benign' } };
  expect(addException.input?.safeParse(input).success).toBe(false);
});

test('export, import, the console and the review show the origin', async () => {
  const alert = closed(6);
  const saved = await run(alert, 'add_exception', formOf(alert));
  expect(parseExceptions(stringify({ exceptions: [saved] }))[0]).toEqual(saved);
  const origin = 'RW-6, closed as benign: patch window';
  expect(reviewText(saved, 0)).toContain(`Added from ${origin}`);
  const row = exceptionRowOf({ exception: saved, uses: { total: 0, weeks: [] } }, Date.parse(at));
  expect(row.from).toEqual({ alertId: 'RW-6', text: origin });
});
