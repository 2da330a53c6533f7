import { createHmac } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { receiveCallbacks } from '../../src/callbacks/receive-callbacks';
import type { Press } from '../../src/presses/press';
import { createLog } from '../../src/runtime/log';
import { createMetrics } from '../../src/runtime/metrics';

const secret = 'a secret of the callbacks';
const now = Date.parse('2026-11-26T10:00:00Z');
const escalation = {
  callbackSecret: secret,
  webhook: {
    url: 'https://contoso.atlassian.net/rest/api/2/issue',
    ticket: 'key',
    callback: {
      secret,
      id: 'issue.key',
      status: 'issue.fields.status.name',
      at: 'timestamp',
      by: 'user.displayName',
      acknowledged: ['In Progress'],
      closed: ['Done'],
    },
  },
};
const tickets: Record<string, string> = { 'pagerduty RW-1': 'RW-1', 'webhook SEC-12': 'RW-2' };

let presses: Press[] = [];
let press: (press: Press) => Promise<unknown>;
let server: Server;
let url: string;
beforeAll(async () => {
  const app = express();
  const routers = receiveCallbacks({
    escalation,
    tickets: { alertOf: async (place, ticket) => tickets[`${place} ${ticket}`] ?? null },
    press: (each) => press(each),
    metrics: createMetrics(),
    log: createLog('silent'),
    now: () => now,
  });
  for (const router of routers) app.use(router);
  server = createServer(app);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});
afterAll(() => new Promise((done) => server.close(done)));
beforeEach(() => {
  presses = [];
  press = async (each) => presses.push(each);
});

const sign = (body: string, key = secret) => createHmac('sha256', key).update(body).digest('hex');

const event = (over: object = {}) => ({
  event: {
    id: '01DZ',
    event_type: 'incident.acknowledged',
    occurred_at: '2026-11-26T09:59:58.000Z',
    agent: { type: 'user_reference', summary: 'Dana Reyes' },
    data: { type: 'incident', incident_key: 'RW-1' },
    ...over,
  },
});

async function send(path: string, body: unknown, headers?: Record<string, string>): Promise<number> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const signature: Record<string, string> =
    path === '/callbacks/pagerduty'
      ? { 'x-pagerduty-signature': `v1=${sign(text, 'another, before a rotation')},v1=${sign(text)}` }
      : { 'x-hub-signature': `sha256=${sign(text)}` };
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    body: text,
    headers: { 'content-type': 'application/json', ...(headers ?? signature) },
  });
  expect(await response.text()).toBe('');
  return response.status;
}
const page = (body: unknown, headers?: Record<string, string>) => send('/callbacks/pagerduty', body, headers);
const issue = (over: object = {}) => ({
  timestamp: now - 1000,
  user: { displayName: 'Lee Chan' },
  issue: { key: 'SEC-12', fields: { status: { name: 'Done' } } },
  ...over,
});

test('a signed event becomes a press of the system, named after the person', async () => {
  expect(await page(event())).toBe(202);
  expect(presses).toEqual([
    {
      alertId: 'RW-1',
      action: 'follow_ticket',
      by: { surface: 'ticket', id: 'pagerduty', name: 'Dana Reyes (PagerDuty)' },
      input: { ticket: 'RW-1', state: 'acknowledged', at: '2026-11-26T09:59:58.000Z', person: 'Dana Reyes' },
      nonce: 'pagerduty 01DZ',
    },
  ]);
});

test('a ticket system is read by the configured paths', async () => {
  expect(await send('/callbacks/ticket', issue())).toBe(202);
  expect(presses[0]).toMatchObject({
    alertId: 'RW-2',
    by: { id: 'webhook', name: 'Lee Chan (contoso.atlassian.net)' },
    input: { ticket: 'SEC-12', state: 'closed', status: 'Done', at: '2026-11-26T09:59:59.000Z' },
  });
  await send('/callbacks/ticket', issue());
  expect(presses[1]?.nonce).toBe(presses[0]?.nonce);
  await send('/callbacks/ticket', issue({ timestamp: now }));
  expect(presses[2]?.nonce).not.toBe(presses[0]?.nonce);
});

