import { createAzure } from '../../src/azure/azure';
import type { ConnectedSurface } from '../../src/chat/surfaces';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import type { Presser } from '../../src/domain/people/person';
import { loadConfig } from '../../src/load-config';
import { createPeople } from '../../src/presses/identify';
import { createLog } from '../../src/runtime/log';

const tid = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
const samId = '11111111-0000-4000-8000-000000000001';
const inner = '22222222-0000-4000-8000-000000000001';
const outer = '22222222-0000-4000-8000-000000000002';
const issuer = `https://login.microsoftonline.com/${tid}/v2.0`;
const sam: Presser = { surface: 'console', id: samId, name: 'Sam', objectId: samId, tenant: tid, issuer };
const own = 'https://id.contoso.example';
const samElsewhere: Presser = { surface: 'console', id: `${own}#sam`, name: 'Sam', issuer: own };

let tenant: Tenant;
let clock: number;
let claimed: ReadonlySet<string> | null;
beforeEach(async () => {
  clock = Date.now();
  claimed = null;
  const token = `e30.${Buffer.from(JSON.stringify({ tid })).toString('base64url')}.x`;
  tenant = await startTenant({ token, now: () => clock });
  tenant.directory.add({ id: samId, kind: 'User', name: 'Sam', login: 'sam@contoso.example', enabled: true });
  tenant.directory.add({ id: inner, kind: 'Group', name: 'soc', login: '', members: [samId] });
  tenant.directory.add({ id: outer, kind: 'Group', name: 'all', login: '', members: [inner] });
});
afterEach(() => tenant.stop());

const peopleOf = (env: Record<string, string> = {}, surfaces: ConnectedSurface[] = []) => {
  const config = loadConfig({
    AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
    AZURE_ACCESS_TOKEN: tenant.token,
    RUNWATCH_PUBLIC_URL: 'https://runwatch.contoso.example',
    RUNWATCH_OIDC_ISSUER: issuer,
    RUNWATCH_OIDC_CLIENT_ID: 'x',
    RUNWATCH_OIDC_CLIENT_SECRET: 'x',
    ...env,
  });
  const now = () => clock;
  return createPeople({
    config,
    azure: createAzure(config, { tlsOptions: { ca: tenant.ca }, graphEndpoint: tenant.endpoint, now }),
    surfaces,
    claimedGroups: async () => claimed,
    log: createLog('silent'),
    now,
  });
};
const refusal = async (people: ReturnType<typeof peopleOf>, by: Presser) => {
  const known = await people.identify(by, null);
  return 'refused' in known ? known.refused : null;
};

test('a person of the configured issuer is accepted, one of another issuer refused', async () => {
  expect(await refusal(peopleOf(), sam)).toBeNull();
  expect(await refusal(peopleOf(), samElsewhere)).toMatch(/no longer configured/);
  const none = { RUNWATCH_OIDC_ISSUER: '', RUNWATCH_OIDC_CLIENT_ID: '', RUNWATCH_OIDC_CLIENT_SECRET: '' };
  expect(await refusal(peopleOf(none), sam)).toMatch(/no longer configured/);
});

test.each([
  ['deactivated', { enabled: false }, /deactivated/],
  ['made a guest', { guest: true }, /^Guests cannot use/],
])('an account that was %s is refused within five minutes', async (_, change, why) => {
  const people = peopleOf();
  expect(await refusal(people, sam)).toBeNull();
  Object.assign(tenant.directory.get(samId) ?? {}, change);
  clock += 5 * 60_000 + 1;
  expect(await refusal(people, sam)).toMatch(why);
});

test('an account that was deleted is refused; one of another tenant is not looked up', async () => {
  const gone = '11111111-0000-4000-8000-000000000009';
  expect(await refusal(peopleOf(), { ...sam, id: gone, objectId: gone })).toMatch(/deactivated/);
  const before = tenant.requests.length;
  expect(await refusal(peopleOf(), { ...sam, tenant: inner })).toBeNull();
  expect(tenant.requests.length).toBe(before);
});

test('while Graph does not answer, the issuer’s word counts', async () => {
  tenant.faults.add({ when: /getByIds/, status: 403, times: 9 });
  expect(await refusal(peopleOf(), sam)).toBeNull();
});

test('a verified email of another issuer gives the object id that Slack gets by it', async () => {
  const people = peopleOf({ RUNWATCH_OIDC_ISSUER: own });
  const known = await people.identify({ ...samElsewhere, email: 'sam@contoso.example' }, null);
  expect(known).toMatchObject({ presser: { objectId: samId, tenant: tid } });
  expect(await people.identify(samElsewhere, null)).toEqual({ presser: samElsewhere });
});

test('groups: a recent claim decides, else Graph does, also through other groups', async () => {
  const people = peopleOf();
  expect(await people.inGroup(`entra-group:${outer}`, sam)).toBe(true);
  claimed = new Set([inner]);
  expect(await people.inGroup(`entra-group:${outer}`, sam)).toBe(false);
  expect(await people.inGroup(`entra-group:${inner.toUpperCase()}`, sam)).toBe(true);
  claimed = null;
  tenant.faults.add({ when: /checkMemberGroups/, status: 403, times: 9 });
  expect(await people.inGroup(`entra-group:${inner}`, sam)).toBe(false);
});

test('a claim is not used for the person in a chat', async () => {
  claimed = new Set(['another']);
  const inTeams = { surface: 'teams', id: samId, name: 'Sam', objectId: samId, tenant: tid };
  expect(await peopleOf().inGroup('entra-group:another', inTeams)).toBe(false);
});

test('rights and reading follow the same rules as in chat', async () => {
  const lee = { ...sam, id: 'lee', objectId: 'lee' };
  const by = (env: Record<string, string>) => (who: Presser) => peopleOf(env).mayRead(who);
  for (const rule of [samId, `entra-group:${inner}`, '*@contoso.example']) {
    const withEmail = { ...sam, email: 'sam@contoso.example' };
    expect([rule, await by({ RUNWATCH_READERS: rule })(withEmail)]).toEqual([rule, true]);
    expect([rule, await by({ RUNWATCH_RESPONDERS: rule })(withEmail)]).toEqual([rule, true]);
    expect([rule, await by({ RUNWATCH_READERS: rule })(lee)]).toEqual([rule, false]);
  }
  expect(await by({})(sam)).toBe(false);
  expect(await by({})({ surface: 'console', id: 'root', name: 'root' })).toBe(true);
});

test('without RUNWATCH_READERS, members of an alert channel may read, as their user in that chat', async () => {
  const asked: Presser[] = [];
  const chat = {
    surface: { name: 'chat' },
    userOf: async ({ email }: Presser) =>
      email === undefined ? null : { surface: 'chat', id: 'U1', name: 'Sam' },
    isInAlertChannel: async (by: Presser) => {
      asked.push(by);
      return by.id === 'U1';
    },
    inGroup: async (group: string, by: Presser) => group === 'soc' && by.id === 'U1',
  } as unknown as ConnectedSurface;
  const people = peopleOf({}, [chat]);
  const withEmail = { ...sam, email: 'sam@contoso.example' };
  expect(await people.mayRead(withEmail)).toBe(true);
  expect(await people.mayRead(withEmail)).toBe(true);
  expect(asked).toHaveLength(1);
  expect(await people.mayRead(sam)).toBe(false);
  expect(await people.inGroup('chat-group:soc', withEmail)).toBe(true);
  expect(await people.inGroup('chat-group:soc', sam)).toBe(false);
});
