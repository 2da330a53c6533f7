import type { Queue } from 'bullmq';
import { createQueues, type Queues } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { createStore, type Store } from '../../src/store/store';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { freePort } from '../support/free-port';
import { clientId, clientSecret, startIssuer, type TestIssuer } from '../support/issuer';
import { until } from '../support/wait';
import { createWebClient } from '../support/web-client';

const group = '6d0a7a3e-0000-4000-8000-000000000001';

let bench: Bench;
let queues: Queues;
let store: Store;
let issuer: TestIssuer | null = null;
beforeEach(async () => {
  bench = await setUp({ mode: 'none' });
  queues = createQueues(bench.redis.address, createLog('silent'));
  store = createStore(bench.redis.address, []);
});
afterEach(async () => {
  await issuer?.stop();
  issuer = null;
  await queues.close();
  await store.close();
  await bench.stop();
});

/** Adds jobs that fail at their only attempt. */
async function addFailed(name: 'complete' | 'respond', count: number): Promise<string[]> {
  const queue = queues[name] as Queue;
  queues.work(name, async () => {
    throw new Error('the simulated fault');
  });
  const jobs = await queue.addBulk(
    Array.from({ length: count }, () => ({ name: 'test', data: { alertId: 'RW-1' }, opts: { attempts: 1 } })),
  );
  await until('the failures', async () => (await queue.getFailedCount()) === count);
  return jobs.map(({ id }) => String(id));
}

const audited = async () =>
  (await store.audit.read())
    .filter(({ action }) => action === 'queue.retry')
    .map(({ object, result }) => `${object} ${result}`);

/** What a browser would send from the board, whose page it has open. */
async function opened(url: string) {
  const answer = await fetch(`${url}/queues`, { headers: { accept: 'text/html' } });
  const cookie = (answer.headers.get('set-cookie') ?? '').split(';')[0] ?? '';
  const csrf = cookie.replace('XSRF-TOKEN=', '');
  const put = (path: string, headers: Record<string, string> = { 'x-xsrf-token': csrf }) =>
    fetch(`${url}/queues/api/queues/${path}`, { method: 'PUT', headers: { cookie, ...headers } });
  return { answer, put };
}

const boardOf = async (url: string) => {
  const answer = await fetch(`${url}/queues/api/queues`);
  const { queues: all } = (await answer.json()) as { queues: { name: string; readOnlyMode: boolean }[] };
  return new Map(all.map((one) => [one.name, one.readOnlyMode]));
};

test('a responder retries one failed job or all of a queue, with all attempts, and both are audited', async () => {
  const [first] = await addFailed('complete', 3);
  const { url } = await bench.start({ RUNWATCH_RESPONDERS: '*' }, ['serve']);
  const { put, answer } = await opened(url as string);
  expect(answer.headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
  expect(answer.headers.get('content-security-policy')).toContain("script-src 'self'");
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('set-cookie')).toMatch(/Path=\/queues.*SameSite=Strict/);
  await queues.close();
  queues = createQueues(bench.redis.address, createLog('silent'));
  expect((await put(`complete/${first}/retry`)).status).toBe(200);
  expect(await queues.complete.getJobCounts('waiting', 'failed')).toEqual({ waiting: 1, failed: 2 });
  const job = await queues.complete.getJob(first as string);
  expect(job?.attemptsMade).toBe(0);
  expect((await put(`complete/${first}/retry`)).status).toBe(409);
  const all = await put('complete/retry/failed');
  expect(await all.json()).toEqual({ retried: 2, skipped: 0 });
  expect(await queues.complete.getJobCounts('waiting', 'failed')).toEqual({ waiting: 3, failed: 0 });
  expect(await audited()).toEqual([
    ...[`complete ${first} started`, `complete ${first} done`],
    ...[`complete ${first} started`, `complete ${first} failed`],
    ...['complete started', 'complete done'],
  ]);
});

test('presses are not retried here, and nothing else can be changed', async () => {
  const [press] = await addFailed('respond', 1);
  const { url } = await bench.start({ RUNWATCH_RESPONDERS: '*' }, ['serve']);
  const { put } = await opened(url as string);
  for (const path of [`respond/${press}/retry`, 'respond/retry/failed']) {
    const answer = await put(path);
    expect([answer.status, await answer.json()]).toEqual([
      405,
      { error: 'Actions are retried on their alert.' },
    ]);
  }
  expect(await queues.respond.getFailedCount()).toBe(1);
  for (const path of [
    ...['complete/pause', 'complete/empty', 'complete/obliterate', 'complete/clean/failed', 'pause'],
    ...['complete/1/clean', 'complete/1/promote', 'complete/retry/completed', 'complete/retry/waiting'],
  ])
    expect([path, (await put(path)).status]).toEqual([path, 405]);
  expect((await put('none/retry/failed')).status).toBe(404);
  for (const method of ['POST', 'PATCH', 'DELETE'])
    expect((await fetch(`${url}/queues/api/queues/complete/add`, { method })).status).toBe(405);
  const readOnly = await boardOf(url as string);
  expect(readOnly.get('respond')).toBe(true);
  expect(readOnly.get('complete')).toBe(false);
  expect(await audited()).toEqual([]);
});

