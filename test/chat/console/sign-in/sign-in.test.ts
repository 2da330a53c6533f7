import type { Server } from 'node:http';
import express from 'express';
import { createAuth, viewerOf } from '../../../../src/chat/console/auth';
import { formToken } from '../../../../src/chat/console/sessions';
import { type ClaimedGroups, createClaimedGroups } from '../../../../src/chat/console/sign-in/claimed-groups';
import { sessionKey } from '../../../../src/chat/console/sign-in/session-store';
import { createSignIn } from '../../../../src/chat/console/sign-in/sign-in';
import type { Presser } from '../../../../src/domain/people/person';
import { createLog } from '../../../../src/runtime/log';
import { freePort } from '../../../support/free-port';
import { clientId, clientSecret, startIssuer, type TestIssuer } from '../../../support/issuer';
import { type OwnStore, startStore, testKeyring } from '../../../support/store';
import { createWebClient, type WebClient } from '../../../support/web-client';

const group = '6d0a7a3e-0000-4000-8000-000000000001';
const minute = 60_000;

let own: OwnStore;
let issuer: TestIssuer;
let server: Server;
let url: string;
let clock = 0;
let denied: { by: Presser; why: string }[];
let refused: string | null;
let claimedGroups: ClaimedGroups;
const now = () => Date.now() + clock;

/** A console whose only page says who reads it. Members of the group may. */
async function startConsole(port: number, consoleToken: string | null = null): Promise<Server> {
  const config = {
    issuer: issuer.url,
    clientId,
    clientSecret,
    redirectUri: `${url}/console/callback`,
    signedOutUri: `${url}/console/signed-out`,
    apiUri: 'http://127.0.0.1/api/v1',
  };
  claimedGroups = createClaimedGroups(own.store.signIns, testKeyring, now);
  const log = createLog(process.env.TEST_LOG ?? 'silent');
  const by = createSignIn({
    config,
    keyring: testKeyring,
    log,
    now,
    store: own.store.signIns,
    claimedGroups,
    failures: own.store.signInFailures,
    identify: async (presser) => (refused ? { refused } : { presser }),
    mayRead: async (presser) => (await claimedGroups.of(presser))?.has(group) ?? false,
    denied: async (presser, why) => void denied.push({ by: presser, why }),
  });
  const auth = createAuth({
    host: '127.0.0.1',
    behindProxy: false,
    consoleToken,
    signIn: { host: new URL(issuer.url).host, by },
    keyring: testKeyring,
    failures: own.store.signInFailures,
    log,
    now,
  });
  const app = express();
  app.use('/console', auth.router);
  app.use('/console', auth.guard, (request, response) => {
    if (request.path === '/events') return void response.type('text/event-stream').flushHeaders();
    const { presser, session } = viewerOf(request);
    response.json({ presser, csrf: formToken(testKeyring, session) });
  });
  const started = app.listen(port, '127.0.0.1');
  await new Promise((listening) => started.once('listening', listening));
  return started;
}

beforeAll(async () => {
  own = await startStore();
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  issuer = await startIssuer(url, await freePort());
  server = await startConsole(port);
});
beforeEach(async () => {
  clock = 0;
  denied = [];
  refused = null;
  Object.assign(issuer, { isForged: false, isRevoked: false, tamper: null });
  issuer.people.clear();
  issuer.people.set('sam', {
    name: 'Sam Ito',
    email: 'Sam@contoso.example',
    email_verified: true,
    groups: [group],
  });
  issuer.people.set('eve', { name: 'Eve', groups: [] });
  for (const address of ['127.0.0.1', '::1', '::ffff:127.0.0.1'])
    await own.store.signInFailures.delete(address);
});
afterAll(async () => {
  server.closeAllConnections();
  server.close();
  await issuer.stop();
  await own.stop();
});

const deepLink = () => `${url}/console/alerts/RW-1?x=1`;
/** Signs in up to the issuer's redirect to the callback. */
async function callbackOf(client: WebClient, login = 'sam'): Promise<string> {
  return client.signIn(deepLink(), login, /\/console\/callback\?/);
}
const finish = async (client: WebClient, callback: string) => client.request(callback);
const see = (client: WebClient, headers: Record<string, string> = {}) =>
  client.request(deepLink(), { headers });
