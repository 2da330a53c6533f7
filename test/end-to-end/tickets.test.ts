import { createHmac } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { subscriptions } from '../../src/demo/world';
import { createStore } from '../../src/store/store';
import { alertOn, runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import type { PostedMessage } from '../support/slack';
import { until } from '../support/wait';

const secret = 'a secret of the callbacks';

/** PagerDuty, and a ticket system like Jira. */
const received: { path: string; body: Record<string, unknown> }[] = [];
/** How each answers now; default: 2xx at once. */
let pagerDutyAnswers: (response: ServerResponse) => void = (response) => response.writeHead(202).end('{}');
let held: (() => void)[] | null = null;
const outside = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    const path = request.url ?? '';
    received.push({ path, body: JSON.parse(body) });
    if (path === '/v2/enqueue') return pagerDutyAnswers(response);
    const answer = () => response.writeHead(200).end(JSON.stringify({ id: '10012', key: 'SEC-12' }));
    if (held) held.push(answer);
    else answer();
  });
});
const pages = () =>
  received.filter(({ path }) => path === '/v2/enqueue').map(({ body }) => body.event_action as string);
const transitions = () =>
  received
    .filter(({ path }) => path === '/rest/api/2/issue/SEC-12/transitions')
    .map(({ body }) => (body.transition as { id: string }).id);

let bench: Bench;
let to: { url: string };
let message: PostedMessage;
let alertId: string;
let restart: () => Promise<void>;

beforeAll(async () => {
  await new Promise<void>((done) => outside.listen(0, '127.0.0.1', done));
  const { port } = outside.address() as AddressInfo;
  bench = await setUp({ mode: 'http' });
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(
    file,
    `escalation:
  routingKey: key
  url: http://127.0.0.1:${port}/v2/enqueue
  callbackSecret: ${secret}
  sentinel: /subscriptions/${subscriptions.payments}/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/soc
  webhook:
    url: http://127.0.0.1:${port}/rest/api/2/issue
    ticket: key
    callback:
      secret: ${secret}
      id: issue.key
      status: issue.fields.status.name
      at: timestamp
      by: user.displayName
      acknowledged: [In Progress]
      closed: [Done]
    update:
      url: http://127.0.0.1:${port}/rest/api/2/issue/{{ticket}}/transitions
      body: {transition: {id: "{{state}}"}}
      states: {acknowledged: "21", closed: "31"}
`,
  );
  let app = await bench.start({ RUNWATCH_CONFIG: file, RUNWATCH_RESPONDERS: 'U0SAM0000' });
  to = { url: app.url as string };
  restart = async () => {
    await app.stop();
    app = await bench.start({ RUNWATCH_CONFIG: file, RUNWATCH_RESPONDERS: 'U0SAM0000' });
    to = { url: app.url as string };
  };
  runOn(bench, bench.world.vms.pay01);
  message = await alertOn(bench, 'vm-pay-01');
  alertId = message.metadata?.event_payload.alert_id as string;
});
afterAll(async () => {
  await bench.stop();
  outside.closeAllConnections();
  await new Promise((done) => outside.close(done));
});

const shows = (what: RegExp) => until(`${what}`, () => what.test(textOf(message)));
const press = (action: string) => bench.slack.press(message, action, 'U0SAM0000', to);
const sentinel = () =>
  bench.tenant.resources.all().find(({ id }) => /SecurityInsights\/incidents/.test(id))?.properties;

async function deliver(path: string, header: string, body: string, key = secret): Promise<number> {
  const signature = createHmac('sha256', key).update(body).digest('hex');
  const scheme = path === '/callbacks/pagerduty' ? 'v1' : 'sha256';
  const response = await fetch(`${to.url}${path}`, {
    method: 'POST',
    body,
    headers: { 'content-type': 'application/json', [header]: `${scheme}=${signature}` },
  });
  return response.status;
}

function pagerDutySays(type: string, over: object = {}): string {
  return JSON.stringify({
    event: {
      id: `event ${type}`,
      event_type: `incident.${type}`,
      occurred_at: new Date().toISOString(),
      agent: { type: 'user_reference', summary: 'Dana Reyes' },
      data: { type: 'incident', incident_key: alertId, ...over },
    },
  });
}
const fromPagerDuty = (body: string, key?: string) =>
  deliver('/callbacks/pagerduty', 'x-pagerduty-signature', body, key);
