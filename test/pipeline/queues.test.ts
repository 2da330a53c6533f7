import { createQueues } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { startStore } from '../support/store';

test('a worker cannot start after the queues were closed, because nobody would stop it', async () => {
  const own = await startStore(['slack']);
  const queues = createQueues(own.address, createLog('silent'));
  await queues.close();
  expect(() => queues.work('sweep', async () => {})).toThrow('the queue sweep is closed');
  await own.stop();
});