const session = async (login = 'sam') => {
  const client = createWebClient();
  const answer = await finish(client, await callbackOf(client, login));
  expect([answer.status, answer.headers.get('location')]).toEqual([303, '/console/alerts/RW-1?x=1']);
  return client;
};

test('a deep link opens after sign-in, as the person whom the issuer names', async () => {
  const client = await session();
  const answer = await see(client);
  expect(answer.status).toBe(200);
  expect(((await answer.json()) as { presser: Presser }).presser).toEqual({
    surface: 'console',
    id: `${issuer.url}#sam`,
    name: 'Sam Ito',
    email: 'sam@contoso.example',
    issuer: issuer.url,
  });
});

test('the session cookie is for this host only, Secure, HttpOnly and SameSite=Lax', async () => {
  const client = createWebClient();
  const answer = await finish(client, await callbackOf(client));
  const cookie = answer.headers.getSetCookie().find((line) => line.startsWith('__Host-runwatch='));
  expect(cookie).toMatch(
    /^__Host-runwatch=[\w-]{43}; Max-Age=43200; Path=\/; HttpOnly; Secure; SameSite=Lax$/,
  );
});

test('the request to the issuer has PKCE, state and nonce', async () => {
  const client = createWebClient();
  const { url: to } = await client.follow(`${url}/console/sign-in`, /\/auth\?/);
  const query = new URL(to).searchParams;
  expect(query.get('code_challenge_method')).toBe('S256');
  for (const name of ['code_challenge', 'state', 'nonce']) expect(query.get(name)).toMatch(/^[\w-]{43}$/);
  expect(query.get('redirect_uri')).toBe(`${url}/console/callback`);
});

test('what an open page fetches is answered with 401, not with the issuer’s page', async () => {
  const answer = await see(createWebClient(), { 'sec-fetch-dest': 'empty' });
  expect(answer.status).toBe(401);
  expect((await see(createWebClient(), { accept: 'text/event-stream' })).status).toBe(401);
});

test('sign-in leads to no other host', async () => {
  for (const next of [
    'https://evil.example/',
    '//evil.example',
    '/consoleevil',
    '/console/..//evil.example',
  ]) {
    const client = createWebClient();
    const start = `${url}/console/sign-in?next=${encodeURIComponent(next)}`;
    const answer = await finish(client, await client.signIn(start, 'sam', /\/console\/callback\?/));
    expect(answer.headers.get('location')).toBe('/console');
  }
});

test('a person outside the group is told who they are, may sign out, and is audited', async () => {
  const client = await session('eve');
  const answer = await see(client);
  const page = await answer.text();
  expect(answer.status).toBe(403);
  expect(page).toContain('<strong>Eve</strong>');
  expect(page).toContain('RUNWATCH_READERS');
  expect(page).toContain('action="/console/sign-out"');
  expect((await see(client, { 'sec-fetch-dest': 'empty' })).status).toBe(403);
  expect(denied).toEqual([
    { by: expect.objectContaining({ name: 'Eve' }), why: 'neither a responder nor a reader' },
  ]);
});

test('a person whom the directory refuses loses access at the next request', async () => {
  const client = await session();
  refused = 'Your account is deactivated.';
  const answer = await see(client);
  expect(answer.status).toBe(403);
  expect(await answer.text()).toContain('Your account is deactivated.');
});

test('a session ends after an hour without use', async () => {
  const client = await session();
  clock = 59 * minute;
  expect((await see(client)).status).toBe(200);
  clock = 118 * minute;
  expect((await see(client)).status).toBe(200);
  clock = 179 * minute;
  expect((await see(client)).headers.get('location')).toMatch(/^\/console\/sign-in\?next=/);
});

test('what an open page fetches does not keep a session alive', async () => {
  const client = await session();
  clock = 50 * minute;
  expect((await see(client, { 'sec-fetch-dest': 'empty' })).status).toBe(200);
  clock = 61 * minute;
  expect((await see(client)).status).toBe(302);
});

