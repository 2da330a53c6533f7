import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import type { Severity } from '../../src/domain/alerts/severity';
import { timingSteps } from '../../src/domain/alerts/timing';
import { acknowledge, close, contain, reopen, uncontain } from '../../src/domain/alerts/transitions';
import type { Presser } from '../../src/domain/people/person';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { keys } from '../../src/store/keys';
import { connect } from '../../src/store/redis/connect';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const sam: Presser = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' };
const start = Date.parse('2026-11-20T22:00:00.000Z');
const move = { by: sam, at: new Date(start + 60_000).toISOString() };

let own: OwnStore;
beforeEach(async () => {
  own = await startStore(['slack']);
});
afterEach(() => own.stop());

const alert = (id: string, severity: Severity = 'high', ms = 0): Alert => ({
  ...newAlert(id, [executionFrom(event()) as Execution], new Date(start + ms).toISOString()),
  severity,
  announced: true,
});
const put = (one: Alert) => own.store.alerts.update(one.id, () => ({ alert: one }));
const change = (id: string, to: (one: Alert) => Alert) =>
  own.store.alerts.update(id, (one) => ({ alert: to(one as Alert) }));
const openIds = async () => (await own.store.alerts.listOpen()).map(({ id }) => id);

test('the index follows every change of severity and state, in the write that stores it', async () => {
  await put({ ...alert('RW-1'), announced: false });
  expect(await own.store.alerts.openCounts()).toEqual([]);
  await change('RW-1', (one) => ({ ...one, announced: true }));
  expect(await own.store.alerts.openCounts()).toEqual([{ severity: 'high', state: 'new', count: 1 }]);
  await change('RW-1', (one) => ({ ...contain(one, move), severity: 'critical' }));
  expect(await own.store.alerts.openCounts()).toEqual([
    { severity: 'critical', state: 'contained', count: 1 },
  ]);
  await change('RW-1', (one) => close(one, 'benign', move));
  expect(await own.store.alerts.openCounts()).toEqual([]);
  expect(await own.store.alerts.due('critical', Date.now(), 10)).toEqual([]);
  await change('RW-1', (one) => reopen(one, move));
  expect(await own.store.alerts.openCounts()).toEqual([
    { severity: 'critical', state: 'acknowledged', count: 1 },
  ]);
});

test('a write that loses to another leaves the index as it was', async () => {
  const stored = await put(alert('RW-1'));
  const stale = { ...(stored as Alert), rev: 0 };
  await own.store.alerts.update(
    'RW-1',
    (one) => (one?.rev === 0 ? { alert: close(one, 'benign', move) } : null),
    stale,
  );
  expect(await own.store.alerts.openCounts()).toEqual([{ severity: 'high', state: 'new', count: 1 }]);
});

test('open alerts are listed newest first, by severity and state, and counted without a limit', async () => {
  await put(alert('RW-OLD', 'critical', 0));
  for (let page = 0; page < 11; page++)
    await Promise.all(
      Array.from({ length: 500 }, (_, i) => put(alert(`RW-${page}-${i}`, 'low', 1 + page * 500 + i))),
    );
  expect((await own.store.alerts.listOpen({ limit: 2 })).map(({ id }) => id)).toEqual([
    'RW-10-499',
    'RW-10-498',
  ]);
  expect(await own.store.alerts.listOpen({ severities: ['critical'] })).toMatchObject([{ id: 'RW-OLD' }]);
  expect(await own.store.alerts.listOpen({ states: ['contained'] })).toEqual([]);
  expect(await own.store.alerts.openCounts()).toEqual([
    { severity: 'critical', state: 'new', count: 1 },
    { severity: 'low', state: 'new', count: 5500 },
  ]);
  expect(await own.store.alerts.openCounts(start + 1 + 5400)).toEqual([
    { severity: 'low', state: 'new', count: 100 },
  ]);
}, 60_000);

test('alerts of an earlier version are indexed once', async () => {
  await put(alert('RW-1'));
  await put(alert('RW-2'));
  await change('RW-2', (one) => close(one, 'benign', move));
  const redis = connect(own.address);
  const index = await redis.keys(`${keys.open('*' as Severity, '*' as 'new').replace('{', '\\{')}`);
  await redis.del(...index, keys.checkAt('high'));
  expect(await openIds()).toEqual([]);
  await own.store.alerts.indexOpen();
  expect(await openIds()).toEqual(['RW-1']);
  expect(await own.store.alerts.due('high', Date.now(), 10)).toMatchObject([{ id: 'RW-1' }]);
  await redis.del(...index);
  await own.store.alerts.indexOpen();
  expect(await openIds()).toEqual([]);
  redis.disconnect();
});

test('a change between the read and the note of the next check is checked again', async () => {
  const stored = (await put(alert('RW-1'))) as Alert;
  await change('RW-1', (one) => ({ ...one, score: 5 }));
  await own.store.alerts.checkAgain(stored, Date.now() + 60_000);
  expect(await own.store.alerts.due('high', Date.now(), 10)).toMatchObject([{ id: 'RW-1' }]);
});

test('alerts that wait for a step are counted by when they were raised', async () => {
  for (const [id, ms] of [
    ['RW-1', 0],
    ['RW-2', 1000],
    ['RW-3', 2000],
  ] as const)
    await put(alert(id, 'high', ms));
  await change('RW-1', (one) => uncontain(contain(one, move), move));
  await change('RW-2', (one) => acknowledge(one, move));
  const waiting = (raisedBefore: number) =>
    Promise.all(timingSteps.map((step) => own.store.alerts.countWaiting('high', step, start + raisedBefore)));
  expect(await waiting(2001)).toEqual([1, 2, 3]);
  expect(await waiting(2000)).toEqual([0, 1, 2]);
  await change('RW-3', (one) => close(one, 'benign', move));
  expect(await waiting(5000)).toEqual([0, 1, 2]);
  const sla = { high: { acknowledge: 1, close: 1 }, critical: { contain: 1 } };
  expect(await own.store.alerts.pastTargets(sla, start + 60_000 + 500)).toEqual([
    { severity: 'critical', step: 'contain', count: 0 },
    { severity: 'high', step: 'acknowledge', count: 0 },
    { severity: 'high', step: 'close', count: 1 },
  ]);
});

test('a stored change is reported once, and one that lost to another is not', async () => {
  const reported: (string | null)[][] = [];
  own.store.alerts.onStored((before, after) => reported.push([before?.state ?? null, after.state]));
  await put(alert('RW-1'));
  const press = (one: Alert | null) =>
    one && one.state === 'new' ? { alert: acknowledge(one, move) } : null;
  await Promise.all([1, 2, 3].map(() => own.store.alerts.update('RW-1', press)));
  expect(reported).toEqual([
    [null, 'new'],
    ['new', 'acknowledged'],
  ]);
});

test('an alert that is no longer kept leaves the index', async () => {
  await put(alert('RW-1'));
  const redis = connect(own.address);
  await redis.del(keys.alert('RW-1'));
  expect(await own.store.alerts.due('high', Date.now(), 10)).toEqual([]);
  expect(await own.store.alerts.openCounts()).toEqual([]);
  redis.disconnect();
});
