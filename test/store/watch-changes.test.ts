import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';
import { until } from '../support/wait';

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

test('changes are reported as soon as the watch is set up', async () => {
  await own.store.ping();
  const changed: string[] = [];
  const stop = await own.store.watchChanges((id) => changed.push(id));
  const alert = newAlert('RW-1', [executionFrom(event()) as Execution], new Date().toISOString());
  await own.store.alerts.update('RW-1', () => ({ alert }), null);
  await until('the change', () => changed.includes('RW-1'), 5);
  stop();
});