test('a session ends twelve hours after sign-in, however much it is used', async () => {
  const client = await session();
  for (let at = 50; at < 720; at += 50) {
    clock = at * minute;
    expect((await see(client)).status).toBe(200);
  }
  clock = 720 * minute;
  expect((await see(client)).status).toBe(302);
});

test('a person removed from the group loses access within five minutes, and one added gets it', async () => {
  const client = await session();
  issuer.people.set('sam', { name: 'Sam Ito', groups: [] });
  clock = 5 * minute;
  expect((await see(client)).status).toBe(403);
  issuer.people.set('sam', { name: 'Sam Ito', groups: [group] });
  clock = 10 * minute;
  expect((await see(client)).status).toBe(200);
});

test('requests at the same time use a refresh token once', async () => {
  const client = await session();
  clock = 5 * minute;
  const before = issuer.tokenRequests();
  const answers = await Promise.all(Array.from({ length: 8 }, () => see(client)));
  expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
  expect(issuer.tokenRequests() - before).toBe(1);
});

test('while the issuer is down, a session lives on but its groups lapse', async () => {
  const client = await session();
  await issuer.stop();
  try {
    clock = 4.5 * minute;
    expect((await see(client)).status).toBe(200);
    clock = 5.5 * minute;
    expect((await see(client, { 'sec-fetch-dest': 'empty' })).status).toBe(401);
  } finally {
    await issuer.restart();
  }
  clock = 6 * minute;
  expect((await see(client)).status).toBe(200);
});

test.each<[string, Partial<TestIssuer>]>([
  ['no longer vouches for the person', { isRevoked: true }],
  ['names another person', { tamper: (claims) => ({ ...claims, sub: 'somebody-else' }) }],
])('a session ends when the issuer %s', async (_, change) => {
  const client = await session();
  Object.assign(issuer, change);
  clock = 5 * minute;
  expect((await see(client)).status).toBe(302);
  Object.assign(issuer, { isForged: false, isRevoked: false, tamper: null });
  clock = 0;
  expect((await see(client)).status).toBe(302);
});

test('a state from another browser is refused, and the sign-in still works where it began', async () => {
  const [victim, thief] = [createWebClient(), createWebClient()];
  const callback = await callbackOf(victim);
  const stolen = await finish(thief, callback);
  expect(stolen.status).toBe(400);
  expect(await stolen.text()).toContain('started in another browser');
  expect((await see(thief)).status).toBe(302);
  expect((await finish(victim, callback)).status).toBe(303);
});

test('two tabs can sign in at once', async () => {
  const client = createWebClient();
  const first = await callbackOf(client);
  const second = await callbackOf(client);
  expect((await finish(client, first)).status).toBe(303);
  expect((await finish(client, second)).status).toBe(303);
});

test('an ID token that the issuer did not sign is refused', async () => {
  issuer.isForged = true;
  const client = createWebClient();
  expect((await finish(client, await callbackOf(client))).status).toBe(400);
});

test('a stream of events ends after five minutes, so that its reader is authorized again', async () => {
  const client = await session();
  const wait = setTimeout;
  const spy = jest
    .spyOn(globalThis, 'setTimeout')
    .mockImplementation(((work: () => void, ms: number) =>
      wait(work, ms === 5 * minute ? 20 : ms)) as typeof setTimeout);
  const answer = await client.request(`${url}/console/events`);
  expect(await answer.text()).toBe('');
  spy.mockRestore();
});

test('a stream of events ends with its session', async () => {
  const client = await session();
  clock = 60 * minute - 300;
  // As a browser's EventSource, which is no use of the session.
  const listen = () => client.request(`${url}/console/events`, { headers: { 'sec-fetch-dest': 'empty' } });
  const began = Date.now();
  const answer = await listen();
  expect(await answer.text()).toBe('');
  expect(Date.now() - began).toBeLessThan(minute / 2);
  expect((await listen()).status).toBe(401);
});

