import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { runOn } from '../support/alerts';
import { type ApiClient, createApiClient } from '../support/api-client';
import { type Bench, setUp } from '../support/bot';
import { followEvents } from '../support/event-stream';
import { freePort } from '../support/free-port';
import { clientId, clientSecret, soarId, startIssuer, type TestIssuer } from '../support/issuer';
import { until } from '../support/wait';
import { createWebClient } from '../support/web-client';

const consoleToken = 'a console token that nobody guesses';

let bench: Bench;
let issuer: TestIssuer;
let directory: string;
let url: string;
/** By a token for reading and acting. */
let sam: ApiClient;
let soar: ApiClient;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  issuer = await startIssuer(url, await freePort(), 'localhost');
  for (const [login, name] of [
    ['sam', 'Sam Ito'],
    ['lee', 'Lee Okafor'],
    ['eve', 'Eve Moss'],
  ] as const)
    issuer.people.set(login, { name });
  directory = mkdtempSync(join(tmpdir(), 'runwatch-api-'));
  const file = join(directory, 'runwatch.yaml');
  writeFileSync(
    file,
    `responders:\n  - {who: ["${issuer.url}#sam", "${issuer.url}#lee", ${soarId}], may: all}\nfourEyes: [isolate]\n`,
  );
  await bench.start({
    RUNWATCH_SECRET: 'one secret for all of these processes, long enough',
    RUNWATCH_PORT: String(port),
    RUNWATCH_PUBLIC_URL: url,
    RUNWATCH_RESPONDERS: '',
    RUNWATCH_CONFIG: file,
    RUNWATCH_CONSOLE_TOKEN: consoleToken,
    RUNWATCH_OIDC_ISSUER: issuer.url,
    RUNWATCH_OIDC_CLIENT_ID: clientId,
    RUNWATCH_OIDC_CLIENT_SECRET: clientSecret,
  });
  const both = 'Alerts.Read Alerts.Act';
  sam = createApiClient(url, (await issuer.tokensOf('sam', both)).accessToken);
  soar = createApiClient(url, await issuer.applicationToken(both));
});
afterAll(async () => {
  await issuer?.stop();
  await bench?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Asks until there is an answer, within the limit of requests. */
const answered = <T>(what: string, ask: () => Promise<T>) =>
  until(what, async () => (await ask()) || new Promise<null>((done) => setTimeout(done, 100, null)));

/** Waits until a press is no longer pending. */
const settled = (client: ApiClient, id: string) =>
  answered(`press ${id}`, async () => {
    const press = await client.call('getPress', { params: { id } });
    return press.state === 'pending' ? null : press;
  });

async function act(client: ApiClient, id: string, action: string, input: Record<string, unknown> = {}) {
  const press = await client.call('doAction', { params: { id, action }, body: { input } });
  return settled(client, press.id);
}

const alertOn = (client: ApiClient, machine: string) =>
  answered(`an alert on ${machine}`, async () =>
    (await client.call('listAlerts', { query: { q: machine } })).items.find(
      ({ verdict }) => verdict === 'alert',
    ),
  );

/** A person approves in the console, as its button does. */
async function approveInConsole(login: string, alertId: string, approvalId: string): Promise<void> {
  const web = createWebClient();
  const page = `${url}/console/alerts/${alertId}`;
  const start = `${url}/console/sign-in?next=/console/alerts/${alertId}`;
  await web.signIn(start, login, new RegExp(`^${page}$`));
  const csrf = /name="csrf" value="([^"]+)"/.exec(await (await web.request(page)).text())?.[1] ?? '';
  const answer = await web.request(`${page}/approve`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ csrf, approvalId, nonce: '' }).toString(),
  });
  expect(answer.status).toBe(303);
  // The console's cookies open no API.
  expect((await web.request(`${url}/api/v1/alerts`)).status).toBe(401);
}

