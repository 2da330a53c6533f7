import { newAlert } from '../../src/domain/alerts/alert';
import type { Exception } from '../../src/domain/exceptions/exception';
import type { Approval } from '../../src/domain/measures/approval';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { forgetOld } from '../../src/pipeline/forget-old';
import { keys } from '../../src/store/keys';
import { connect } from '../../src/store/redis/connect';
import { event, vm } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const day = 86_400_000;
const now = Date.parse('2026-11-26T12:00:00Z');
const sam = { surface: 'slack', id: 'U1', name: 'Sam' };
const iso = (at: number) => new Date(at).toISOString();

let own: OwnStore;
let redis: ReturnType<typeof connect>;
beforeAll(async () => {
  own = await startStore(['slack']);
  redis = connect(own.address);
});
afterAll(async () => {
  redis.disconnect();
  await own.stop();
});
beforeEach(() => redis.flushall());

const expires = async (key: string) => (await redis.ttl(key)) > 0;
const executionOf = (caller: string, at: number, n = 0): Execution =>
  executionFrom(
    event({
      time: iso(at),
      correlationId: `${caller} ${n} ${at}`,
      caller: { ...event().caller, id: caller, name: caller },
    }),
  ) as Execution;

test('callers are forgotten once they have no command in the history', async () => {
  const { history } = own.store;
  await history.note([executionOf('old', now - 80 * day)], now);
  await history.note([executionOf('new', now + 20 * day)], now + 20 * day);
  expect(await redis.zrange(keys.historyCallers, 0, '-1')).toEqual(['new']);
  expect(await redis.hkeys(keys.historyNames)).toEqual(['new']);
  expect(await expires(keys.historyNames)).toBe(true);
  expect(await expires(keys.historyCallers)).toBe(true);
});

test('alerts that no longer follow an owner are forgotten, and a short one does not end a long one', async () => {
  const { timeline } = own.store;
  const present = Date.now();
  await timeline.follow(['dana'], 'RW-watch', present, present + 7 * day);
  await timeline.follow(['dana'], 'RW-over', present - 10_000, present - 5000);
  await timeline.follow(['dana'], 'RW-now', present, present + 60_000);
  expect(await redis.zrange(keys.followers('dana'), 0, '-1')).toEqual(['RW-now', 'RW-watch']);
  expect(await redis.pttl(keys.followers('dana'))).toBeGreaterThan(7 * day);
  await Promise.all(
    Array.from({ length: 1100 }, (_, i) =>
      timeline.follow(['flood'], `RW-${i}`, present, present + 60_000 + i),
    ),
  );
  expect(await redis.zcard(keys.followers('flood'))).toBe(1000);
});

test('expired watches are removed by the next, and all end with the last', async () => {
  const { watches } = own.store;
  const watch = (owner: string, since: number, days: number) =>
    watches.put({ owner, alertId: 'RW-1', by: sam, since: iso(since), until: iso(since + days * day) });
  await watch('old', now, 1);
  await watch('long', now, 30);
  await watch('new', now + 2 * day, 7);
  expect((await redis.hkeys(keys.watches)).sort()).toEqual(['long', 'new']);
  expect(await redis.pttl(keys.watches)).toBeGreaterThan(27 * day);
});

test('a subject keeps its newest alerts', async () => {
  const store = own.store;
  for (let i = 0; i < 510; i++) {
    const alert = newAlert(`RW-${i}`, [executionOf('dana', now + i * 1000, i)], iso(now + i * 1000));
    await store.alerts.update(alert.id, () => ({ alert }), null);
  }
  const [subject = ''] = await redis.keys('{runwatch}:alerts-on:machine:*');
  expect(await redis.zcard(subject)).toBe(500);
  expect(await redis.zrange(subject, 0, '0')).toEqual(['RW-10']);
  expect(await expires(subject)).toBe(true);
});

test('an open alert that expires leaves the open alerts', async () => {
  const { alerts } = own.store;
  const at = now - 500 * day;
  const alert = { ...newAlert('RW-1', [executionOf('dana', at)], iso(at)), announced: true };
  const stored = await alerts.update('RW-1', () => ({ alert }), null);
  await alerts.checkAgain(stored as typeof alert, Number.POSITIVE_INFINITY);
  expect(await expires(keys.undelivered('slack'))).toBe(true);
  await redis.expire(keys.alert('RW-1'), 86_400);
  expect(await alerts.sweepExpired(now)).toBe(1);
  expect(await alerts.openCounts()).toEqual([]);
  expect(await redis.zcard(keys.checkAt('medium'))).toBe(0);
});

const approvalOf = (id: string, alertId: string, state: Approval['state']) =>
  own.store.measures.updateApproval(id, () => ({
    approval: { id, alertId, state, at: iso(now) } as Approval,
  }));
const forget = (at: number) => forgetOld({ store: own.store, now: () => at });

test('the index of measures and approvals forgets those that expired', async () => {
  await approvalOf('A-1', 'RW-1', 'asked');
  await approvalOf('A-1', 'RW-1', 'done' as Approval['state']);
  await approvalOf('A-2', 'RW-1', 'asked');
  await approvalOf('A-3', 'RW-2', 'asked');
  expect(await redis.hgetall(keys.recordIndex)).toEqual({ 'alert:RW-1': 'A-1 A-2', 'alert:RW-2': 'A-3' });
  await redis.del(keys.record('A-1'), keys.record('A-3'));
  await approvalOf('A-4', 'RW-1', 'asked');
  expect(await redis.hget(keys.recordIndex, 'alert:RW-1')).toBe('A-2 A-4');
  await redis.del(keys.record('A-2'));
  await forget(now);
  expect(await redis.hgetall(keys.recordIndex)).toEqual({ 'alert:RW-1': 'A-4' });
});