test('a callback works once, even with the cookies of before', async () => {
  const client = createWebClient();
  const callback = await callbackOf(client);
  const cookies = [...client.jarOf(url)];
  expect((await finish(client, callback)).status).toBe(303);
  const before = issuer.tokenRequests();
  for (const [name, value] of cookies) client.jarOf(url).set(name, value);
  expect((await finish(client, callback)).status).toBe(400);
  expect(issuer.tokenRequests()).toBe(before);
});

test('a callback with an unknown code, a changed state, an error or another issuer is refused', async () => {
  const changes: [string, string][] = [
    ['code', 'another'],
    ['state', 'another'],
    ['iss', 'https://evil.example'],
  ];
  for (const [name, value] of changes) {
    const client = createWebClient();
    const callback = new URL(await callbackOf(client));
    callback.searchParams.set(name, value);
    expect([name, (await finish(client, callback.href)).status]).toEqual([name, 400]);
    expect((await see(client)).status).toBe(302);
  }
  const client = createWebClient();
  const callback = new URL(await callbackOf(client));
  callback.searchParams.delete('code');
  callback.searchParams.set('error', 'access_denied');
  const answer = await finish(client, callback.href);
  expect(answer.status).toBe(400);
  expect(await answer.text()).toContain('did not sign you in');
});

test('a sign-in takes at most ten minutes', async () => {
  const client = createWebClient();
  const callback = await callbackOf(client);
  clock = 10 * minute;
  expect((await finish(client, callback)).status).toBe(400);
});

test.each<[string, (claims: Record<string, unknown>) => Record<string, unknown>, number]>([
  ['another nonce', (claims) => ({ ...claims, nonce: 'x' }), 400],
  ['no nonce', ({ nonce: _, ...claims }) => claims, 400],
  ['another audience', (claims) => ({ ...claims, aud: 'another-client' }), 400],
  ['another issuer', (claims) => ({ ...claims, iss: 'https://evil.example' }), 400],
  ['a token that expired 50 s ago', (claims) => ({ ...claims, exp: seconds(-50) }), 303],
  ['a token that expired 70 s ago', (claims) => ({ ...claims, exp: seconds(-70) }), 400],
  ['a token valid in 50 s', (claims) => ({ ...claims, nbf: seconds(50) }), 303],
  ['a token valid in 70 s', (claims) => ({ ...claims, nbf: seconds(70) }), 400],
])('an ID token with %s', async (_, tamper, status) => {
  issuer.tamper = tamper;
  const client = createWebClient();
  expect((await finish(client, await callbackOf(client))).status).toBe(status);
  expect((await see(client)).status).toBe(status === 303 ? 200 : 302);
});
const seconds = (offset: number) => Math.floor(Date.now() / 1000) + offset;

test('after ten failed callbacks in a minute, an address waits', async () => {
  const statuses: number[] = [];
  for (let i = 0; i < 11; i++) {
    const client = createWebClient();
    const callback = await client.signIn(`${url}/console/sign-in`, 'sam', /\/console\/callback\?/);
    statuses.push((await client.request(callback.replace(/code=[^&]+/, 'code=y'))).status);
  }
  expect(statuses).toEqual([...Array(10).fill(400), 429]);
});

test('callbacks that another page makes a browser send keep nobody from signing in', async () => {
  for (let i = 0; i < 12; i++)
    expect((await createWebClient().request(`${url}/console/callback?state=x&code=y`)).status).toBe(400);
  expect((await see(await session())).status).toBe(200);
});

test('another site’s form ends no session', async () => {
  const client = await session();
  const answer = await createWebClient().request(`${url}/console/sign-out`, {
    method: 'POST',
    headers: { 'sec-fetch-site': 'cross-site' },
  });
  expect(answer.status).toBe(403);
  expect(answer.headers.get('set-cookie')).toBeNull();
  expect((await see(client)).status).toBe(200);
});

