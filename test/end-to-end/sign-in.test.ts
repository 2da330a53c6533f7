import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import type { App } from '../../src/app';
import { createStore, type Store } from '../../src/store/store';
import { runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { freePort } from '../support/free-port';
import { clientId, clientSecret, startIssuer, type TestIssuer } from '../support/issuer';
import { until } from '../support/wait';

const group = '6d0a7a3e-0000-4000-8000-000000000001';
const secret = 'one secret for all of these processes, long enough';

let bench: Bench;
let browser: Browser;
let issuer: TestIssuer;
let chat: Server;
let url: string;
let app: App;
let env: Record<string, string>;
let store: Store;
let alertId: string;
let directory: string;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  issuer = await startIssuer(url, await freePort(), 'localhost');
  issuer.people.set('sam', { name: 'Sam Ito', groups: [group] });
  issuer.people.set('lee', { name: 'Lee Okafor', groups: [group] });
  issuer.people.set('eve', { name: 'Eve Moss', groups: [] });
  directory = mkdtempSync(join(tmpdir(), 'runwatch-sign-in-'));
  const file = join(directory, 'runwatch.yaml');
  writeFileSync(file, 'fourEyes: [isolate]\n');
  env = {
    RUNWATCH_SECRET: secret,
    RUNWATCH_PORT: String(port),
    RUNWATCH_PUBLIC_URL: url,
    RUNWATCH_RESPONDERS: `entra-group:${group}`,
    RUNWATCH_CONFIG: file,
    RUNWATCH_OIDC_ISSUER: issuer.url,
    RUNWATCH_OIDC_CLIENT_ID: clientId,
    RUNWATCH_OIDC_CLIENT_SECRET: clientSecret,
  };
  app = await bench.start(env);
  runOn(bench, bench.world.vms.pay01);
  store = createStore(bench.redis.address, []);
  alertId = await until('the alert', async () => (await store.alerts.list()).find(({ ready }) => ready)?.id);
  chat = createServer((_, response) => {
    response.setHeader('content-type', 'text/html');
    response.end(`<a href="${url}/console/alerts/${alertId}">The alert</a>`);
  });
  await new Promise<void>((done) => chat.listen(0, '127.0.0.1', done));
  browser = await openBrowser();
});
afterAll(async () => {
  await browser?.close();
  chat?.close();
  await store?.close();
  await issuer?.stop();
  await bench?.stop();
  rmSync(directory, { recursive: true, force: true });
});

/** Opens the alert by a link of another site, as from a message in Slack. */
async function openLink(context: BrowserContext): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`http://localhost:${(chat.address() as AddressInfo).port}/`);
  await page.getByRole('link', { name: 'The alert' }).click();
  return page;
}

async function signIn(login: string): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext();
  const page = await openLink(context);
  await page.locator('input[name=login]').fill(login);
  await page.locator('input[name=password]').fill('any');
  await page.getByRole('button', { name: 'Sign-in' }).click();
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForURL(`${url}/console/alerts/${alertId}`);
  return { context, page };
}

test('a link of another site opens after sign-in; two people isolate; sign-out ends both sessions', async () => {
  const sam = await signIn('sam');
  await sam.page.getByText('Signed in as Sam Ito').waitFor();
  const cookies = await sam.context.cookies(url);
  expect(cookies.find(({ name }) => name === '__Host-runwatch')).toMatchObject({
    secure: true,
    httpOnly: true,
    sameSite: 'Lax',
  });
  await sam.page.locator('#part-next [data-opens=isolate]').click();
  await sam.page.locator('dialog [data-action=isolate]').click();
  await until('the request', async () => {
    const alert = await store.alerts.get(alertId);
    return alert && (await store.measures.viewOf(alert)).approvals[0];
  });
  await sam.page.reload();
  expect(await sam.page.locator('[data-action=approve]').count()).toBe(0);
  // The button is not there, so the press is forged.
  const decline = sam.page.locator('#part-next [data-action=decline]');
  const formaction = (await decline.getAttribute('formaction'))?.replace(/decline$/, 'approve');
  await decline.evaluate((button, forged) => button.setAttribute('formaction', forged ?? ''), formaction);
  await decline.click();
  await until('the refusal', async () =>
    (await store.audit.read()).find(({ action, result }) => action === 'approve' && result === 'refused'),
  );

  const lee = await signIn('lee');
  await lee.page.locator('[data-action=approve]').first().click();
  await lee.page.locator('#part-next').getByText('Isolated:').first().waitFor();
  const entries = await store.audit.read();
  const named = (wanted: string, result: string) =>
    entries.filter((entry) => entry.action === wanted && entry.result === result).map(({ by }) => by);
  expect(named('approve', 'done')).toEqual([
    { surface: 'console', id: `${issuer.url}#lee`, name: 'Lee Okafor', issuer: issuer.url },
  ]);
  expect(named('isolate', 'done')).toEqual([
    { surface: 'console', id: `${issuer.url}#sam`, name: 'Sam Ito', issuer: issuer.url },
  ]);

  const again = await openLink(sam.context);
  await again.waitForURL(`${url}/console/alerts/${alertId}`);
  await again.getByText('Signed in as Sam Ito').waitFor();
  await again.getByRole('button', { name: 'Sign out' }).click();
  await again.getByRole('button', { name: 'Yes, sign me out' }).click();
  await again.waitForURL(`${url}/console/signed-out`);
  await again.getByText('You are signed out').waitFor();
  expect((await sam.context.cookies(url)).map(({ name }) => name)).not.toContain('__Host-runwatch');
  const after = await openLink(sam.context);
  await after.locator('input[name=login]').waitFor();
});

test('sign-out ends the stream of every page of the session', async () => {
  const { context, page } = await signIn('sam');
  await page.locator('#live', { hasText: 'Live' }).waitFor();
  const other = await context.newPage();
  await other.goto(`${url}/console/health`);
  await other.getByRole('button', { name: 'Sign out' }).click();
  await other.getByRole('button', { name: 'Yes, sign me out' }).waitFor();
  await page.locator('#live', { hasText: 'Reconnecting' }).waitFor();
  await context.close();
});

test('a person in no group is refused by name, and can sign out', async () => {
  const { page } = await signIn('eve');
  await page.getByText('You are signed in as Eve Moss').waitFor();
  await page.getByText('Ask an admin').waitFor();
  await page.getByRole('button', { name: 'Sign out' }).click();
  await page.getByRole('button', { name: 'Yes, sign me out' }).waitFor();
  const [entry] = (await store.audit.read()).filter(({ action }) => action === 'sign in');
  expect(entry).toMatchObject({ by: { surface: 'console', name: 'Eve Moss' }, result: 'refused' });
});

test('the bot starts while the issuer is down; sign-in says so and works afterwards', async () => {
  await app.stop();
  await issuer.stop();
  app = await bench.start(env);
  const page = await browser.newPage();
  await page.goto(`${url}/console`);
  await page.getByText('does not answer').waitFor();
  await issuer.restart();
  await page.getByRole('link', { name: 'Try again' }).click();
  await page.locator('input[name=login]').waitFor();
});
