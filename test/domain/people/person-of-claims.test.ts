import { type Claimed, personOfClaims } from '../../../src/domain/people/person-of-claims';

const tid = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
const oid = '11111111-0000-4000-8000-000000000001';
const entra = `https://login.microsoftonline.com/${tid}/v2.0`;
const other = 'https://id.contoso.example';
const member = { sub: 's', tid, oid, name: 'Sam Ito', preferred_username: 'sam@contoso.example' };

const person = (claims: Record<string, unknown>, issuer = entra) =>
  personOfClaims({ ...(issuer === entra ? member : { sub: 's' }), ...claims }, issuer) as Claimed;
const refusal = (claims: Record<string, unknown>, issuer = entra) =>
  (person(claims, issuer) as unknown as { refused?: string }).refused;

test('in Entra, a person is their tenant and object id', () => {
  expect(person({ oid: oid.toUpperCase() }).presser).toEqual({
    surface: 'console',
    id: oid,
    name: 'Sam Ito',
    objectId: oid,
    tenant: tid,
    issuer: entra,
  });
});

test('elsewhere, a person is issuer and subject, whatever tid and oid say', () => {
  expect(person({ tid, oid, upn: 'sam@contoso.example' }, other).presser).toEqual({
    surface: 'console',
    id: `${other}#s`,
    name: `${other}#s`,
    issuer: other,
  });
});

test('a subject that looks like another surface’s id is not taken for it', () => {
  expect(person({ sub: 'U0SAM0000' }, other).presser.id).toBe(`${other}#U0SAM0000`);
});

test.each<[string, Record<string, unknown>, string, string | undefined]>([
  ['verified', { email: 'Sam@b.example', email_verified: true }, other, 'sam@b.example'],
  ['not verified', { email: 'sam@b.example', email_verified: false }, other, undefined],
  ['without email_verified', { email: 'sam@b.example' }, other, undefined],
  ['verified as a text', { email: 'sam@b.example', email_verified: 'true' }, other, undefined],
  ['that is none', { email: 'sam', email_verified: true }, other, undefined],
  ['in Entra', { email: 'sam@b.example' }, entra, undefined],
  ['in Entra with email_verified', { email: 'sam@b.example', email_verified: true }, entra, undefined],
  ['in Entra with xms_edov', { email: 'sam@b.example', xms_edov: true }, entra, 'sam@b.example'],
  ['in Entra with xms_edov as 1', { email: 'sam@b.example', xms_edov: '1' }, entra, 'sam@b.example'],
  ['in Entra with xms_edov as 0', { email: 'sam@b.example', xms_edov: '0' }, entra, undefined],
  ['elsewhere with xms_edov', { email: 'sam@b.example', xms_edov: true }, other, undefined],
  [
    'of a consumer account at Google',
    { email: 'sam@b.example', email_verified: true },
    'https://accounts.google.com',
    undefined,
  ],
  [
    'of another organization at Google',
    { email: 'sam@b.example', email_verified: true, hd: 'example' },
    'https://accounts.google.com',
    undefined,
  ],
  [
    'of its organization at Google',
    { email: 'sam@b.example', email_verified: true, hd: 'B.example' },
    'https://accounts.google.com',
    'sam@b.example',
  ],
])('an email %s', (_, claims, issuer, email) => {
  expect(person(claims, issuer).presser.email).toBe(email);
});

test.each<[string, Record<string, unknown>]>([
  ['acct', { acct: 1 }],
  ['acct as a text', { acct: '1' }],
  ['another provider', { idp: 'https://sts.windows.net/9b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310/' }],
  ['a personal account', { idp: 'live.com' }],
  ['the name', { preferred_username: 'eve_evil.example#EXT#@contoso.example' }],
])('a guest by %s is refused', (_, claims) => {
  expect(refusal(claims)).toMatch(/^Guests cannot use Runwatch/);
});

test('a member is no guest', () => {
  expect(refusal({ acct: 0, idp: `https://sts.windows.net/${tid}/` })).toBeUndefined();
});

test.each<[string, Record<string, unknown>]>([
  ['no object id', { oid: undefined }],
  ['an object id that is none', { oid: 'sam' }],
  ['no tenant', { tid: undefined }],
  ['another tenant than the issuer', { tid: '9b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310' }],
])('in Entra, a token with %s names nobody', (_, claims) => {
  expect(refusal(claims)).toMatch(/did not say which account/);
});

test('groups are the claim; null where it is absent, incomplete or too long', () => {
  expect(person({ groups: ['A', 'b'] }).groups).toEqual(['a', 'b']);
  expect(person({ groups: [] }).groups).toEqual([]);
  expect(person({}).groups).toBeNull();
  const overage = { _claim_names: { groups: 'src1' }, _claim_sources: { src1: { endpoint: 'https://x' } } };
  expect(person(overage).groups).toBeNull();
  expect(person({ ...overage, groups: ['a'] }).groups).toBeNull();
  expect(person({ hasgroups: true }).groups).toBeNull();
  expect(person({ groups: 'a' }).groups).toBeNull();
  expect(person({ groups: Array(1001).fill('a') }).groups).toBeNull();
  expect(person({ _claim_names: { other: 'src1' }, groups: ['a'] }).groups).toEqual(['a']);
});

test('a name is one plain line, and a claim of another type or length changes nothing else', () => {
  expect(person({ name: 'Sam\u202e\nIto' }).presser.name).toBe('Sam Ito');
  expect(person({ name: 7 }).presser.name).toBe('sam@contoso.example');
  expect(person({ name: 'x'.repeat(5000) }).presser.name).toBe('sam@contoso.example');
  expect(refusal({ sub: '' })).toMatch(/invalid identity/);
  expect(refusal({ sub: 'x'.repeat(255) }, other)).toMatch(/too long/);
});
