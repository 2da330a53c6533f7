import { connect } from '../../src/store/redis/connect';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

const day = 86_400_000;
const now = Date.parse('2026-11-26T12:00:00Z');

test('each alert counts once, in the week when it was raised', async () => {
  const { exceptions } = own.store;
  for (const alertId of ['RW-1', 'RW-2', 'RW-1']) await exceptions.noteUse('weekly', alertId, now);
  await exceptions.noteUse('weekly', 'RW-3', now - 7 * day);
  await exceptions.noteUse('weekly', 'RW-4', now - 200 * day);
  expect(await exceptions.uses('weekly')).toBe(4);
  const found = await exceptions.usesByWeek(['weekly', 'unknown'], now, 4);
  expect(found).toEqual([
    { total: 4, weeks: [0, 0, 1, 2] },
    { total: 0, weeks: [0, 0, 0, 0] },
  ]);
  expect(await exceptions.usesOf(['weekly', 'unknown'])).toBe(4);
});

test('what is stored is bounded and expires', async () => {
  const redis = connect(own.address);
  const { exceptions } = own.store;
  for (let i = 0; i < 2100; i++) await exceptions.noteUse('flood', `RW-F${i}`, now + i);
  for (let week = 0; week < 40; week++)
    await exceptions.noteUse('years', `RW-Y${week}`, now + week * 7 * day);
  expect(await exceptions.uses('flood')).toBe(2100);
  expect(await redis.zcard('{runwatch}:exception-seen:flood')).toBe(2000);
  expect(await redis.hlen('{runwatch}:exception-counts:years')).toBe(27);
  for (const key of await redis.keys('{runwatch}:exception-*'))
    expect([key, (await redis.ttl(key)) > 0]).toEqual([key, true]);
  redis.disconnect();
}, 30_000);

test('uses that an earlier version stored count, once, and expire', async () => {
  const redis = connect(own.address);
  const { exceptions } = own.store;
  await redis.sadd('{runwatch}:exception-uses:old', 'RW-1', 'RW-2');
  await exceptions.noteUse('old', 'RW-1', now);
  await exceptions.noteUse('old', 'RW-3', now);
  expect(await exceptions.uses('old')).toBe(3);
  expect((await exceptions.usesByWeek(['old'], now, 2))[0]).toEqual({ total: 3, weeks: [0, 1] });
  expect(await redis.ttl('{runwatch}:exception-uses:old')).toBeGreaterThan(0);
  redis.disconnect();
});