test('a subscription that is gone is forgotten once its log can no longer be continued', async () => {
  const { polls, history, health } = own.store;
  for (const [id, at] of [
    ['kept', now - 200 * day],
    ['gone', now - 200 * day],
    ['recent', now - 20 * day],
  ] as const) {
    await polls.moveWatermark(id, iso(at));
    await polls.noteGap(id, { from: at, to: at + 1000, error: 'x' });
    await polls.setLateSlot(id, 1);
    await polls.markQueued(id, [{ id: 'e1', time: iso(at) }], 0);
    await history.setFilledFrom(id, at);
    await health.noteVanished({ id, name: id, at });
    expect(await expires(keys.seenRunning(id))).toBe(true);
    expect(await expires(keys.gaps(id))).toBe(true);
  }
  await polls.putSubscription({ id: 'kept', name: '', lastPollAt: null, error: null });
  await forget(now);
  const hashes = [keys.watermarks, keys.watchedSince, keys.lateSlots, keys.historyFilled, keys.vanished];
  for (const key of hashes) expect([key, (await redis.hkeys(key)).sort()]).toEqual([key, ['kept', 'recent']]);
  expect((await redis.smembers(keys.withGaps)).sort()).toEqual(['kept', 'recent']);
  expect(await redis.exists(keys.gaps('gone'), keys.seenRunning('gone'))).toBe(0);
});

test('a subscription without gaps is not among those with gaps, and lost gaps are forgotten', async () => {
  const { polls } = own.store;
  const gap = { from: now, to: now + 1000, error: 'x' };
  await polls.noteGap('s1', gap);
  await polls.closeGap('s1', gap);
  expect(await redis.smembers(keys.withGaps)).toEqual([]);
  await polls.noteGap('s1', { from: 1, to: 2, error: 'x', lostAt: now });
  await polls.noteGap('s1', { from: 3, to: 4, error: 'x', lostAt: now + 101 * day });
  expect((await polls.gaps('s1')).map(({ from }) => from)).toEqual([3]);
});

test('destinations that are no longer used are forgotten', async () => {
  const { health } = own.store;
  await health.note('slack C1', null, now - 100 * day);
  await health.note('slack C2', null, now);
  await forget(now);
  expect((await health.accepted()).map(({ place }) => place)).toEqual(['slack C2']);
});

test('exceptions are removed long after they expired, with an entry in the audit log', async () => {
  const { exceptions, audit } = own.store;
  const put = (id: string, end: number) =>
    exceptions.put(
      { id, match: { caller: 'x' }, reason: 'r', owner: 'o', expires: iso(end) } as Exception,
      [],
      id,
    );
  await put('old', now - 401 * day);
  await put('new', now - 399 * day);
  await forget(now);
  await forget(now + day);
  expect((await exceptions.list()).map(({ id }) => id)).toEqual([]);
  expect((await audit.read()).map(({ action, object }) => [action, object])).toEqual([
    ['exception.remove', 'old'],
    ['exception.remove', 'new'],
  ]);
});

test('checkpoints of hubs expire, and few copies of the audit log are known', async () => {
  const { hub, audit } = own.store;
  const partition = {
    fullyQualifiedNamespace: 'ns',
    eventHubName: 'hub',
    consumerGroup: 'g',
    partitionId: '0',
  };
  await hub.checkpoints.updateCheckpoint({ ...partition, sequenceNumber: 1, offset: '1' });
  await hub.checkpoints.claimOwnership([{ ...partition, ownerId: 'o' }]);
  await hub.putHealth('hub', { partitionId: '0', at: iso(now), error: null });
  for (const key of await redis.keys('{runwatch}:hub-*'))
    expect([key, await expires(key)]).toEqual([key, true]);
  for (let i = 0; i < 15; i++) await audit.setCopiedTo(`https://copy-${i}`, `${i + 1}-0`);
  expect(await redis.hlen(keys.auditCopies)).toBe(10);
  expect(await audit.copiedTo('https://copy-14')).toBe('15-0');
  expect(await audit.copiedTo('https://copy-0')).toBe('0-0');
});

test('a check that is damaged or of another version counts as none; more events than fit are left out', async () => {
  const { checks } = own.store;
  const execution = { ...executionOf('dana', now), resourceId: vm };
  const long = {
    ...execution,
    eventIds: Array.from({ length: 80 }, (_, i) => `e${String(i).padStart(2, '0')}`),
  };
  await checks.note([{ execution: long, group: null }]);
  const finding = { technique: null, says: 'nothing changed' };
  await checks.settle([{ check: { execution, group: null, finding: null }, finding }]);
  const [known] = await checks.note([{ execution, group: null }]);
  expect(known?.finding).toEqual(finding);
  const stored = JSON.parse((await redis.get(keys.check(execution.key))) ?? '');
  expect(stored.execution.eventIds).toHaveLength(50);
  for (const damaged of ['{', '{"execution":{}}', JSON.stringify({ ...stored, finding: { says: 7 } })]) {
    await redis.set(keys.check(execution.key), damaged);
    expect((await checks.note([{ execution, group: null }]))[0]?.finding).toBeNull();
  }
});
