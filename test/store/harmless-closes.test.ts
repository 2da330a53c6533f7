import type { Redis } from 'ioredis';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import type { LikeClosed } from '../../src/domain/alerts/facts';
import { likenessKey, likenessOf, maxLikeClosed } from '../../src/domain/alerts/similar';
import { close } from '../../src/domain/alerts/transitions';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { likeClosed } from '../../src/pipeline/enrich/enrich-similar';
import { keys } from '../../src/store/keys';
import { factsAbout } from '../support/alerts';
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

const sam = { surface: 'slack', id: 'U0SAM', name: 'Sam', email: 'sam@contoso.example' };
const caller = { ...event().caller, id: 'dana-id' };
const day = (n: number) => new Date(Date.parse('2026-11-20T12:00:00Z') + n * 86_400_000).toISOString();
const alertOf = (n: number, at = day(n)) =>
  newAlert(`RW-${n}`, [executionFrom(event({ correlationId: `c${n}`, caller, time: at })) as Execution], at);
const raise = (n: number) => own.store.alerts.update(`RW-${n}`, () => ({ alert: alertOf(n) }));
const press = (n: number, action: string, input: Record<string, unknown> = {}, id = action) =>
  runAction(own.store, { pressId: `${id}-${n}`, alertId: `RW-${n}`, action, by: sam, at: day(n), input });
const found = (n = 9) => likeClosed(alertOf(n), own.store);
const key = keys.harmlessCloses(
  likenessKey(likenessOf(alertOf(1)) as NonNullable<ReturnType<typeof likenessOf>>),
);

async function closeAll(...numbers: number[]): Promise<void> {
  for (const n of numbers) {
    await raise(n);
    await press(n, 'close', { as: 'benign' });
  }
}

test('from the third alert closed as benign on, the next one is like them', async () => {
  await closeAll(1, 2);
  expect(await found()).toBeNull();
  await closeAll(3);
  expect(await found()).toEqual({
    count: 3,
    as: 'benign',
    lastAt: day(3),
    alertIds: ['RW-3', 'RW-2', 'RW-1'],
  });
  expect(await redis.pttl(key)).toBeGreaterThan(0);
});

test('an alert counts once, whatever else happens to it while it is closed', async () => {
  await closeAll(1, 2);
  for (const id of ['close', 'again']) await press(2, 'close', { as: 'benign' }, id).catch(() => {});
  await own.store.alerts.update('RW-2', (alert) => ({ alert: { ...(alert as Alert), score: 1 } }));
  expect(await redis.zcard(key)).toBe(2);
});

test('an alert that is reopened or closed as an attack no longer counts', async () => {
  await closeAll(1, 2, 3);
  await press(3, 'reopen');
  expect(await found()).toBeNull();
  await press(3, 'close', { as: 'true positive' }, 'second');
  expect(await found()).toBeNull();
  await press(3, 'reopen', {}, 'third');
  await press(3, 'close', { as: 'expected' }, 'fourth');
  expect(await found()).toMatchObject({ count: 3, as: 'benign or expected' });
});

test('an alert whose script is read after it was closed counts by its script', async () => {
  await closeAll(1);
  const sha256 = 'a'.repeat(64);
  const script = { text: 'id', sha256, parameters: [], runAs: null, redacted: [], traits: [] };
  await own.store.alerts.update('RW-1', (alert) => {
    const { executions } = alert as Alert;
    return { alert: { ...(alert as Alert), facts: factsAbout(executions[0] as Execution, { script }) } };
  });
  expect(await redis.zcard(key)).toBe(0);
  expect(await redis.keys('*harmless-closes*')).toHaveLength(1);
});

test('an alert is not like itself, nor like alerts closed over 90 days before', async () => {
  await closeAll(1, 2, 3);
  expect(await found(3)).toBeNull();
  expect(await found(91)).toMatchObject({ count: 3 });
  expect(await found(92)).toBeNull();
});

test('no more are kept than the limit, the newest', async () => {
  for (let i = 0; i < maxLikeClosed + 5; i++) {
    const at = day(i / 1000);
    const alert = close(alertOf(1000 + i, at), 'benign', { by: sam, at });
    await own.store.alerts.update(alert.id, () => ({ alert }));
  }
  expect(await found()).toMatchObject({ count: maxLikeClosed, alertIds: ['RW-1204', 'RW-1203', 'RW-1202'] });
});

test('the exception for alerts like it is saved for 30 days in the name of who pressed', async () => {
  await closeAll(1, 2, 3);
  const facts = { likeClosed: (await found(4)) as LikeClosed } as Alert['facts'];
  await own.store.alerts.update('RW-4', () => ({ alert: { ...alertOf(4), facts } }));
  await press(4, 'quick_exception', { choice: 'like-closed.30' });
  expect(await own.store.exceptions.list()).toMatchObject([
    {
      match: { caller: 'dana-id', technique: 'run-command' },
      owner: 'sam@contoso.example',
      expires: day(34),
      reason: 'Like 3 alerts closed as benign, last RW-3 (from RW-4)',
      from: { alertId: 'RW-4', closedAs: 'expected' },
    },
  ]);
  expect((await own.store.alerts.get('RW-4'))?.state).toBe('closed');
});
