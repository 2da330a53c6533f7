// Measures time and Azure calls from the poll that finds an execution to its message, at 100 ms per call.
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
const { populateTenant, subscriptions } = require('../../dist/demo/world.js');
const { runCommand } = require('../../dist/demo/scenarios.js');
const { createLog } = require('../../dist/runtime/log.js');

const rounds = 7;
const dir = mkdtempSync(join(tmpdir(), 'runwatch-bench-'));
const slack = fork(fileURLToPath(new URL('./instant-slack.mjs', import.meta.url)));
const [{ port }] = await once(slack, 'message');
const tenant = await startTenant();
const { people, vms } = populateTenant(tenant);
const config = loadConfig({
  AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
  AZURE_ACCESS_TOKEN: tenant.token,
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
  azure: () => createAzure(config, { tlsOptions: { ca: tenant.ca }, graphEndpoint: tenant.endpoint }),
});
await app.historyFilled();
tenant.latencyMs = 100;
const seconds = [];
const calls = [];
for (let round = 0; round < rounds; round++) {
  const caller = {
    ...people.dana,
    id: `0000000${round}-0000-4000-8000-000000000000`,
    login: `user${round}@contoso.example`,
  };
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
  const seen = tenant.requests
    .slice(before)
    .filter((r) => r.path.includes('eventtypes') && r.path.includes(subscriptions.payments));
  const poll = seen.findLast((r) => r.at <= Date.now() - 100 && r.at >= logged - 100) ?? seen.at(-1);
  seconds.push((Date.now() - (poll?.at ?? logged)) / 1000);
  calls.push(tenant.requests.slice(before).filter((r) => !r.path.includes('eventtypes')).length);
}
console.log(
  `alert: ${rounds} executions, each by a different caller on a different machine, 100 ms per call`,
);
console.log(
  `  poll to message  median ${median(seconds).toFixed(2)} s, max ${Math.max(...seconds).toFixed(2)} s (target: under 2)`,
);
console.log(`  calls to Azure   ${median(calls)} per alert besides the poll, ${calls[0]} for the first`);
await app.stop();
slack.kill();
await tenant.stop();
rmSync(dir, { recursive: true, force: true });
process.exit(0);