test('a whole triage through the API alone', async () => {
  const events = await followEvents(`${url}/api/v1/changes`, sam.token);
  runOn(bench, bench.world.vms.pay01);
  const { id } = await alertOn(sam, 'vm-pay-01');
  const params = { id };
  expect(await sam.call('getAlert', { params })).toMatchObject({
    id,
    state: 'new',
    executionCount: 1,
    executions: [{ target: { name: 'vm-pay-01' }, technique: 'run-command', denied: false }],
    measures: [],
    link: `${url}/console/alerts/${id}`,
  });
  expect((await sam.call('listExecutions', { params })).items).toHaveLength(1);
  const { items: offers } = await sam.call('listActions', { params });
  expect(offers.find(({ action }) => action === 'isolate')).toMatchObject({
    needsApproval: true,
    hasDryRun: true,
    isAllowed: true,
    why: null,
  });
  expect(offers.find(({ action }) => action === 'close')?.input).toMatchObject({
    properties: { as: { enum: ['benign', 'expected', 'true positive'] } },
  });

  // Acknowledged once, whatever is repeated.
  const first = { params: { ...params, action: 'acknowledge' }, key: 'one' };
  const { answer: press, headers } = await sam.send('doAction', first);
  expect(headers.get('location')).toBe(`/api/v1/presses/${press.id}`);
  expect(headers.get('ratelimit')).toMatch(/r=\d+;t=\d+/);
  expect(await settled(sam, press.id)).toMatchObject({ state: 'done', alertId: id });
  expect((await sam.call('doAction', first)).id).toBe(press.id);
  expect(await sam.problem('doAction', { params: { ...params, action: 'close' }, key: 'one' })).toMatchObject(
    {
      type: 'urn:runwatch:problem:key-reused',
      status: 422,
    },
  );
  expect(await sam.problem('doAction', { params: { ...params, action: 'acknowledge' } })).toMatchObject({
    status: 409,
  });

  const added = await sam.call('addException', {
    body: {
      match: { caller: 'patch-bot@contoso.example', target: 'vm-pay-01', technique: 'run-command' },
      reason: 'Monthly patching',
      owner: 'dana.reyes@contoso.example',
      expires: new Date(Date.now() + 7 * 86_400_000).toISOString(),
    },
  });
  const exceptionId = (await settled(sam, added.id)).exceptionId ?? '';
  expect(await sam.call('getException', { params: { id: exceptionId } })).toMatchObject({
    isActive: true,
    reason: 'Monthly patching',
    suppressed: 0,
  });
  expect((await sam.call('listExceptions', {})).items.map((one) => one.id)).toEqual([exceptionId]);

  // A dry run changes nothing; another person approves what then changes.
  const isolate = { params: { ...params, action: 'isolate' } };
  const { steps, needsApproval } = await sam.call('dryRunAction', isolate);
  expect([steps?.some((step) => /attach/.test(step)), needsApproval]).toEqual([true, true]);
  expect((await sam.call('listMeasures', {})).items).toEqual([]);
  const asked = await act(sam, id, 'isolate');
  expect(asked).toMatchObject({ state: 'asked', approval: { state: 'asked', needed: 1 } });
  const approvalId = asked.approval?.id ?? '';
  expect((await sam.call('listApprovals', {})).items).toMatchObject([{ id: approvalId, alertId: id }]);
  for (const client of [sam, soar])
    expect(await client.problem('doAction', { params: { ...params, action: 'approve' } })).toMatchObject({
      type: 'urn:runwatch:problem:needs-person',
      status: 403,
    });
  // The same request of somebody else would approve it, if a token could.
  const lee = createApiClient(url, (await issuer.tokensOf('lee', 'Alerts.Read Alerts.Act')).accessToken);
  for (const client of [lee, soar])
    expect(await act(client, id, 'isolate')).toMatchObject({
      state: 'refused',
      text: expect.stringMatching(/Only a person who is signed in/),
    });
  await approveInConsole('lee', id, approvalId);
  const done = await answered('the isolation', async () => {
    const now = await sam.call('getPress', { params: { id: asked.id } });
    return now.state === 'done' ? now : null;
  });
  expect(done.approval).toMatchObject({ state: 'carried out', approvals: [{ by: { name: 'Lee Okafor' } }] });
  const [measure] = (await sam.call('listMeasures', {})).items;
  expect(measure).toMatchObject({ kind: 'isolation', name: 'vm-pay-01', state: 'in force', alerts: [id] });
  expect((await sam.call('getAlert', { params })).state).toBe('contained');

  expect(await act(sam, id, 'release')).toMatchObject({ state: 'done' });
  expect(await sam.call('getMeasure', { params: { id: measure?.id ?? '' } })).toMatchObject({
    state: 'undone',
  });
  const ended = await sam.call('expireException', { params: { id: exceptionId } });
  expect(await settled(sam, ended.id)).toMatchObject({ state: 'done' });
  expect(await act(sam, id, 'close', { as: 'benign', note: 'Planned work' })).toMatchObject({
    state: 'done',
  });
  const closed = await sam.call('getAlert', { params });
  expect(closed).toMatchObject({ state: 'closed', closedAs: 'benign' });
  expect(closed.timeline.map(({ text }) => text).join('\n')).toMatch(/closed as benign · Planned work/);

  // Everything is in the audit log, page by page.
  const log: { action: string; by: { application: string | null }; result: string }[] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await sam.call('listAudit', { query: { limit: 4, ...(cursor ? { cursor } : {}) } });
    log.push(...page.items);
    if (!page.next) break;
    cursor = page.next;
  }
  const mine = log.filter(({ by }) => by.application === 'responder-tool').reverse();
  expect(mine.map(({ action, result }) => `${action} ${result}`)).toEqual(
    expect.arrayContaining([
      'acknowledge done',
      'create_exception done',
      'isolate asked',
      'isolate done',
      'release done',
      'remove_exception done',
      'close done',
    ]),
  );
  expect((await sam.call('listAudit', { query: { action: 'close', alert: id } })).items).toHaveLength(1);

  await until('the changes', () => events.seen.some(({ data }) => data.kind === 'alert.closed'));
  const kinds = new Set(events.seen.map(({ data }) => data.kind));
  expect([...kinds]).toEqual(
    expect.arrayContaining([
      'alert.raised',
      'alert.changed',
      'measure.changed',
      'approval.changed',
      'exception.changed',
    ]),
  );
  events.stop();
  const third = events.seen[2]?.id ?? '';
  const again = await followEvents(`${url}/api/v1/changes`, sam.token, { 'last-event-id': third });
  await until('the rest', () => again.seen.length >= events.seen.length - 3);
  expect(again.seen[0]?.id).toBe(events.seen[3]?.id);
  again.stop();
});