const fromJira = (status: string) =>
  deliver(
    '/callbacks/ticket',
    'x-hub-signature',
    JSON.stringify({
      timestamp: Date.now(),
      user: { displayName: 'Lee Chan' },
      issue: { key: 'SEC-12', fields: { status: { name: status } } },
    }),
  );

async function audited(): Promise<string[]> {
  const store = createStore(bench.redis.address, []);
  const entries = await store.audit.after('0-0', 1000);
  await store.close();
  return entries
    .filter(({ entry }) => entry.by.surface === 'ticket')
    .map(({ entry }) => `${entry.by.name} ${entry.action} ${entry.result}`);
}

test('each side follows the other, and nothing is sent back', async () => {
  await press('escalate');
  await shows(/Escalated by \*Sam Ortiz\*.*PagerDuty.*Microsoft Sentinel/);

  const acknowledged = pagerDutySays('acknowledged');
  expect(await fromPagerDuty(acknowledged, 'a secret that someone guessed')).toBe(401);
  expect(await fromPagerDuty(pagerDutySays('resolved', { incident_key: 'RW-OTHER' }))).toBe(202);
  expect(await fromPagerDuty(acknowledged)).toBe(202);
  await shows(/Acknowledged by \*Dana Reyes \(PagerDuty\)\*/);
  await shows(/PagerDuty: acknowledged by Dana Reyes/);
  await until(
    'the ticket and Sentinel',
    () => transitions().join() === '21' && sentinel()?.status === 'Active',
  );
  expect(pages()).toEqual(['trigger']);

  expect(await fromJira('Done')).toBe(202);
  await shows(/Closed as handled in a ticket by \*Lee Chan \(127\.0\.0\.1\)\*.*SEC-12: Done/);
  await until('resolved in PagerDuty', () => pages().join() === 'trigger,resolve');
  await until('closed in Sentinel', () => sentinel()?.status === 'Closed');
  expect(sentinel()).toMatchObject({
    classification: 'Undetermined',
    title: expect.stringContaining('vm-pay-01'),
  });
  expect(transitions()).toEqual(['21']);

  expect(await fromPagerDuty(acknowledged)).toBe(202);
  expect(await fromJira('In Progress')).toBe(202);
  await shows(/Reopened by \*Lee Chan \(127\.0\.0\.1\)\*/);
  await until('a new page', () => pages().join() === 'trigger,resolve,trigger,acknowledge');
  expect(await audited()).toEqual([
    'Dana Reyes (PagerDuty) acknowledge done',
    'Lee Chan (127.0.0.1) close done',
    'Lee Chan (127.0.0.1) reopen done',
  ]);
  const page = await (await fetch(`${to.url}/console/alerts/${alertId}`)).text();
  expect(page).toMatch(/127\.0\.0\.1<\/strong>: acknowledged by Lee Chan/);
});

test('a place that is down is told later, also by the next process, and delays no other', async () => {
  pagerDutyAnswers = (response) => response.writeHead(503).end('later');
  held = [];
  const { slack } = bench;
  const views = slack.views.length;
  await press('close');
  const form = await until('the dialog', () => slack.views[views]);
  await slack.submit(form, 'U0SAM0000', to, { as: 'true positive' });
  await shows(/PagerDuty.* · .*not told.*: answered 503, retrying/);
  await until('the slow ticket', () => held?.length === 1);
  await until('closed in Sentinel', () => sentinel()?.classification === 'TruePositive');
  for (const answer of held ?? []) answer();
  held = null;
  await restart();
  pagerDutyAnswers = (response) => response.writeHead(202).end('{}');
  await until('told', async () => {
    const page = await (await fetch(`${to.url}/console/alerts/${alertId}`)).text();
    return /PagerDuty<\/strong>: closed/.test(page) && !page.includes('answered 503');
  });
  expect(pages().at(-1)).toBe('resolve');
  expect(transitions().at(-1)).toBe('31');
});
