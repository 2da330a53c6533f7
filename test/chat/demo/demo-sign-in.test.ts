import type { RunningDemo } from '../../../src/commands/demo-app';
import { runCommand } from '../../../src/demo/scenarios';
import { analyst, auditor, responder } from '../../../src/demo/team';
import { type Bench, setUp } from '../../support/bot';
import { signInAs, startTestDemo } from '../../support/demo';
import { until } from '../../support/wait';

let demo: RunningDemo & { url: string };

beforeAll(async () => {
  demo = await startTestDemo();
}, 60_000);
afterAll(() => demo?.stop());

const pageOf = async (path: string, cookie: string) =>
  (await fetch(`${demo.url}${path}`, { headers: { cookie, accept: 'text/html' } })).text();

/** Presses a button of the alert and returns what became of it. */
async function press(alertId: string, action: string, cookie: string, more: Record<string, string> = {}) {
  const page = await pageOf(`/alerts/${alertId}`, cookie);
  const csrf = /name="csrf" value="([^"]+)"/.exec(page)?.[1] ?? '';
  const response = await fetch(`${demo.url}/alerts/${alertId}/${action}`, {
    method: 'POST',
    headers: { cookie, accept: 'application/json' },
    body: new URLSearchParams({ csrf, ...more }),
  });
  const { pressId } = (await response.json()) as { pressId: string };
  return until(`what became of ${action}`, async () => {
    const known = await fetch(`${demo.url}/presses?id=${pressId}`, { headers: { cookie } });
    const { results } = (await known.json()) as { results: { result?: string; text?: string }[] };
    return results[0]?.result ? results[0] : null;
  });
}

test('nobody is signed in at first, and the choice shows each person and what they may do', async () => {
  const first = await fetch(demo.url, { redirect: 'manual', headers: { accept: 'text/html' } });
  expect(first.status).toBe(302);
  expect(first.headers.get('location')).toBe('/console/sign-in?next=%2Fconsole');
  const choice = await pageOf('/sign-in?next=/console/audit', '');
  for (const { name, role, may } of [analyst, responder, auditor])
    for (const text of [name, role, may]) expect(choice).toContain(text);
  const cookie = await signInAs(analyst, demo.url);
  expect(await pageOf('', cookie)).toMatch(
    /Signed in as <strong>Maya Lind<\/strong> ·<\/span> <span class="role">analyst<\/span>.*Switch/s,
  );
});

test('the analyst asks for isolation, and only the responder can approve it', async () => {
  demo.tenant.log({
    name: runCommand,
    resourceId: demo.world.vms.pay01,
    caller: demo.world.people.dana,
    ip: '203.0.113.24',
    at: Date.now() - 60_000,
    tookMs: 5000,
  });
  const [maya, omar, grace] = [
    await signInAs(analyst, demo.url),
    await signInAs(responder, demo.url),
    await signInAs(auditor, demo.url),
  ];
  const alertId = await until(
    'the alert',
    async () => /<tr id="(RW-[^"]+)"/.exec(await pageOf('', grace))?.[1],
  );
  expect(await press(alertId, 'acknowledge', grace)).toMatchObject({
    result: 'refused',
    text: expect.stringContaining('maya.lind@contoso.example, omar.haddad@contoso.example'),
  });
  expect(await press(alertId, 'disable_caller', maya)).toMatchObject({ result: 'refused' });
  expect(await press(alertId, 'isolate', maya)).toMatchObject({ result: 'asked' });
  const approvalId =
    /name="approvalId" value="([^"]+)"/.exec(await pageOf(`/alerts/${alertId}`, maya))?.[1] ?? '';
  expect(await press(alertId, 'approve', maya, { approvalId })).toMatchObject({ result: 'refused' });
  expect(await press(alertId, 'approve', grace, { approvalId })).toMatchObject({ result: 'refused' });
  expect(await press(alertId, 'approve', omar, { approvalId })).toMatchObject({ result: 'done' });
  expect(await pageOf(`/alerts/${alertId}`, grace)).toContain('approved by Omar Haddad');
}, 60_000);

test('a session belongs to one person', async () => {
  const cookie = await signInAs(auditor, demo.url);
  const forged = cookie.replace(auditor.id, responder.id);
  expect((await fetch(demo.url, { headers: { cookie: forged, accept: 'application/json' } })).status).toBe(
    401,
  );
});

test('the choice is only for local requests and its own form', async () => {
  const elsewhere = { 'x-forwarded-for': '203.0.113.9' };
  expect((await fetch(`${demo.url}/sign-in`, { headers: elsewhere })).status).toBe(403);
  await expect(signInAs(responder, demo.url, { headers: elsewhere })).rejects.toThrow('403');
  await expect(
    signInAs(responder, demo.url, { headers: { 'sec-fetch-site': 'cross-site' } }),
  ).rejects.toThrow('403');
  await expect(signInAs({ ...analyst, id: 'somebody' }, demo.url)).rejects.toThrow('403');
  const cookie = await signInAs(responder, demo.url);
  const through = await fetch(`${demo.url}/audit`, {
    headers: { cookie, ...elsewhere, accept: 'application/json' },
  });
  expect(through.status).toBe(401);
});

describe('a configured product', () => {
  let bench: Bench;
  beforeAll(async () => {
    bench = await setUp({ mode: 'none' });
  });
  afterAll(() => bench?.stop());

  test('has none of it, with and without sign-in, whatever its environment says', async () => {
    const port = '0';
    const variants = [
      {},
      { RUNWATCH_CONSOLE_TOKEN: 'a-console-token-of-ours-7Fq' },
      {
        RUNWATCH_PUBLIC_URL: 'http://127.0.0.1:3000',
        RUNWATCH_OIDC_ISSUER: 'https://127.0.0.1:1/sign-in',
        RUNWATCH_OIDC_CLIENT_ID: 'demo',
        RUNWATCH_OIDC_CLIENT_SECRET: 'the demo has no client secret',
      },
    ];
    for (const variant of variants) {
      const app = await bench.start({ RUNWATCH_DEMO: '1', RUNWATCH_PORT: port, ...variant });
      const url = `${app.url}/console`;
      await expect(signInAs(responder, url)).rejects.toThrow(/40[134]/);
      const cookie = await signInAs(responder, demo.url);
      const given = { cookie, authorization: 'Bearer a-console-token-of-ours-7Fq' };
      for (const path of ['/demo/assets/demo.css', '/demo/chat']) {
        const response = await fetch(`${url}${path}`, { headers: given, redirect: 'manual' });
        expect([302, 401, 404]).toContain(response.status);
      }
      const page = await (await fetch(url, { headers: given, redirect: 'manual' })).text();
      for (const { name } of [analyst, responder, auditor]) expect(page).not.toContain(name);
      expect(page).not.toContain('/console/demo/');
    }
  }, 60_000);
});
