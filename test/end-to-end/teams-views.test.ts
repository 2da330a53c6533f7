import { runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { type SimulatedTeams, startTeams } from '../support/teams';
import { until } from '../support/wait';

let bench: Bench;
let teams: SimulatedTeams;

beforeEach(async () => {
  bench = await setUp({ mode: 'none' });
  teams = await startTeams();
});
afterEach(async () => {
  await bench.stop();
  await teams.stop();
});

const sam = { id: '29:sam', name: 'Sam Ortiz', aadObjectId: '00000000-0000-4000-8000-00000000005a' };
const eve = { id: '29:eve', name: 'Eve', aadObjectId: '00000000-0000-4000-8000-00000000005e' };

test('named responders get their own view with buttons; others see only the state', async () => {
  const app = await bench.start({ TEAMS_LOCAL: '1', RUNWATCH_RESPONDERS: 'sam@contoso.example' });
  const url = app.url as string;
  teams.people.set('sam@contoso.example', { ...sam, userPrincipalName: 'sam@contoso.example' });
  teams.people.set('eve@contoso.example', { ...eve, userPrincipalName: 'eve@contoso.example' });
  await teams.install(url);
  runOn(bench, bench.world.vms.pay01);
  const { card } = await until('the card', () => teams.cards().find((a) => a.card.refresh));
  expect(card.actions).toEqual([]);
  expect(card.refresh.userIds).toEqual(['29:sam']);
  const evesView = await teams.refreshCard(url, card, eve);
  expect(evesView.actions).toEqual([]);
  const samsView = await teams.refreshCard(url, card, sam);
  expect(samsView.refresh.userIds).toEqual(['29:sam']);
  const refused = await teams.press(url, samsView, 'isolate', eve);
  expect(refused.body).toContain('not among the responders');
  await teams.press(url, samsView, 'isolate', sam);
  await until('isolated', () => /Isolated:/.test(JSON.stringify(teams.cards())));
});

test('requests that Microsoft did not sign are rejected', async () => {
  const appId = 'a0b1c2d3-0000-4000-8000-000000000001';
  const app = await bench.start({
    TEAMS_APP_ID: appId,
    TEAMS_APP_PASSWORD: 'secret',
    TEAMS_TENANT_ID: '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310',
  });
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iss: 'https://api.botframework.com',
    aud: appId,
    exp: Math.floor(Date.now() / 1000) + 600,
  };
  const forged = (head: unknown) => `Bearer ${part(head)}.${part(claims)}.${part('signature')}`;
  for (const authorization of [
    undefined,
    'Bearer x',
    forged({ alg: 'none', typ: 'JWT' }),
    forged({ alg: 'HS256', typ: 'JWT' }),
    forged({ alg: 'RS256', typ: 'JWT', kid: 'unknown' }),
  ]) {
    const answer = await fetch(`${app.url}/api/messages`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) },
      body: JSON.stringify({ ...teams.base('c-soc'), type: 'installationUpdate', action: 'add' }),
    });
    expect([401, 403]).toContain(answer.status);
  }
});
