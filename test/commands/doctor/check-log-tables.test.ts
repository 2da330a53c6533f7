import { createAzure } from '../../../src/azure/azure';
import { evidenceTables } from '../../../src/azure/log/evidence-logs';
import { checkLogTables } from '../../../src/commands/doctor/check-log-tables';
import { logReaderActions } from '../../../src/commands/manifest';
import type { Check } from '../../../src/config/doctor-check';
import { startTenant, type Tenant } from '../../../src/demo/tenant/tenant';
import { loadConfig } from '../../../src/load-config';
import { addWorkspace, workspaceId } from '../../support/logs';

let tenant: Tenant;
let add: ReturnType<typeof addWorkspace>;
beforeEach(async () => {
  tenant = await startTenant();
  add = addWorkspace(tenant);
});
afterEach(() => tenant.stop());

const row = { TimeGenerated: new Date().toISOString() };
async function check(id = workspaceId): Promise<Check[]> {
  const azure = createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca }, logAnalyticsEndpoint: tenant.endpoint },
  );
  const found: Check[] = [];
  await checkLogTables(azure, id, (one) => void found.push(one));
  return found;
}

test('with the printed log reader role every table can be read with the queries of an alert', async () => {
  const allowed = new Set(logReaderActions());
  tenant.state.mayDo = (action) => allowed.has(action);
  for (const table of [...evidenceTables.guest, ...evidenceTables.signIns]) add(table, row);
  const checks = await check();
  expect(checks.map(({ name, ok }) => [name, ok])).toEqual([
    ['logs of machines', true],
    ['sign-in logs', true],
  ]);
  expect(checks[0]?.says).toBe(
    'read: DeviceProcessEvents, DeviceNetworkEvents, DeviceLogonEvents, SecurityEvent, Event, Syslog',
  );
});

test('tables without records are named once, and tell what is missing', async () => {
  add('DeviceProcessEvents', row);
  const checks = await check();
  expect(checks.map(({ name, ok, optional }) => [name, ok, optional])).toEqual([
    ['logs of machines', false, true],
    ['sign-in logs', false, true],
  ]);
  expect(checks[0]?.says).toBe(
    'read: DeviceProcessEvents; without DeviceInfo, Defender’s devices can’t be told apart; no records in a week: DeviceNetworkEvents, DeviceLogonEvents, SecurityEvent, Event, Syslog, DeviceInfo',
  );
  expect(checks[1]?.says).toMatch(/^none can be read; no records in a week: SigninLogs, /);
});

test('a table that the bot may not read is named with the role to assign', async () => {
  add('Syslog', row);
  add('SecurityEvent', row);
  tenant.state.mayDo = (action) => !action.endsWith('/SecurityEvent/read');
  const refused = (await check()).find(({ name }) => name === 'log table SecurityEvent');
  expect(refused).toMatchObject({ ok: false, says: expect.stringContaining('HTTP 403') });
  expect(refused?.fix).toContain('--role log-reader');
});

test('an unreadable workspace is one line with a fix', async () => {
  const [only, ...others] = await check('0f0f0f0f-9999-4222-8333-444444444444');
  expect(others).toEqual([]);
  expect(only).toMatchObject({
    name: 'log tables',
    ok: false,
    says: expect.stringContaining('insufficient access'),
  });
});
