import { createQueues, type Queues } from '../../src/pipeline/queues';
import { createSweep } from '../../src/pipeline/sweep';
import { createLog } from '../../src/runtime/log';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
let queues: Queues;
beforeEach(async () => {
  own = await startStore(['slack']);
  queues = createQueues(own.address, createLog('silent'));
});
afterEach(async () => {
  await queues.close();
  await own.stop();
});

test('a recent delivery is not queued again; a delivery that is still pending later is queued once', async () => {
  const { store } = own;
  await store.deliveries.addNotice({ id: 'n1', text: 'Something happened' }, store.surfaces);
  let ms = 0;
  const sweep = createSweep({ store, queues, now: () => Date.now() + ms });
  const sweepAfter = (later: number) => {
    ms = later;
    return sweep();
  };
  await sweepAfter(0);
  expect(await queues.deliver.getJobCountByTypes('waiting', 'delayed', 'prioritized')).toBe(0);
  await sweepAfter(6000);
  await sweepAfter(12_000);
  const jobs = await queues.deliver.getJobs();
  expect(jobs.map(({ data }) => data)).toEqual([{ surface: 'slack', id: 'n1' }]);
});

test('each run takes the next deliveries, and begins again after the last', async () => {
  const { store } = own;
  for (let i = 0; i < 1100; i++)
    await store.deliveries.addNotice({ id: `n${String(i).padStart(4, '0')}`, text: 'x' }, store.surfaces);
  const queued: number[] = [];
  const sweep = createSweep({
    store,
    queues: { deliverAll: async (_, ids) => void queued.push(ids.length) },
    now: () => Date.now() + 60_000,
  });
  for (let run = 0; run < 4; run++) await sweep();
  expect(queued).toEqual([500, 500, 100, 500]);
});
