import { connect as connectTcp } from 'node:net';
import type { Page } from 'playwright-core';
import { subscriptions } from '../../src/demo/world';
import { runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { until } from '../support/wait';

const token = 'kL9-a-token-of-some-length';
const secret = 'one secret for all of these processes, long enough';
const outside = { RUNWATCH_HOST: '0.0.0.0', RUNWATCH_CONSOLE_TOKEN: token };

let bench: Bench;
beforeEach(async () => {
  bench = await setUp({ mode: 'none' });
});
afterEach(() => bench.stop());

const page = { accept: 'text/html' };
const signIn = (url: string, given: string, next = '/console', headers: Record<string, string> = {}) =>
  fetch(`${url}/console/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': 'application/x-www-form-urlencoded', ...headers },
    body: new URLSearchParams({ token: given, next }).toString(),
  });
const cookieOf = (answer: Response) => answer.headers.get('set-cookie')?.split(';')[0] ?? '';
const formOf = async (url: string, path: string, cookie: string) =>
  /name="csrf" value="([^"]+)"/.exec(
    await (await fetch(`${url}${path}`, { headers: { cookie, ...page } })).text(),
  )?.[1];

test('a session and its forms work in every serving process, and a form works in no other session', async () => {
  runOn(bench, bench.world.vms.pay01);
  const one = await bench.start({
    ...outside,
    RUNWATCH_SECRET: secret,
    RUNWATCH_RESPONDERS: 'console-token',
  });
  const two = await bench.start({ ...outside, RUNWATCH_SECRET: secret }, ['serve']);
  const cookie = cookieOf(await signIn(one.url as string, token));
  const shown = async () => (await fetch(`${one.url}/console`, { headers: { cookie, ...page } })).text();
  const alertId = await until('the alert', async () => /id="(RW-\w+)"/.exec(await shown())?.[1]);
  const csrf = (await formOf(one.url as string, '/console', cookie)) as string;
  const press = (withCookie: string) =>
    fetch(`${two.url}/console/alerts/${alertId}/acknowledge`, {
      method: 'POST',
      redirect: 'manual',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie: withCookie },
      body: new URLSearchParams({ csrf, nonce: 'n1' }).toString(),
    });
  const other = cookieOf(await signIn(two.url as string, token));
  expect(other).not.toBe(cookie);
  expect((await press(other)).status).toBe(403);
  expect((await press(cookie)).status).toBe(303);
  await until('acknowledged', async () =>
    (
      await (await fetch(`${one.url}/console/alerts/${alertId}`, { headers: { cookie, ...page } })).text()
    ).includes('Acknowledged by <strong>the console token'),
  );
});

test('the console token can read, and can act only if it is a responder', async () => {
  runOn(bench, bench.world.vms.pay01);
  for (const responders of ['*', '']) {
    const app = await bench.start({ ...outside, RUNWATCH_RESPONDERS: responders });
    const cookie = cookieOf(await signIn(app.url as string, token));
    const shown = async () => (await fetch(`${app.url}/console`, { headers: { cookie, ...page } })).text();
    const alertId = await until('the alert', async () => /id="(RW-\w+)"/.exec(await shown())?.[1]);
    const csrf = (await formOf(app.url as string, '/console', cookie)) as string;
    const answer = await fetch(`${app.url}/console/alerts/${alertId}/acknowledge`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', cookie, accept: 'application/json' },
      body: new URLSearchParams({ csrf, nonce: `n${responders}` }).toString(),
    });
    const { pressId } = (await answer.json()) as { pressId: string };
    const told = await until(
      'the refusal',
      async () =>
        /class="outcome" role="status">(?!Requested)([^<]+)</.exec(
          await (
            await fetch(`${app.url}/console?outcome=${pressId}`, { headers: { cookie, ...page } })
          ).text(),
        )?.[1],
    );
    expect(told).toMatch(/not among the responders|may not read alerts/);
    await app.stop();
  }
});

test('sign-in keeps a deep link, accepts no token from the URL and redirects to no other host', async () => {
  const app = await bench.start(outside);
  const url = app.url as string;
  const asked = await fetch(`${url}/console/alerts/RW-1?x=1`, { headers: page });
  expect(asked.status).toBe(401);
  expect(await asked.text()).toContain('name="next" value="/console/alerts/RW-1?x=1"');
  expect((await fetch(`${url}/console?token=${token}`, { headers: page })).status).toBe(401);
  const entered = await signIn(url, token, '/console/alerts/RW-1?x=1');
  expect([entered.status, entered.headers.get('location')]).toEqual([303, '/console/alerts/RW-1?x=1']);
  for (const next of [
    'https://evil.example/',
    '//evil.example/console',
    '/console/..//evil.example',
    '/consoleevil',
    '/console\\@evil.example',
  ])
    expect((await signIn(url, token, next)).headers.get('location')).toBe('/console');
  const cookie = entered.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/HttpOnly/);
  expect(cookie).toMatch(/SameSite=Lax/);
  expect((await signIn(url, token, '/console', { 'sec-fetch-site': 'cross-site' })).status).toBe(403);
});

test('behind a trusted TLS proxy the cookie is Secure and host-only; forwarded headers from others are ignored', async () => {
  const trusting = await bench.start({ ...outside, RUNWATCH_TRUSTED_PROXIES: '127.0.0.1/32' });
  const secure = await signIn(trusting.url as string, token, '/console', { 'x-forwarded-proto': 'https' });
  expect(secure.headers.get('set-cookie')).toMatch(/^__Host-runwatch=.*; Path=\/.*; Secure/);
  const cookie = cookieOf(secure);
  const over = (headers: Record<string, string>) =>
    fetch(`${trusting.url}/console`, { headers: { cookie, ...headers } });
  expect((await over({ 'x-forwarded-proto': 'https' })).status).toBe(200);
  await trusting.stop();
  const wary = await bench.start(outside);
  expect(
    (await signIn(wary.url as string, token, '/console', { 'x-forwarded-proto': 'https' })).headers.get(
      'set-cookie',
    ),
  ).not.toMatch(/Secure/);
});

test('a request from a proxy is never treated as local', async () => {
  const app = await bench.start({ TEAMS_LOCAL: '1' });
  expect((await fetch(`${app.url}/console`)).status).toBe(200);
  for (const [name, value] of [
    ['x-forwarded-for', '127.0.0.1'],
    ['forwarded', 'for=127.0.0.1'],
    ['x-real-ip', '127.0.0.1'],
    ['x-forwarded-host', 'localhost'],
    ['host', 'rebound.example'],
  ] as const) {
    expect((await raw(app.url as string, 'GET /console', { [name]: value })).status).toBe(403);
    const body = JSON.stringify({
      type: 'message',
      text: 'status',
      serviceUrl: 'http://127.0.0.1:1/',
      conversation: { id: 'c' },
    });
    expect(
      (
        await raw(
          app.url as string,
          'POST /api/messages',
          { [name]: value, 'content-type': 'application/json' },
          body,
        )
      ).status,
    ).toBe(401);
  }
});

/** Sends a raw request, because fetch() sets the Host header itself. */
function raw(
  url: string,
  line: string,
  headers: Record<string, string>,
  body = '',
): Promise<{ status: number }> {
  const { hostname, port } = new URL(url);
  const all = {
    host: `${hostname}:${port}`,
    connection: 'close',
    'content-length': String(Buffer.byteLength(body)),
    ...headers,
  };
  return new Promise((done, failed) => {
    const socket = connectTcp(Number(port), hostname, () =>
      socket.write(
        `${line} HTTP/1.1\r\n${Object.entries(all)
          .map(([name, value]) => `${name}: ${value}\r\n`)
          .join('')}\r\n${body}`,
      ),
    );
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', failed);
    socket.on('close', () => done({ status: Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1]) }));
  });
}

test('wrong tokens are counted across processes and rate limited', async () => {
  const one = await bench.start({ ...outside, RUNWATCH_SECRET: secret });
  const two = await bench.start({ ...outside, RUNWATCH_SECRET: secret }, ['serve']);
  const statuses: number[] = [];
  for (let i = 0; i < 12; i++)
    statuses.push((await signIn((i % 2 ? one : two).url as string, `wrong-${i}`)).status);
  expect(statuses.slice(0, 10)).toEqual(Array(10).fill(401));
  expect(statuses.slice(10)).toEqual([429, 429]);
  expect((await signIn(one.url as string, token)).status).toBe(429);
  expect((await fetch(`${one.url}/console`, { headers: { authorization: `Bearer ${token}` } })).status).toBe(
    429,
  );
});

test('without read access, /readyz gives only the ready flag; /metrics needs its token from other machines', async () => {
  const app = await bench.start({ ...outside, RUNWATCH_METRICS_TOKEN: 'mT4-another-token-of-ours' });
  const ready = (headers: Record<string, string> = {}) => fetch(`${app.url}/readyz`, { headers });
  const known = { authorization: `Bearer ${token}` };
  expect(await (await ready(known)).text()).toBe('{"ready":true,"reasons":[]}');
  expect(await (await ready()).text()).toBe('{"ready":true}');
  const scrape = (bearer?: string) =>
    fetch(`${app.url}/metrics`, { headers: bearer ? { authorization: `Bearer ${bearer}` } : {} });
  expect((await scrape()).status).toBe(401);
  expect((await scrape('mT4-another-token')).status).toBe(401);
  const all = () => scrape('mT4-another-token-of-ours').then((answer) => answer.text());
  await until('subscriptions', async () => (await all()).includes(subscriptions.sandbox));
});

test('without a metrics token, /metrics shows no subscription to remote clients', async () => {
  const app = await bench.start(outside);
  const text = async () =>
    (await fetch(`${app.url}/metrics`, { headers: { host: 'runwatch.example' } })).text();
  await until('polls', async () => /runwatch_subscriptions_watched [1-9]/.test(await text()));
  expect(await text()).not.toContain(subscriptions.sandbox);
});

test('a request body that never ends is cut off', async () => {
  const app = await bench.start();
  const { hostname, port } = new URL(app.url as string);
  const startMs = Date.now();
  const ended = await new Promise<string>((done) => {
    const socket = connectTcp(Number(port), hostname, () =>
      socket.write(
        'POST /console/sign-in HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: 1000\r\n\r\ntok',
      ),
    );
    let text = '';
    socket.on('data', (data) => {
      text += data;
    });
    socket.on('error', () => {});
    socket.on('close', () => done(text));
  });
  expect(ended).toMatch(/^HTTP\/1\.1 408/);
  expect(Date.now() - startMs).toBeLessThan(25_000);
}, 40_000);

test('in a browser, the token is entered once, the link opens and several objects can be watched together', async () => {
  runOn(bench, bench.world.vms.pay01);
  const app = await bench.start({ ...outside, RUNWATCH_RESPONDERS: 'console-token' });
  const url = (app.url as string).replace('0.0.0.0', '127.0.0.1');
  const browser = await openBrowser();
  const tab: Page = await browser.newPage();
  try {
    await tab.goto(`${url}/console`);
    await tab.getByLabel('Console token').fill('not this');
    await tab.getByRole('button', { name: 'Open the console' }).click();
    await tab.getByText('Wrong token.').waitFor();
    await tab.getByLabel('Console token').fill(token);
    await tab.getByRole('button', { name: 'Open the console' }).click();
    await tab.locator('a.what').first().waitFor();
    expect(tab.url()).toBe(`${url}/console`);
    await tab.locator('a.what').first().click();
    await tab.locator('summary', { hasText: 'Triage' }).click();
    await tab.locator('[data-opens=watch]').click();
    await tab.getByRole('checkbox', { name: 'The caller' }).check();
    await tab.getByRole('checkbox', { name: 'The machine' }).check();
    await tab.locator('dialog [data-action=watch]').click();
    await tab.getByText(/Watched:.*dana.reyes@contoso.example.*vm-pay-01/).waitFor();
  } finally {
    await browser.close();
  }
});