test('a request of another site, or without the token of this session, retries nothing', async () => {
  await addFailed('complete', 1);
  const { url } = await bench.start({ RUNWATCH_RESPONDERS: '*' }, ['serve']);
  const { put } = await opened(url as string);
  const other = { 'x-xsrf-token': 'A'.repeat(43) };
  for (const headers of [{}, other]) expect((await put('complete/retry/failed', headers)).status).toBe(403);
  const { answer } = await opened(url as string);
  const csrf = /XSRF-TOKEN=([^;]+)/.exec(answer.headers.get('set-cookie') ?? '')?.[1] as string;
  const foreign = { 'x-xsrf-token': csrf, 'sec-fetch-site': 'cross-site' };
  expect((await put('complete/retry/failed', foreign)).status).toBe(403);
  expect(await queues.complete.getFailedCount()).toBe(1);
  expect(await audited()).toEqual([]);
});

test('someone who may only read, or who may not do everything everywhere, retries nothing', async () => {
  await addFailed('complete', 1);
  const { url } = await bench.start({ RUNWATCH_RESPONDERS: 'sam@contoso.example' }, ['serve']);
  const { put } = await opened(url as string);
  expect((await boardOf(url as string)).get('complete')).toBe(true);
  const answer = await put('complete/retry/failed');
  expect([answer.status, await answer.json()]).toEqual([
    403,
    { error: 'Only responders for every action in every subscription may retry jobs.' },
  ]);
  expect(await queues.complete.getFailedCount()).toBe(1);
  expect(await audited()).toEqual(['complete refused']);
});

test('signed in, the responder retries and the reader does not; without sign-in, nothing is shown', async () => {
  await addFailed('complete', 1);
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  issuer = await startIssuer(url, await freePort(), 'localhost');
  issuer.people.set('sam', { name: 'Sam Ito', groups: [group] });
  issuer.people.set('eve', { name: 'Eve Moss', groups: ['6d0a7a3e-0000-4000-8000-000000000002'] });
  await bench.start(
    {
      RUNWATCH_PORT: String(port),
      RUNWATCH_PUBLIC_URL: url,
      RUNWATCH_RESPONDERS: `entra-group:${group}`,
      RUNWATCH_READERS: 'entra-group:6d0a7a3e-0000-4000-8000-000000000002',
      RUNWATCH_OIDC_ISSUER: issuer.url,
      RUNWATCH_OIDC_CLIENT_ID: clientId,
      RUNWATCH_OIDC_CLIENT_SECRET: clientSecret,
    },
    ['serve'],
  );
  const path = `${url}/queues/api/queues/complete/retry/failed`;
  expect((await fetch(path, { method: 'PUT' })).status).toBe(401);
  expect((await fetch(`${url}/queues/api/queues`, { headers: { accept: 'application/json' } })).status).toBe(
    401,
  );
  const statuses: number[] = [];
  for (const login of ['eve', 'sam']) {
    const client = createWebClient();
    await client.follow(await client.signIn(`${url}/queues`, login, /\/console\/callback\?/));
    await client.request(`${url}/queues`);
    const token = client.jarOf(url).get('XSRF-TOKEN') ?? '';
    statuses.push((await client.request(path, { method: 'PUT', headers: { 'x-xsrf-token': token } })).status);
  }
  expect(statuses).toEqual([403, 200]);
  expect(await audited()).toEqual(['complete refused', 'complete started', 'complete done']);
});

test('the board’s own button retries a failed job in a browser', async () => {
  const [id] = await addFailed('complete', 1);
  await queues.close();
  queues = createQueues(bench.redis.address, createLog('silent'));
  const { url } = await bench.start({ RUNWATCH_RESPONDERS: '*' }, ['serve']);
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    const violations: string[] = [];
    page.on('console', (line) => {
      if (/Content Security Policy/.test(line.text())) violations.push(line.text());
    });
    await page.goto(`${url}/queues/queue/complete/${id}?status=failed`);
    await page.getByText('the simulated fault').first().waitFor();
    await page.locator('[class^=jobActions] button').first().click();
    await page.getByRole('button', { name: 'Confirm' }).click();
    await until('the retry', async () => (await queues.complete.getFailedCount()) === 0);
    expect(violations.filter((line) => !line.includes('fonts.googleapis.com'))).toEqual([]);
  } finally {
    await browser.close();
  }
});
