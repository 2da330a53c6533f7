// A large tenant in its own process: one machine per subscription, with the log over ARM and an event hub. A
// simulated Slack accepts messages immediately and measures the delay since each execution was logged.
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { loadTypescript } from './load-typescript.mjs';

const require = createRequire(import.meta.url);
const { startTenant } = require('../../dist/demo/tenant/tenant.js');
const { addMachine, assign, populateTenant, roleIds } = require('../../dist/demo/world.js');
const { runCommand } = require('../../dist/demo/scenarios.js');
const support = new URL('../../test/support/', import.meta.url);
const { startEventHub } = loadTypescript(new URL('event-hub.ts', support));
const { exported } = loadTypescript(new URL('export-shape.ts', support));

const { count, eventsPerSecond, partitions, callers, operationsPerCommand } = JSON.parse(process.argv[2]);
const tickMs = 100;
/** An operation has three events. */
const operationsATick = (eventsPerSecond * tickMs) / 3000;

const tenant = await startTenant();
populateTenant(tenant);
tenant.state.subscriptions.clear();
const hub = await startEventHub('insights-activity-logs', partitions);
const subscriptionOf = (i) => `${String(i).padStart(8, '0')}-0000-4000-8000-0000000000aa`;
const machines = Array.from({ length: count }, (_, i) => {
  tenant.state.subscriptions.set(subscriptionOf(i), `Subscription ${i}`);
  return addMachine(tenant, `vm-g${i}`, { subscription: subscriptionOf(i), resourceGroup: 'rg' });
});
const people = Array.from({ length: callers }, (_, i) =>
  tenant.directory.add({
    id: `${String(i).padStart(8, '0')}-0000-4000-8000-0000000000bb`,
    kind: 'User',
    name: `User ${i}`,
    login: `user${i}@contoso.example`,
    enabled: true,
  }),
);
for (const [i, { id }] of people.entries())
  assign(tenant, `/subscriptions/${subscriptionOf(i % count)}`, roleIds.vmContributor, id, 'User', id);

let ts = 0;
let executions = 0;
let events = 0;
let calls = 0;
const waiting = new Map();
const delays = [];
const slack = createServer((request, response) => {
  const chunks = [];
  request.on('data', (chunk) => chunks.push(chunk));
  request.on('end', () => {
    response.setHeader('content-type', 'application/json');
    response.end(`{"ok":true,"channel":"C1","ts":"${1_700_000_000 + ++ts}.000001","messages":[]}`);
    if (!request.url?.endsWith('chat.postMessage')) return;
    const machine = /vm-g\d+/.exec(Buffer.concat(chunks).toString('utf8'))?.[0];
    const shownAt = waiting.get(machine)?.shift();
    if (shownAt) delays.push(Date.now() - shownAt);
  });
});
await new Promise((done) => slack.listen(0, '127.0.0.1', done));

let operation = 0;
let owed = 0;
const other = 'Microsoft.Storage/storageAccounts/listKeys/action';
function tick() {
  const batches = Array.from({ length: partitions }, () => []);
  for (owed += operationsATick; owed >= 1; owed--) {
    operation++;
    const i = Math.floor(Math.random() * count);
    const runs = operation % operationsPerCommand === 0;
    const caller = people[Math.floor(Math.random() * callers)];
    const records = tenant.log({
      name: runs ? runCommand : other,
      resourceId: machines[i],
      caller,
      ip: '203.0.113.24',
      at: Date.now() - 2000,
      tookMs: 1000,
    });
    events += records.length;
    batches[i % partitions].push(...records);
    if (!runs) continue;
    executions++;
    waiting.set(`vm-g${i}`, [...(waiting.get(`vm-g${i}`) ?? []), Date.now()]);
  }
  batches.forEach((records, partition) => {
    if (records.length > 0) hub.append(partition, exported(records));
  });
  calls += tenant.requests.splice(0).length;
}

let timer;
process.on('message', (order) => {
  if (order === 'begin') timer = setInterval(tick, tickMs);
  if (order === 'end') clearInterval(timer);
  calls += tenant.requests.splice(0).length;
  const answer = { events, executions, calls, posted: delays.length, delays: order === 'end' ? delays : [] };
  process.send(answer);
});
process.send({
  endpoint: tenant.endpoint,
  ca: tenant.ca,
  token: tenant.token,
  hub: hub.connectionString,
  slack: slack.address().port,
});