test('the examples of the documentation work', async () => {
  runOn(bench, bench.world.vms.test01);
  const { id } = await alertOn(sam, 'vm-test-01');
  const page = readFileSync(join(__dirname, '../../docs/api.md'), 'utf8');
  const [examples = ''] = [...page.matchAll(/^```sh\n(.*?)^```/gms)]
    .map(([, block]) => block)
    .filter((block) => block?.includes('curl'));
  const { stdout } = await promisify(execFile)('bash', ['-euo', 'pipefail', '-c', examples], {
    env: { PATH: process.env.PATH, RUNWATCH: url, TOKEN: sam.token, ALERT: id },
  });
  expect(stdout).toContain('"action":"isolate"');
  await answered('acknowledged', async () => {
    const { state } = await sam.call('getAlert', { params: { id } });
    return state === 'acknowledged';
  });
});

test('an application acts if it is named, and two people approve what it asks for', async () => {
  runOn(bench, bench.world.vms.pay02);
  const { id } = await alertOn(soar, 'vm-pay-02');
  expect(await act(soar, id, 'acknowledge')).toMatchObject({ state: 'done' });
  expect(await act(soar, id, 'isolate')).toMatchObject({ state: 'asked', approval: { needed: 2 } });
  const { items } = await soar.call('listAudit', { query: { alert: id, action: 'acknowledge' } });
  expect(items).toMatchObject([{ by: { surface: 'api', id: soarId } }]);
  // Only who requested it learns what became of it.
  const own = await soar.call('doAction', { params: { id, action: 'investigate' } });
  expect(await sam.problem('getPress', { params: { id: own.id } })).toMatchObject({ status: 404 });
});

test('the console token reads, and acts only if it is a responder', async () => {
  const client = createApiClient(url, consoleToken);
  const { id } = await alertOn(client, 'vm-pay-02');
  expect(await act(client, id, 'close', { as: 'benign' })).toMatchObject({
    state: 'refused',
    text: expect.stringMatching(/not among the responders/),
  });
  const { items } = await client.call('listActions', { params: { id } });
  expect(items.find(({ action }) => action === 'close')).toMatchObject({ isAllowed: false });
  expect((await client.call('getHealth', {})).subscriptions.length).toBeGreaterThan(0);
});

