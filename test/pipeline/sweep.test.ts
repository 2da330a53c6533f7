import { createQueues, type Queues } from '../../src/pipeline/queues';
import { sweep } from '../../src/pipeline/sweep';
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
  const sweepAfter = (ms: number) => sweep({ store, queues, now: () => Date.now() + ms });
  await sweepAfter(0);
  expect(await queues.deliver.getJobCountByTypes('waiting', 'delayed', 'prioritized')).toBe(0);
  await sweepAfter(6000);
  await sweepAfter(12_000);
  const jobs = await queues.deliver.getJobs();
  expect(jobs.map(({ data }) => data)).toEqual([{ surface: 'slack', id: 'n1' }]);
});
