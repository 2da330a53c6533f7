import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { createApi } from '../../src/api/api';
import type { ApiDeps } from '../../src/api/api-deps';
import { scopes } from '../../src/api/auth/access-token';
import { pressAnswer } from '../../src/api/request-press';
import type { Change } from '../../src/domain/change';
import type { Approval } from '../../src/domain/measures/approval';
import { createLog } from '../../src/runtime/log';
import { followEvents } from '../support/event-stream';
import { type OwnStore, startStore } from '../support/store';
import { until } from '../support/wait';

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

const presser = { surface: 'api', id: 'soar', name: 'soar', issuer: 'https://id.contoso.example' };
const none = async () => null;
const limiter = (points: number) => new RateLimiterMemory({ points, duration: 60 });

/** What the tests do not use fails. */
const depsWith = (more: Partial<ApiDeps> = {}): ApiDeps =>
  ({
    now: Date.now,
    limits: { address: limiter(1000), caller: limiter(1000), acts: limiter(1000), searches: limiter(1000) },
    authenticate: async () => ({ presser, scopes: new Set(scopes), endsAt: null, key: 'soar' }),
    openIdUrl: null,
    feed: { newest: async () => '0-0', after: async (next: string) => ({ changes: [], next, lost: false }) },
    approvals: { list: async () => [], get: none },
    measures: { list: async () => [], get: none },
    presses: own.store.apiPresses,
    outcomeOf: own.store.pressResults.get,
    ...more,
  }) as ApiDeps;

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});
async function serve(more: Partial<ApiDeps> = {}): Promise<string> {
  const app = express().use('/api/v1', createApi({ ...depsWith(more), log: createLog('silent') }));
  const server = createServer(app);
  servers.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/v1`;
}

test('a caller with too many requests is told when to try again', async () => {
  const url = await serve({
    limits: { address: limiter(9), caller: limiter(2), acts: limiter(9), searches: limiter(9) },
  });
  const ask = () => fetch(`${url}/measures`);
  expect((await ask()).headers.get('ratelimit')).toBe('"default";r=1;t=60');
  expect((await ask()).status).toBe(200);
  const third = await ask();
  expect([third.status, third.headers.get('ratelimit-policy')]).toEqual([429, '"default";q=2;w=60']);
  expect(Number(third.headers.get('retry-after'))).toBeGreaterThan(0);
});

test('searches have a limit of their own', async () => {
  const url = await serve({
    limits: { address: limiter(99), caller: limiter(99), acts: limiter(9), searches: limiter(1) },
    entriesBefore: async () => [],
  });
  expect((await fetch(`${url}/audit`)).status).toBe(200);
  expect((await fetch(`${url}/audit`)).status).toBe(429);
  expect((await fetch(`${url}/measures`)).status).toBe(200);
});

test('requests of an address are counted before its token is looked at', async () => {
  let looked = 0;
  const url = await serve({
    limits: { address: limiter(1), caller: limiter(9), acts: limiter(9), searches: limiter(9) },
    authenticate: async () => {
      looked++;
      return { presser, scopes: new Set(scopes), endsAt: null, key: 'soar' };
    },
  });
  await fetch(`${url}/measures`);
  expect((await fetch(`${url}/measures`)).status).toBe(429);
  expect(looked).toBe(1);
});

test('an error of ours says nothing about itself', async () => {
  const url = await serve({
    measures: { list: () => Promise.reject(new Error('redis://user:password@host')), get: none },
  });
  const answer = await fetch(`${url}/measures`);
  expect([answer.status, await answer.json()]).toEqual([
    500,
    expect.objectContaining({ type: 'urn:runwatch:problem:internal-error', detail: 'See the Runwatch log.' }),
  ]);
});

describe('a stream of changes', () => {
  const change = (n: number, kind: Change['kind'] = 'alert.changed'): Change => ({
    cursor: `${n}-0`,
    kind,
    id: `RW-${n}`,
    rev: n,
    at: n,
  });
  const feedOf = (changes: Change[], isLost = false): ApiDeps['feed'] => ({
    newest: async () => '0-0',
    after: async (cursor) => {
      const left = changes.filter((one) => Number.parseInt(one.cursor, 10) > Number.parseInt(cursor, 10));
      const lost = isLost && cursor === '1-0';
      return { changes: left, next: left.at(-1)?.cursor ?? cursor, lost };
    },
  });

  test('has the changes after an id, and says when some were lost', async () => {
    const url = await serve({ feed: feedOf([change(3), change(4, 'notice.posted'), change(5)], true) });
    const events = await followEvents(`${url}/changes?after=1-0`, 'x');
    await until('the changes', () => events.seen.length >= 3);
    expect(events.seen.map(({ event, id }) => `${event} ${id}`)).toEqual([
      'lost 5-0',
      'change 3-0',
      'change 5-0',
    ]);
    events.stop();
  });

  test('ends when the token expires', async () => {
    const endsAt = Date.now() + 300;
    const url = await serve({
      authenticate: async () => ({ presser, scopes: new Set(scopes), endsAt, key: 'short' }),
    });
    const events = await followEvents(`${url}/changes`, 'x');
    await events.ended;
    expect(Date.now()).toBeGreaterThanOrEqual(endsAt - 20);
  });

  test('is one of five that a caller may have open', async () => {
    const url = await serve();
    const open = await Promise.all([1, 2, 3, 4, 5].map(() => followEvents(`${url}/changes`, 'x')));
    expect((await fetch(`${url}/changes`)).status).toBe(429);
    open[0]?.stop();
    const next = await until('another stream', async () => {
      const answer = await fetch(`${url}/changes`);
      return answer.ok ? answer : null;
    });
    await next.body?.cancel();
    for (const { stop } of open) stop();
  });
});

describe('what became of a press', () => {
  const press = {
    pressId: 'press-ABC',
    caller: 'soar',
    action: 'isolate',
    alertId: 'RW-1',
    at: '2026-11-26T08:00:00Z',
  };
  const until_ = new Date(Date.now() + 60_000).toISOString();
  const approval = (state: Approval['state'], until = until_) =>
    ({
      id: 'A-1',
      state,
      until,
      approvals: [],
      by: presser,
      ended: { by: { ...presser, name: 'Lee' }, at: until },
    }) as unknown as Approval;
  test.each<[string, Approval | null, string]>([
    ['waits', approval('asked'), 'asked'],
    ['ran out of time', approval('asked', '2026-11-26T08:00:00Z'), 'refused'],
    ['expired', approval('expired'), 'refused'],
    ['was declined', approval('declined'), 'refused'],
    ['is being carried out', approval('approved'), 'pending'],
  ])('an approval that %s', async (_, asked, state) => {
    const deps = depsWith({
      outcomeOf: async () => ({ result: 'asked', text: '' }),
      approvals: { list: async () => [], get: async () => asked },
    });
    expect((await pressAnswer(press, deps)).state).toBe(state);
  });

  test('is pending until it is known', async () => {
    expect((await pressAnswer(press, depsWith())).state).toBe('pending');
  });
});

test('of two requests with one key at once, both are the first', async () => {
  const { apiPresses } = own.store;
  const press = (pressId: string) => ({ pressId, caller: 'soar', action: 'a', alertId: '', at: 'now' });
  const taken = await Promise.all(['one', 'two'].map((id) => apiPresses.take('key', id, press(id))));
  expect(new Set(taken.map(({ request }) => request)).size).toBe(1);
  expect(await apiPresses.find('key')).toEqual(taken[0]);
  expect(await apiPresses.get(taken[0]?.press.pressId ?? '')).toEqual(taken[0]?.press);
});
