// Measures what a Log Analytics workspace costs per alert: queries, bytes, seconds, and delay of the message, at 100 ms per call.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { median } from './measure.mjs';

const require = createRequire(import.meta.url);
const { startApp } = require('../../dist/app.js');
const { createAzure } = require('../../dist/azure/azure.js');
const { allRoles } = require('../../dist/config/config.js');
const { loadConfig } = require('../../dist/load-config.js');
const { startTenant } = require('../../dist/demo/tenant/tenant.js');
const { populateTenant } = require('../../dist/demo/world.js');
const { runCommand } = require('../../dist/demo/scenarios.js');
const { createLog } = require('../../dist/runtime/log.js');
const { createStore } = require('../../dist/store/store.js');
const { startEmbeddedRedis } = require('../../dist/store/redis/embedded-redis.js');

const rounds = 7;
const workspaceId = '0f0f0f0f-1111-4222-8333-444444444444';
const dir = mkdtempSync(join(tmpdir(), 'runwatch-bench-'));
const redis = await startEmbeddedRedis(dir);
const slack = fork(fileURLToPath(new URL('./instant-slack.mjs', import.meta.url)));
const [{ port }] = await once(slack, 'message');
const tenant = await startTenant();
const { people, vms } = populateTenant(tenant);

const callerOf = (round) => ({
  ...people.dana,
  id: `0000000${round}-0000-4000-8000-000000000000`,
  login: `user${round}@contoso.example`,
});
tenant.state.workspaces.set(workspaceId, {
  since: 0,
  mostRows: 500_000,
  tables: tablesOf(Date.now() - 60_000),
});

/** A busy machine and a person with many sign-ins, per round. */
function tablesOf(at) {
  const tables = new Map();
  const add = (table, count, row) => {
    const rows = tables.get(table) ?? [];
    for (let i = 0; i < count; i++)
      rows.push({ TimeGenerated: new Date(at + ((i * 1000) % 50_000)).toISOString(), ...row(i) });
    tables.set(table, rows);
  };
  for (let round = 0; round < rounds; round++) {
    const DeviceId = `device-${round}`;
    const _ResourceId = vms.web[round].toLowerCase();
    const UserId = callerOf(round).id;
    add('DeviceInfo', 1, () => ({ DeviceId, AzureResourceId: vms.web[round] }));
    add('DeviceProcessEvents', 400, (i) => ({
      DeviceId,
      ActionType: 'ProcessCreated',
      ProcessId: i + 2,
      FileName: 'bash',
      ProcessCommandLine: `bash -c "${'run '.repeat(40)}${i}"`,
      InitiatingProcessId: i % 3 === 0 ? 1 : i,
      InitiatingProcessFileName: i % 3 === 0 ? 'run-command-extension' : 'bash',
    }));
    add('DeviceNetworkEvents', 100, (i) => ({
      DeviceId,
      ActionType: 'ConnectionSuccess',
      RemoteIP: `198.51.100.${i}`,
      RemotePort: 443,
      InitiatingProcessId: i,
      InitiatingProcessFileName: 'curl',
    }));
    add('DeviceLogonEvents', 10, () => ({
      DeviceId,
      ActionType: 'LogonSuccess',
      LogonType: 'Network',
      AccountName: 'root',
    }));
    add('Syslog', 50, (i) => ({
      _ResourceId,
      ProcessName: 'sshd',
      SyslogMessage: `Accepted publickey for root from 203.0.113.${i} port 5 ssh2`,
    }));
    for (const [table, count] of [
      ['SigninLogs', 10],
      ['AADNonInteractiveUserSignInLogs', 100],
    ])
      add(table, count, (i) => ({
        TimeGenerated: new Date(at - (i + 1) * 120_000).toISOString(),
        UserId,
        AppDisplayName: 'Azure Portal',
        IPAddress: '203.0.113.24',
        ResultType: '0',
        RiskLevelDuringSignIn: 'none',
      }));
    add('AuditLogs', 2, () => ({
      TimeGenerated: new Date(at - 3_600_000).toISOString(),
      OperationName: 'Reset user password',
      Result: 'success',
      TargetResources: [{ id: UserId }],
    }));
  }
  return tables;
}

