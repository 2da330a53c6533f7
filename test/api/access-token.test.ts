import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { decodeJwt, type JSONWebKeySet, SignJWT, UnsecuredJWT } from 'jose';
import { readAccessToken } from '../../src/api/auth/access-token';
import { createIssuerKeys } from '../../src/api/auth/issuer-keys';
import { freePort } from '../support/free-port';
import { clientId, soarId, startIssuer, type TestIssuer } from '../support/issuer';

const publicUrl = 'https://runwatch.contoso.example';
const audience = `${publicUrl}/api/v1`;
const audiences = [clientId, `api://${clientId}`, audience];

let issuer: TestIssuer;
let clock: number;
let errors: unknown[];
let keys: ReturnType<typeof createIssuerKeys>;
const now = () => Date.now() + clock;
const readKeys = async () => (await (await fetch(`${issuer.url}/jwks`)).json()) as JSONWebKeySet;

beforeAll(async () => {
  issuer = await startIssuer(publicUrl, await freePort());
  issuer.people.set('sam', { name: 'Sam Ito' });
});
afterAll(() => issuer.stop());
beforeEach(() => {
  clock = 0;
  errors = [];
  keys = createIssuerKeys({ read: readKeys, now, onError: (error) => errors.push(error) });
});

const read = (token: string) => readAccessToken(token, { issuer: issuer.url, audiences, keys, now });
const refusal = async (token: string) => {
  const found = await read(token);
  return 'refused' in found ? found.refused : null;
};
const valid = (more: Record<string, unknown> = {}) => {
  const at = Math.floor(now() / 1000);
  const claims = { iss: issuer.url, aud: audience, sub: 'sam', client_id: 'tool', iat: at, exp: at + 600 };
  return { ...claims, scope: 'Alerts.Read', ...more };
};

test('a person’s access token says who they are, by which application, and what it may do', async () => {
  const { accessToken, idToken } = await issuer.tokensOf('sam', 'Alerts.Read');
  expect(await read(accessToken)).toEqual({
    presser: {
      surface: 'console',
      id: `${issuer.url}#sam`,
      name: `${issuer.url}#sam`,
      issuer: issuer.url,
      client: 'responder-tool',
    },
    scopes: new Set(['Alerts.Read']),
    endsAt: (decodeJwt(accessToken).exp ?? 0) * 1000,
  });
  expect(await refusal(idToken)).toMatch(/another audience/);
});

test('an application’s access token is never a person’s', async () => {
  const token = await issuer.applicationToken('Alerts.Read Alerts.Act');
  expect(await read(token)).toMatchObject({
    presser: { surface: 'api', id: soarId, issuer: issuer.url },
    scopes: new Set(['Alerts.Read', 'Alerts.Act']),
  });
});

describe('forged and misused tokens', () => {
  const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const own = (header: Record<string, unknown>, key: KeyObject | Uint8Array = other.privateKey) =>
    new SignJWT(valid())
      .setProtectedHeader({ alg: 'RS256', kid: 'key-1', typ: 'at+jwt', ...header })
      .sign(key);

  test.each<[string, () => Promise<string>, RegExp]>([
    ['no token at all', async () => 'a.b.c', /signature is invalid/],
    ['no algorithm', async () => new UnsecuredJWT(valid()).encode(), /./],
    [
      'HS256 with the public key as secret',
      async () => {
        const [key] = (await readKeys()).keys;
        return own({ alg: 'HS256' }, new TextEncoder().encode(JSON.stringify(key)));
      },
      /algorithm is not allowed/,
    ],
    ['a key of another issuer under our key’s id', () => own({}), /signature is invalid/],
    ['an unknown key', () => own({ kid: 'other' }), /not one of the issuer/],
    [
      'a key in its own header',
      () => own({ kid: 'other', jwk: other.publicKey.export({ format: 'jwk' }) }),
      /not one of the issuer/,
    ],
    [
      'a key at an address',
      () => own({ kid: 'other', jku: 'http://127.0.0.1:9/jwks' }),
      /not one of the issuer/,
    ],
    ['another issuer', () => issuer.sign(valid({ iss: 'https://evil.example' })), /another issuer/],
    [
      'another audience',
      () => issuer.sign(valid({ aud: 'https://graph.microsoft.com' })),
      /another audience/,
    ],
    ['no audience', () => issuer.sign(valid({ aud: undefined })), /aud/],
    ['an expired one', () => issuer.sign(valid({ exp: Math.floor(now() / 1000) - 61 })), /expired/],
    ['one that never expires', () => issuer.sign(valid({ exp: undefined })), /exp/],
    ['one of later', () => issuer.sign(valid({ nbf: Math.floor(now() / 1000) + 120 })), /not valid yet/],
    [
      'an ID token for us',
      () => issuer.sign(valid({ aud: clientId }), { typ: 'JWT' }),
      /not an access token/,
    ],
    ['an ID token named otherwise', () => issuer.sign(valid({ nonce: 'n' })), /not an access token/],
    ['a token bound to a key', () => issuer.sign(valid({ cnf: { jkt: 'k' } })), /not an access token/],
    ['a logout token', () => issuer.sign(valid({ events: {} })), /not an access token/],
    ['one without an application', () => issuer.sign(valid({ client_id: undefined })), /not an access token/],
    ['one without a key id', () => issuer.sign(valid(), { kid: undefined }), /names no key/],
    [
      'a changed one',
      async () => `${(await issuer.sign(valid())).slice(0, -20)}${'A'.repeat(20)}`,
      /signature/,
    ],
  ])('%s is refused', async (_, make, why) => {
    expect(await refusal(await make())).toMatch(why);
  });

  test('who guesses is told apart from who comes late', async () => {
    expect(await read(await own({}))).toMatchObject({ isForged: true });
    expect(await read(await issuer.sign(valid({ exp: 1 })))).not.toHaveProperty('isForged');
  });
});