test.each<[string, Record<string, string>]>([
  ['no signature', {}],
  ['an empty one', { 'x-pagerduty-signature': '' }],
  ['another secret', { 'x-pagerduty-signature': `v1=${sign(JSON.stringify(event()), 'wrong')}` }],
  ['another scheme', { 'x-pagerduty-signature': `v2=${sign(JSON.stringify(event()))}` }],
  ['no scheme', { 'x-pagerduty-signature': sign(JSON.stringify(event())) }],
  ['a part of it', { 'x-pagerduty-signature': `v1=${sign(JSON.stringify(event())).slice(0, 40)}` }],
  ['another header', { 'x-hub-signature': `sha256=${sign(JSON.stringify(event()))}` }],
  [
    'too many signatures',
    { 'x-pagerduty-signature': `${'v1=00,'.repeat(5)}v1=${sign(JSON.stringify(event()))}` },
  ],
])('%s is refused', async (_, headers) => {
  expect(await page(event(), headers)).toBe(401);
  expect(presses).toEqual([]);
});

test('a signature may be in base64', async () => {
  const text = JSON.stringify(issue());
  const signature = createHmac('sha256', secret).update(text).digest('base64');
  expect(await send('/callbacks/ticket', text, { 'x-hub-signature': `sha256=${signature}` })).toBe(202);
});

test('the signature is of the bytes, not of what they mean', async () => {
  const text = JSON.stringify(event());
  expect(await page(`${text} `, { 'x-pagerduty-signature': `v1=${sign(text)}` })).toBe(401);
});

test.each<[string, unknown, number]>([
  [
    'a test event',
    { event: { ...event().event, event_type: 'pagey.ping', data: { message: 'hello' } } },
    202,
  ],
  ['an event about something else', event({ event_type: 'incident.annotated' }), 202],
  ['a name of the prototype', event({ event_type: 'constructor' }), 202],
  ['an incident that we did not open', event({ data: { incident_key: 'RW-9' } }), 202],
  ['what is not JSON', 'hello', 400],
  ['no event', {}, 400],
  ['an event of the day before yesterday', event({ occurred_at: '2026-11-24T10:00:00Z' }), 400],
  ['an event of tomorrow', event({ occurred_at: '2026-11-27T10:00:00Z' }), 400],
])('%s does nothing', async (_, body, status) => {
  expect(await page(body)).toBe(status);
  expect(presses).toEqual([]);
});

test.each([
  ['no time', issue({ timestamp: undefined }), 400],
  ['a time without its zone', issue({ timestamp: '2026-11-26 10:00:00' }), 400],
  ['a path as its key', issue({ issue: { key: '../..', fields: { status: { name: 'Done' } } } }), 202],
  ['no status', issue({ issue: { key: 'SEC-12' } }), 202],
])('a ticket with %s does nothing', async (_, body, status) => {
  expect(await send('/callbacks/ticket', body)).toBe(status);
  expect(presses).toEqual([]);
});

test('a large body is refused', async () => {
  const text = JSON.stringify({ pad: 'x'.repeat(300_000) });
  const response = await fetch(`${url}/callbacks/ticket`, {
    method: 'POST',
    body: text,
    headers: { 'x-hub-signature': `sha256=${sign(text)}` },
  });
  expect(response.status).toBe(413);
});

test('while it can’t be stored, the sender has to try again', async () => {
  press = async () => {
    throw new Error('down');
  };
  expect(await page(event())).toBe(503);
});

test('nothing is served that is not configured', () => {
  const deps = {
    tickets: { alertOf: async () => null },
    press,
    metrics: createMetrics(),
    log: createLog('silent'),
  };
  const of = (configured: Parameters<typeof receiveCallbacks>[0]['escalation']) =>
    receiveCallbacks({ ...deps, escalation: configured, now: () => now }).length;
  expect(of({})).toBe(0);
  expect(of({ callbackSecret: secret })).toBe(1);
  expect(of({ webhook: { url: escalation.webhook.url } })).toBe(0);
});
