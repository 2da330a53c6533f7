import type { TeamsCloud } from '../../src/chat/teams/teams-settings';
import {
  activity,
  appId,
  type Claims,
  now,
  stranger,
  tenantId,
  token,
  validClaims,
  withBot,
} from '../support/signed-teams';

const without = (claim: string): Claims =>
  Object.fromEntries(Object.entries(validClaims).filter(([name]) => name !== claim));

test.each<[string, Claims | string, unknown?]>([
  ['signed with another key', token(validClaims, stranger.privateKey)],
  [
    'from another issuer',
    { ...validClaims, iss: 'https://sts.windows.net/99999999-0000-4000-8000-000000000000/' },
  ],
  [
    'issued by our own tenant, not by Bot Service',
    { ...validClaims, iss: `https://login.microsoftonline.com/${tenantId}/v2.0` },
  ],
  [
    'issued by a first-party tenant, not by Bot Service',
    { ...validClaims, iss: 'https://sts.windows.net/d6d49420-f39b-4df7-a1dc-d59a935871db/' },
  ],
  ['without an issuer', without('iss')],
  ['for another audience', { ...validClaims, aud: 'another-app' }],
  ['for several audiences', { ...validClaims, aud: [appId, 'another-app'] }],
  ['without exp', without('exp')],
  ['expired', { ...validClaims, exp: now() - 3600 }],
  ['without a serviceurl', without('serviceurl')],
  ['whose serviceurl is not a string', { ...validClaims, serviceurl: true }],
  [
    'whose serviceurl differs in its path',
    { ...validClaims, serviceurl: 'https://smba.trafficmanager.net/amer/' },
  ],
  ['whose serviceurl differs in its host', { ...validClaims, serviceurl: 'https://evil.example/emea/' }],
  [
    'with another host in both token and activity',
    { ...validClaims, serviceurl: 'https://evil.example/' },
    activity({ serviceUrl: 'https://evil.example/' }),
  ],
  [
    'with a host that only starts like the Teams host',
    { ...validClaims, serviceurl: 'https://smba.trafficmanager.net.evil.example/' },
    activity({ serviceUrl: 'https://smba.trafficmanager.net.evil.example/' }),
  ],
  [
    'with a Teams subdomain, which the SDK accepts',
    { ...validClaims, serviceurl: 'https://x.smba.trafficmanager.net/' },
    activity({ serviceUrl: 'https://x.smba.trafficmanager.net/' }),
  ],
  [
    'with the Teams host as a user name',
    { ...validClaims, serviceurl: 'https://smba.trafficmanager.net@evil.example/' },
    activity({ serviceUrl: 'https://smba.trafficmanager.net@evil.example/' }),
  ],
  [
    'over plain http',
    { ...validClaims, serviceurl: 'http://smba.trafficmanager.net/' },
    activity({ serviceUrl: 'http://smba.trafficmanager.net/' }),
  ],
  [
    'from the government cloud',
    { ...validClaims, serviceurl: 'https://smba.infra.gov.teams.microsoft.us/' },
    activity({ serviceUrl: 'https://smba.infra.gov.teams.microsoft.us/' }),
  ],
  [
    'from another tenant',
    validClaims,
    activity({ conversation: { id: 'c', tenantId: '99999999-0000-4000-8000-000000000000' } }),
  ],
  ['without a tenant', validClaims, activity({ conversation: { id: 'c' } })],
  ['from another channel', validClaims, activity({ channelId: 'directline' })],
  ['without a serviceUrl in the activity', validClaims, activity({ serviceUrl: undefined })],
])('a token %s is rejected and has no effect', async (...[, claims, body]) => {
  await withBot('public', async (post, seen) => {
    expect(await post(claims, body ?? activity())).toBe(401);
    expect(seen).toMatchObject({ conversations: new Map(), requests: [], commands: [], tokensAsked: 0 });
  });
});

test('a Teams token for our app is accepted without a tid; our token goes only to Teams', async () => {
  await withBot('public', async (post, seen) => {
    expect(await post(validClaims)).toBeLessThan(300);
    expect(seen.commands).toEqual(['status']);
    expect(new Set(seen.hosts)).toEqual(new Set(['smba.trafficmanager.net']));
    expect([...seen.conversations.keys()]).toEqual(['19:soc@thread.tacv2']);
  });
});

test.each<[TeamsCloud, string, string]>([
  ['gcc', 'https://api.botframework.com', 'https://smba.infra.gcc.teams.microsoft.com/teams'],
  ['gcchigh', 'https://api.botframework.us', 'https://smba.infra.gov.teams.microsoft.us/teams'],
  ['dod', 'https://api.botframework.us', 'https://smba.infra.dod.teams.microsoft.us/teams'],
])('TEAMS_CLOUD %s accepts only its own issuer and host', async (cloud, iss, url) => {
  await withBot(cloud, async (post, seen) => {
    expect(await post({ ...validClaims, iss, serviceurl: url }, activity({ serviceUrl: url }))).toBeLessThan(
      300,
    );
    expect(seen.commands).toEqual(['status']);
    expect(await post(validClaims)).toBe(401);
    expect(new Set(seen.hosts)).toEqual(new Set([new URL(url).hostname]));
  });
});

test('our token is never sent to a stored reference with another host', async () => {
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
      validClaims,
      activity({ conversation: { id: '19:other@thread.tacv2', conversationType: 'channel', tenantId } }),
    );
    expect(seen.hosts).not.toContain('evil.example');
  });
});