test('an address that the issuer withdraws no longer counts after five minutes', async () => {
  const client = await session();
  const emailOf = async () =>
    ((await (await see(client)).json()) as { presser: { email?: string } }).presser.email;
  expect(await emailOf()).toBe('sam@contoso.example');
  const sam = { name: 'Sam Ito', email: 'sam@contoso.example', groups: [group] };
  issuer.people.set('sam', { ...sam, email_verified: false });
  clock = 5 * minute;
  expect(await emailOf()).toBeUndefined();
});

test('while the issuer is down, sign-in says so; afterwards it works', async () => {
  const port = await freePort();
  await issuer.stop();
  const late = await startConsole(port);
  try {
    const start = `http://127.0.0.1:${port}/console/sign-in`;
    const answer = await createWebClient().request(start);
    expect(answer.status).toBe(503);
    expect(await answer.text()).toContain('does not answer');
    await issuer.restart();
    expect((await createWebClient().request(start)).status).toBe(302);
  } finally {
    late.closeAllConnections();
    late.close();
  }
});

test('sign-out needs its form, ends the session everywhere and leads to the issuer', async () => {
  const client = await session();
  const { csrf } = (await (await see(client)).json()) as { csrf: string };
  const post = (token: string) =>
    client.request(`${url}/console/sign-out`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ csrf: token }).toString(),
    });
  expect((await post('x')).status).toBe(403);
  expect((await see(client)).status).toBe(200);
  const cookies = [...client.jarOf(url)];
  const answer = await post(csrf);
  const [, to = ''] = /^0; url=(.+)$/.exec(answer.headers.get('refresh') ?? '') ?? [];
  expect(new URL(to).origin).toBe(issuer.url);
  expect(new URL(to).searchParams.get('post_logout_redirect_uri')).toBe(`${url}/console/signed-out`);
  expect(new URL(to).searchParams.get('id_token_hint')).toMatch(/^ey/);
  for (const [name, value] of cookies) client.jarOf(url).set(name, value);
  expect((await see(client)).status).toBe(302);
});

test('signing in again renews the session, and a person has at most ten', async () => {
  const client = await session();
  const first = client.jarOf(url).get('__Host-runwatch');
  await finish(client, await client.signIn(`${url}/console/sign-in`, 'sam', /\/console\/callback\?/));
  const second = client.jarOf(url).get('__Host-runwatch');
  expect(second).not.toBe(first);
  const copy = createWebClient();
  copy.jarOf(url).set('__Host-runwatch', first ?? '');
  expect((await see(copy)).status).toBe(302);
  for (let i = 0; i < 10; i++) {
    clock += 1;
    await session();
  }
  expect((await see(client)).status).toBe(302);
});

test('with a console token too, people choose; the token’s sessions work as before', async () => {
  const port = await freePort();
  const both = await startConsole(port, 'kL9-a-token-of-some-length');
  try {
    const at = `http://127.0.0.1:${port}/console`;
    const page = await createWebClient().request(at);
    expect(page.status).toBe(401);
    const text = await page.text();
    expect(text).toContain(`Sign in with ${new URL(issuer.url).host}`);
    expect(text).toContain('Console token');
    const client = createWebClient();
    await client.request(`${at}/sign-in`, {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ token: 'kL9-a-token-of-some-length' }).toString(),
    });
    const answer = await client.request(at);
    expect(((await answer.json()) as { presser: Presser }).presser.id).toBe('console-token');
  } finally {
    both.closeAllConnections();
    both.close();
  }
});

test('a session in Redis that Runwatch did not seal opens nothing', async () => {
  const client = createWebClient();
  client.jarOf(url).set('__Host-runwatch', 'A'.repeat(43));
  const key = sessionKey('A'.repeat(43));
  const presser = { surface: 'console', id: 'x', name: 'x', issuer: issuer.url };
  const at = now();
  const times = { startedAt: at, seenAt: at, checkedAt: at };
  const forged = JSON.stringify({ presser, ...times, refreshToken: null, idToken: null });
  await own.store.signIns.addSession(key, 'x', forged, { seconds: 60, listSeconds: 60, at: 1, most: 10 });
  expect((await see(client)).status).toBe(302);
});