test('who may not read is told why, and a token without a scope which one it lacks', async () => {
  const eve = createApiClient(url, (await issuer.tokensOf('eve', 'Alerts.Read Alerts.Act')).accessToken);
  expect(await eve.problem('listAlerts', {})).toMatchObject({ type: 'urn:runwatch:problem:not-allowed' });
  const reader = createApiClient(url, (await issuer.tokensOf('sam', 'Alerts.Read')).accessToken);
  const { id } = await alertOn(reader, 'vm-pay-02');
  expect(await reader.problem('doAction', { params: { id, action: 'acknowledge' } })).toMatchObject({
    status: 403,
    scope: 'Alerts.Act',
  });
});

describe('requests that are refused', () => {
  const ask = (path: string, init: RequestInit = {}) =>
    fetch(`${url}/api/v1${path}`, {
      ...init,
      headers: { authorization: `Bearer ${sam.token}`, ...(init.headers ?? {}) },
    });
  const json = { 'content-type': 'application/json', 'idempotency-key': 'k' };
  const post = (body: string, headers: Record<string, string> = json): RequestInit => ({
    method: 'POST',
    body,
    headers,
  });
  test.each<[string, string, RequestInit, number, string]>([
    ['without a token', '/alerts', { headers: { authorization: '' } }, 401, 'invalid-token'],
    ['with a wrong token', '/alerts', { headers: { authorization: 'Bearer x' } }, 401, 'invalid-token'],
    [
      'for the document without a token',
      '/openapi.json',
      { headers: { authorization: '' } },
      401,
      'invalid-token',
    ],
    ['with an unknown parameter', '/alerts?severty=high', {}, 400, 'invalid-request'],
    ['with a token in the address', '/alerts?access_token=x', {}, 400, 'invalid-request'],
    ['with a parameter given twice', '/alerts?limit=1&limit=2', {}, 400, 'invalid-request'],
    ['for too much', '/alerts?limit=101', {}, 400, 'invalid-request'],
    ['with a cursor of its own', '/alerts?cursor=abc', {}, 400, 'invalid-cursor'],
    ['for an unknown alert', '/alerts/RW-NONE', {}, 404, 'not-found'],
    ['for an unknown path', '/nothing', {}, 404, 'not-found'],
    ['for a path of the file system', '/alerts/..%2f..%2fetc', {}, 404, 'not-found'],
    ['by a wrong method', '/alerts', { method: 'DELETE' }, 405, 'wrong-method'],
    [
      'without a key',
      '/exceptions',
      post('{}', { 'content-type': 'application/json' }),
      400,
      'invalid-request',
    ],
    [
      'with a form',
      '/exceptions',
      post('a=1', { ...json, 'content-type': 'application/x-www-form-urlencoded' }),
      415,
      'wrong-type',
    ],
    ['with broken JSON', '/exceptions', post('{'), 400, 'invalid-request'],
    [
      'with a large body',
      '/exceptions',
      post(JSON.stringify({ reason: 'x'.repeat(70_000) })),
      413,
      'too-large',
    ],
    [
      'with a compressed body',
      '/exceptions',
      post('x', { ...json, 'content-encoding': 'gzip' }),
      415,
      'wrong-type',
    ],
    ['with an incomplete exception', '/exceptions', post('{"reason":"x"}'), 422, 'invalid-input'],
    ['for unknown changes', '/changes?after=x', {}, 400, 'invalid-request'],
  ])('%s', async (_, path, init, status, kind) => {
    const answer = await ask(path, init);
    expect(await answer.json()).toMatchObject({ type: `urn:runwatch:problem:${kind}`, status });
    expect(answer.status).toBe(status);
    const headers = Object.fromEntries(answer.headers);
    expect(headers).toMatchObject({
      'content-type': expect.stringMatching(/^application\/problem\+json/),
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
      'content-security-policy': expect.stringContaining("default-src 'none'"),
    });
    expect(Object.keys(headers).filter((name) => /^access-control|^set-cookie/.test(name))).toEqual([]);
    if (status === 401) expect(headers['www-authenticate']).toMatch(/^Bearer/);
    if (status === 405) expect(headers.allow).toBe('GET');
  });
});