test('clocks may differ by a minute', async () => {
  const at = Math.floor(now() / 1000);
  expect(await refusal(await issuer.sign(valid({ exp: at - 50, nbf: at + 50 })))).toBeNull();
});

test('scopes of others grant nothing', async () => {
  const token = await issuer.sign(
    valid({ scope: 'alerts.act Alerts.ReadWrite openid', roles: ['Alerts.Act'] }),
  );
  expect(await read(token)).toMatchObject({ scopes: new Set() });
});

describe('Entra', () => {
  const tid = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
  const oid = '11111111-0000-4000-8000-000000000001';
  const azp = '22222222-0000-4000-8000-000000000001';
  const entra = `https://login.microsoftonline.com/${tid}/v2.0`;
  const pair = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const jwk = { ...pair.publicKey.export({ format: 'jwk' }), kid: 'k', use: 'sig' };
  const entraKeys = createIssuerKeys({
    read: async () => ({ keys: [jwk] }) as JSONWebKeySet,
    now: Date.now,
    onError: () => {},
  });
  const app = { sub: oid, oid, roles: ['Alerts.Read', 'Other'], azp };
  const person = { sub: 'pairwise', oid, azp, scp: 'Alerts.Read Alerts.Act', name: 'Sam Ito' };
  async function readEntra(claims: Record<string, unknown>) {
    const at = Math.floor(Date.now() / 1000);
    const token = await new SignJWT({
      iss: entra,
      aud: clientId,
      iat: at,
      exp: at + 600,
      tid,
      ver: '2.0',
      ...claims,
    })
      .setProtectedHeader({ alg: 'RS256', kid: 'k', typ: 'JWT' })
      .sign(pair.privateKey);
    return readAccessToken(token, { issuer: entra, audiences, keys: entraKeys, now: Date.now });
  }

  test('a delegated token is a person’s, one with app roles an application’s', async () => {
    expect(await readEntra(person)).toMatchObject({
      presser: { surface: 'console', id: oid, objectId: oid, tenant: tid, client: azp, name: 'Sam Ito' },
      scopes: new Set(['Alerts.Read', 'Alerts.Act']),
    });
    expect(await readEntra(app)).toMatchObject({
      presser: { surface: 'api', id: azp, objectId: oid, tenant: tid, issuer: entra },
      scopes: new Set(['Alerts.Read']),
    });
  });

  test('app roles of a person grant nothing in a delegated token', async () => {
    expect(await readEntra({ ...person, scp: 'Alerts.Read', roles: ['Alerts.Act'] })).toMatchObject({
      scopes: new Set(['Alerts.Read']),
    });
  });

  test.each<[string, Record<string, unknown>, RegExp]>([
    ['an ID token with a person’s app roles', { ...app, sub: 'pairwise' }, /not an access token/],
    ['an ID token', { sub: 'pairwise', oid, name: 'Sam' }, /not an access token/],
    ['a person’s token that claims to be an application’s', { ...app, idtyp: 'user' }, /not an access token/],
    ['an application’s token with a scope', { ...person, idtyp: 'app' }, /not an access token/],
    ['a person of another tenant', { ...person, tid: azp }, /another tenant/],
    ['an application of another tenant', { ...app, tid: azp }, /another tenant/],
    ['a token without a tenant', { ...app, tid: undefined }, /another tenant/],
    ['a guest', { ...person, acct: 1 }, /Guests/],
    ['a person without an object id', { ...person, oid: undefined }, /which account/],
  ])('%s is refused', async (_, claims, why) => {
    const found = await readEntra(claims);
    expect('refused' in found ? found.refused : null).toMatch(why);
  });
});

describe('keys', () => {
  test('after a rotation the new key is read once, and guessed key ids ask the issuer no more', async () => {
    let reads = 0;
    let set: JSONWebKeySet = { keys: [] };
    keys = createIssuerKeys({
      now,
      onError: () => {},
      read: async () => {
        reads++;
        return set;
      },
    });
    const token = await issuer.sign(valid());
    expect(await refusal(token)).toMatch(/not one of the issuer/);
    set = await readKeys();
    expect(await refusal(token)).toMatch(/not one of the issuer/);
    expect(reads).toBe(1);
    clock = 31_000;
    expect(await refusal(token)).toBeNull();
    expect(reads).toBe(2);
    for (const kid of ['a', 'b', 'c']) await refusal(await issuer.sign(valid(), { kid }));
    expect(reads).toBe(2);
  });

  test('while the issuer does not answer, its last keys are used for some hours', async () => {
    let isDown = false;
    keys = createIssuerKeys({
      now,
      onError: (error) => errors.push(error),
      read: async () => {
        if (isDown) throw new Error('down');
        return readKeys();
      },
    });
    expect(await refusal(await issuer.sign(valid()))).toBeNull();
    isDown = true;
    clock = 5 * 3_600_000;
    expect(await refusal(await issuer.sign(valid()))).toBeNull();
    clock = 7 * 3_600_000;
    expect(await read(await issuer.sign(valid()))).toMatchObject({ why: 'keys unavailable' });
    expect(errors.length).toBeGreaterThan(0);
  });
});
