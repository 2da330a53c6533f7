import type { TeamsCloud } from '../../src/config/config';
import {
  activity,
  appId,
  type Claims,
  good,
  now,
  somebody,
  tenantId,
  token,
  withBot,
} from '../support/signed-teams';

const without = (claim: string): Claims =>
  Object.fromEntries(Object.entries(good).filter(([name]) => name !== claim));

test.each<[string, Claims | string, unknown?]>([
  ['signed by somebody else', token(good, somebody.privateKey)],
  ['of another issuer', { ...good, iss: 'https://sts.windows.net/99999999-0000-4000-8000-000000000000/' }],
  [
    'of our own tenant, which is not Bot Service',
    { ...good, iss: `https://login.microsoftonline.com/${tenantId}/v2.0` },
  ],
  [
    'of a first-party tenant, which is not Bot Service',
    { ...good, iss: 'https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/' },
  ],
  ['without an issuer', without('iss')],
  ['for another audience', { ...good, aud: 'another-app' }],
  ['for several audiences', { ...good, aud: [appId, 'another-app'] }],
  ['without exp', without('exp')],
  ['expired', { ...good, exp: now() - 3600 }],
  ['without a serviceurl', without('serviceurl')],
  ['whose serviceurl is no text', { ...good, serviceurl: true }],
  ['whose serviceurl differs in its path', { ...good, serviceurl: 'https://smba.trafficmanager.net/amer/' }],
  ['whose serviceurl differs in its host', { ...good, serviceurl: 'https://evil.example/emea/' }],
  [
    'with another host in both',
    { ...good, serviceurl: 'https://evil.example/' },
    activity({ serviceUrl: 'https://evil.example/' }),
  ],
  [
    'with a host that only begins like Teams',
    { ...good, serviceurl: 'https://smba.trafficmanager.net.evil.example/' },
    activity({ serviceUrl: 'https://smba.trafficmanager.net.evil.example/' }),
  ],
  [
    'with a subdomain of Teams, which the SDK takes',
    { ...good, serviceurl: 'https://x.smba.trafficmanager.net/' },
    activity({ serviceUrl: 'https://x.smba.trafficmanager.net/' }),
  ],
  [
    'with Teams as a user name',
    { ...good, serviceurl: 'https://smba.trafficmanager.net@evil.example/' },
    activity({ serviceUrl: 'https://smba.trafficmanager.net@evil.example/' }),
  ],
  [
    'over plain http',
    { ...good, serviceurl: 'http://smba.trafficmanager.net/' },
    activity({ serviceUrl: 'http://smba.trafficmanager.net/' }),
  ],
  [
    'from the government cloud',
    { ...good, serviceurl: 'https://smba.infra.gov.teams.microsoft.us/' },
    activity({ serviceUrl: 'https://smba.infra.gov.teams.microsoft.us/' }),
  ],
  [
    'from another tenant',
    good,
    activity({ conversation: { id: 'c', tenantId: '99999999-0000-4000-8000-000000000000' } }),
  ],
  ['without a tenant', good, activity({ conversation: { id: 'c' } })],
  ['of another channel', good, activity({ channelId: 'directline' })],
  ['without a serviceUrl in the activity', good, activity({ serviceUrl: undefined })],
])('a token %s is refused, and nothing of it takes effect', async (...[, claims, body]) => {
  await withBot('public', async (post, seen) => {
    expect(await post(claims, body ?? activity())).toBe(401);
    expect(seen).toMatchObject({ conversations: new Map(), requests: [], commands: [], tokensAsked: 0 });
  });
});

test('a token of Teams for us is taken, though it carries no tid; our token goes to Teams alone', async () => {
  await withBot('public', async (post, seen) => {
    expect(await post(good)).toBeLessThan(300);
    expect(seen.commands).toEqual(['status']);
    expect(new Set(seen.hosts)).toEqual(new Set(['smba.trafficmanager.net']));
    expect([...seen.conversations.keys()]).toEqual(['19:soc@thread.tacv2']);
  });
});

test.each<[TeamsCloud, string, string]>([
  ['gcc', 'https://api.botframework.com', 'https://smba.infra.gcc.teams.microsoft.com/teams'],
  ['gcchigh', 'https://api.botframework.us', 'https://smba.infra.gov.teams.microsoft.us/teams'],
  ['dod', 'https://api.botframework.us', 'https://smba.infra.dod.teams.microsoft.us/teams'],
])('TEAMS_CLOUD %s takes its own issuer and host, and no other', async (cloud, iss, url) => {
  await withBot(cloud, async (post, seen) => {
    expect(await post({ ...good, iss, serviceurl: url }, activity({ serviceUrl: url }))).toBeLessThan(300);
    expect(seen.commands).toEqual(['status']);
    expect(await post(good)).toBe(401);
    expect(new Set(seen.hosts)).toEqual(new Set([new URL(url).hostname]));
  });
});

test('a reference that was kept with another address is never sent our token', async () => {
  await withBot('public', async (post, seen) => {
    seen.conversations.set(
      '19:soc@thread.tacv2',
      JSON.stringify({
        conversation: { id: '19:soc@thread.tacv2' },
        serviceUrl: 'https://evil.example/',
        alerts: true,
      }),
    );
    await post(
      good,
      activity({ conversation: { id: '19:other@thread.tacv2', conversationType: 'channel', tenantId } }),
    );
    expect(seen.hosts).not.toContain('evil.example');
  });
});
