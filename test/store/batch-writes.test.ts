import { connect } from '../../src/store/redis/connect';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

const hundred = Array.from({ length: 100 }, (_, i) => `key-${i}`);

test('the Redis commands of one event loop turn are sent in one write', async () => {
  const redis = connect(own.address);
  const reads = async () => Number(/total_reads_processed:(\d+)/.exec(await redis.info('stats'))?.[1]);
  const before = await reads();
  await Promise.all(hundred.map((key) => redis.set(key, '1')));
  expect((await reads()) - before).toBeLessThan(5);
  redis.disconnect();
});

test('commands that a lost connection did not send are sent on the next one', async () => {
  const redis = connect(own.address);
  await redis.ping();
  const answers = hundred.map((key) => redis.set(key, '2'));
  redis.stream.destroy();
  expect(new Set(await Promise.all(answers))).toEqual(new Set(['OK']));
  expect(new Set(await redis.mget(hundred))).toEqual(new Set(['2']));
  redis.disconnect();
});
