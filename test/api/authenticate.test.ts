import type { Request } from 'express';
import { RateLimiterMemory } from 'rate-limiter-flexible';
import { type AuthenticateDeps, createAuthenticate } from '../../src/api/auth/authenticate';
import { Problem } from '../../src/api/problem';
import type { Presser } from '../../src/domain/people/person';
import { createLog } from '../../src/runtime/log';

const consoleToken = 'a console token that nobody guesses';
const sam: Presser = { surface: 'console', id: 'sam', name: 'Sam', issuer: 'https://id.contoso.example' };

const authenticateWith = (more: Partial<AuthenticateDeps> = {}) =>
  createAuthenticate({
    consoleToken,
    readToken: async (token) =>
      token === 'good.to.ken'
        ? { presser: sam, scopes: new Set(['Alerts.Read']), endsAt: 1 }
        : { refused: 'forged', why: 'invalid', isForged: true },
    failures: new RateLimiterMemory({ points: 3, duration: 60 }),
    identify: async (presser) => ({ presser }),
    mayRead: async () => true,
    log: createLog('silent'),
    ...more,
  });
const request = (authorization?: string) =>
  ({ headers: { authorization, cookie: 'runwatch_console=x' }, ip: '203.0.113.9' }) as unknown as Request;
const kindOf = async (authenticate: ReturnType<typeof authenticateWith>, authorization?: string) => {
  try {
    return (await authenticate(request(authorization))).presser.id;
  } catch (error) {
    return error instanceof Problem ? error.kind : error;
  }
};

test('a bearer is an access token or the console token, and nothing else', async () => {
  const authenticate = authenticateWith();
  expect(await kindOf(authenticate, 'Bearer good.to.ken')).toBe('sam');
  expect(await kindOf(authenticate, `bearer ${consoleToken}`)).toBe('console-token');
  for (const wrong of [undefined, '', 'Bearer', `Basic ${consoleToken}`, consoleToken])
    expect(await kindOf(authenticate, wrong)).toBe('invalid-token');
});

test('after some wrong tokens an address guesses in vain, and valid access tokens still work', async () => {
  const authenticate = authenticateWith();
  for (const wrong of ['a', 'b.c.d', 'e'])
    expect(await kindOf(authenticate, `Bearer ${wrong}`)).toBe('invalid-token');
  expect(await kindOf(authenticate, `Bearer ${consoleToken}`)).toBe('too-many-requests');
  expect(await kindOf(authenticate, 'Bearer good.to.ken')).toBe('sam');
});

test('without a console token and an issuer nothing opens it', async () => {
  const authenticate = authenticateWith({ consoleToken: null, readToken: null });
  for (const bearer of ['good.to.ken', consoleToken, 'null'])
    expect(await kindOf(authenticate, `Bearer ${bearer}`)).toBe('invalid-token');
});

test('a person who lost their account, or may not read, is refused', async () => {
  const gone = authenticateWith({ identify: async () => ({ refused: 'Your account is deactivated.' }) });
  expect(await kindOf(gone, 'Bearer good.to.ken')).toBe('not-allowed');
  expect(await kindOf(authenticateWith({ mayRead: async () => false }), 'Bearer good.to.ken')).toBe(
    'not-allowed',
  );
});

test('while the issuer’s keys can’t be read, the caller is told to try again', async () => {
  const readToken = async () => ({ refused: 'later', why: 'keys unavailable' as const });
  expect(await kindOf(authenticateWith({ readToken }), 'Bearer good.to.ken')).toBe('not-ready');
});
