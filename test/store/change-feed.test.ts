import type { Redis } from 'ioredis';
import { newAlert } from '../../src/domain/alerts/alert';
import type { Exception } from '../../src/domain/exceptions/exception';
import type { Approval } from '../../src/domain/measures/approval';
import type { Measure } from '../../src/domain/measures/measure';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { keptChanges } from '../../src/store/change-feed';
import { keys } from '../../src/store/keys';
import { event } from '../support/event';
import { runAction } from '../support/run-action';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
let redis: Redis;
beforeAll(async () => {
  own = await startStore();
  redis = own.connect();
});
afterAll(() => own.stop());
beforeEach(() => redis.flushall());

const at = '2026-11-20T12:00:00Z';
const sam = { surface: 'slack', id: 'U0SAM', name: 'Sam', email: 'sam@contoso.example' };
const alert = { ...newAlert('RW-1', [executionFrom(event()) as Execution], at), announced: true };
const raise = () => own.store.alerts.update('RW-1', () => ({ alert }));
const press = (action: string, input = {}) =>
  runAction(own.store, { pressId: action, alertId: 'RW-1', action, by: sam, at, input });
const seen = async (cursor = '0-0') =>
  (await own.store.feed.after(cursor, 100)).changes.map(({ kind, id, rev }) => `${kind} ${id} ${rev}`);

test('an alert is raised, changed and closed in the feed, in order, with its revisions', async () => {
  await raise();
  await press('acknowledge');
  await press('close', { as: 'benign' });
  expect(await seen()).toEqual(['alert.raised RW-1 1', 'alert.changed RW-1 2', 'alert.closed RW-1 3']);
});

test('an alert that an exception suppressed appears once it is announced', async () => {
  await own.store.alerts.update('RW-1', () => ({ alert: { ...alert, announced: false } }));
  expect(await seen()).toEqual([]);
  await own.store.alerts.update('RW-1', (stored) => ({ alert: { ...alert, ...stored, announced: true } }));
  expect(await seen()).toEqual(['alert.raised RW-1 2']);
});

test('measures and approvals appear with their revisions', async () => {
  const measure = { id: 'M-1', subjects: [], alerts: ['RW-1'], state: 'active' } as unknown as Measure;
  const approval = { id: 'A-1', alertId: 'RW-1', state: 'asked' } as unknown as Approval;
  await raise();
  await own.store.measures.update('M-1', () => ({ measure }));
  await own.store.measures.update('M-1', (stored) => stored && { measure: { ...stored, state: 'undone' } });
  await own.store.measures.updateApproval('A-1', () => ({ approval }));
  expect((await seen()).slice(1)).toEqual([
    'measure.changed M-1 1',
    'measure.changed M-1 2',
    'approval.changed A-1 1',
  ]);
});

test('exceptions and notices appear once each', async () => {
  const exception = {
    id: 'patching',
    match: {},
    reason: 'r',
    owner: 'o',
    expires: at,
  } as unknown as Exception;
  await own.store.exceptions.put(exception, [], 'once');
  await own.store.exceptions.put(exception, [], 'once');
  await own.store.deliveries.addNotice({ id: 'notice-1', text: 'hello' }, ['slack']);
  await own.store.deliveries.addNotice({ id: 'notice-1', text: 'hello' }, ['slack']);
  expect(await seen()).toEqual(['exception.changed patching 0', 'notice.posted notice-1 0']);
});

test('a reader continues after its cursor, and entries that it cannot read are skipped', async () => {
  await raise();
  const { next } = await own.store.feed.after('0-0', 1);
  await own.store.feed.setCursor('webhooks', next);
  await redis.xadd(keys.feed, '*', 'kind', 'alert.exploded', 'id', 'RW-9', 'rev', '-1');
  await press('acknowledge');
  const cursor = (await own.store.feed.cursorOf('webhooks')) ?? '';
  expect(await seen(cursor)).toEqual(['alert.changed RW-1 2']);
  expect(await own.store.feed.after(await own.store.feed.newest(), 1)).toMatchObject({
    changes: [],
    lost: false,
  });
});

test('a reader that is too far behind is told that it missed changes', async () => {
  const fill = (count: number) =>
    redis.eval(
      `for i = 1, ${count} do redis.call('XADD', KEYS[1], '*', 'kind', 'alert.changed', 'id', 'RW-0', 'rev', i) end`,
      1,
      keys.feed,
    );
  await fill(1000);
  const { next } = await own.store.feed.after('0-0', 500);
  expect(await own.store.feed.after('0-0', 1)).toMatchObject({ lost: false });
  await fill(keptChanges);
  await raise();
  expect(await redis.xlen(keys.feed)).toBeLessThan(keptChanges + 200);
  expect(await own.store.feed.after(next, 1)).toMatchObject({ lost: true });
  const newest = await own.store.feed.newest();
  await press('acknowledge');
  expect(await own.store.feed.after(newest, 10)).toMatchObject({ lost: false, changes: [{ id: 'RW-1' }] });
});
