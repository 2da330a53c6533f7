import { alertOn, runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import {
  addWorkspace,
  connectionEvent,
  deviceInfo,
  processEvent,
  signInRow,
  workspaceId,
} from '../support/logs';
import { until } from '../support/wait';

let bench: Bench;
beforeEach(async () => {
  bench = await setUp({ mode: 'http' });
  bench.env.LOG_ANALYTICS_WORKSPACE_ID = workspaceId;
});
afterEach(() => bench.stop());

test('the thread gets what happened on the machine, and the message a risky sign-in', async () => {
  const add = addWorkspace(bench.tenant);
  const { world } = bench;
  const at = Date.now() - 60_000;
  add('SigninLogs', signInRow(at - 40 * 60_000, world.people.dana.id, { RiskLevelDuringSignIn: 'high' }));
  add('DeviceInfo', deviceInfo(at - 60_000, 'd1', world.vms.pay01));
  add(
    'DeviceProcessEvents',
    processEvent(at + 1000, 'd1', 901, 'bash script.sh', { pid: 900, name: 'run-command-extension' }),
    processEvent(at + 2000, 'd1', 902, 'curl https://198.51.100.7', { pid: 901, name: 'bash' }),
  );
  add(
    'DeviceNetworkEvents',
    connectionEvent(at + 3000, 'd1', { pid: 902, name: 'curl' }, { ip: '198.51.100.7', port: 443 }),
  );
  const app = await bench.start();
  await app.historyFilled();
  runOn(bench, world.vms.pay01, { at });
  const message = await alertOn(bench, 'vm-pay-01');
  await until('guest evidence in the thread', () => textOf(message).includes('Guest evidence on vm-pay-01'));
  expect(textOf(message)).toMatch(/2 by commands from Azure, 2 in all/);
  expect(textOf(message)).toMatch(/198\.51\.100\.7:443/);
  expect(JSON.stringify(message.blocks)).toContain('risky sign-in 40 min before');
});

test('a workspace that hangs delays no message, and is named on it', async () => {
  addWorkspace(bench.tenant);
  bench.tenant.faults.add({ when: /v1\/workspaces/, status: 200, play: () => {} });
  await bench.start({ AZURE_SUBSCRIPTION_IDS: bench.world.vms.pay01.split('/')[2] as string });
  const began = Date.now();
  runOn(bench, bench.world.vms.pay01, { at: began - 60_000 });
  const message = await alertOn(bench, 'vm-pay-01');
  expect(Date.now() - began).toBeLessThan(12_000);
  await until('the failure', () =>
    JSON.stringify(message.blocks).includes('sign-ins — no answer within 5 s'),
  );
}, 40_000);