const config = loadConfig({
  AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
  AZURE_ACCESS_TOKEN: tenant.token,
  LOG_ANALYTICS_WORKSPACE_ID: workspaceId,
  RUNWATCH_DATA_DIR: dir,
  RUNWATCH_PORT: '0',
  RUNWATCH_POLL_SECONDS: '1',
  SLACK_BOT_TOKEN: 'xoxb-bench',
  SLACK_CHANNEL: 'C1',
  SLACK_SIGNING_SECRET: 'bench',
  SLACK_API_URL: `http://127.0.0.1:${port}/api/`,
  RUNWATCH_SLACK_RATE: '1000',
});
const app = await startApp({
  config,
  roles: allRoles,
  log: createLog('warn'),
  backfillDelayMs: 0,
  azure: () =>
    createAzure(config, {
      tlsOptions: { ca: tenant.ca },
      graphEndpoint: tenant.endpoint,
      logAnalyticsEndpoint: tenant.endpoint,
    }),
});
const store = createStore(redis.address, []);
await app.historyFilled();
tenant.latencyMs = 100;

async function readAlert(id) {
  for (;;) {
    const found = (await store.alerts.list({ limit: 50 })).find(({ executions }) =>
      executions.some(({ caller }) => caller.id === id),
    );
    if (found?.facts.guest && found.facts.signIns) return found;
    await new Promise((done) => setTimeout(done, 10));
  }
}

const rows = [];
for (let round = 0; round < rounds; round++) {
  const caller = callerOf(round);
  const before = tenant.requests.length;
  slack.send(1);
  tenant.log({
    name: runCommand,
    resourceId: vms.web[round],
    caller,
    ip: '203.0.113.24',
    at: Date.now() - 60_000,
    tookMs: 1000,
  });
  const logged = Date.now();
  await once(slack, 'message');
  const posted = Date.now();
  const alert = await readAlert(caller.id);
  const queries = tenant.requests.slice(before).filter((r) => r.path.startsWith('/v1/workspaces/'));
  const poll = tenant.requests
    .slice(before)
    .findLast((r) => r.path.includes('eventtypes') && r.at <= posted - 100 && r.at >= logged - 100);
  rows.push({
    queries: queries.length,
    bytes: queries.reduce((sum, { bytes }) => sum + bytes, 0),
    message: (posted - (poll?.at ?? logged)) / 1000,
    guest: (Date.parse(Object.values(alert.facts.guest)[0].readAt) - posted) / 1000,
    stored: JSON.stringify(alert.facts.guest).length + JSON.stringify(alert.facts.signIns).length,
    all: (Date.now() - posted) / 1000,
  });
}
const of = (field) => median(rows.map((row) => row[field]));
console.log(
  `evidence: ${rounds} executions with a workspace, each by a different person on a different busy machine, 100 ms per call`,
);
console.log(`  queries per reading    ${of('queries')}, ${rows[0].queries} for the first`);
console.log(`  bytes per reading      ${(of('bytes') / 1024).toFixed(0)} KB`);
console.log(`  stored with the alert  ${(of('stored') / 1024).toFixed(0)} KB`);
console.log(
  `  poll to message        median ${of('message').toFixed(2)} s, max ${Math.max(...rows.map(({ message }) => message)).toFixed(2)} s`,
);
console.log(
  `  message to evidence    median ${of('all').toFixed(2)} s, max ${Math.max(...rows.map(({ all }) => all)).toFixed(2)} s`,
);
await app.stop();
await store.close();
await redis.stop();
slack.kill();
await tenant.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(0);
