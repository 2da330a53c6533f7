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

test('responders that are named have a view of their own; others see how it stands', async () => {
  const app = await bench.start({ TEAMS_LOCAL: '1', RUNWATCH_RESPONDERS: 'sam@contoso.example' });
  const url = app.url as string;
  teams.people.set('sam@contoso.example', { ...sam, userPrincipalName: 'sam@contoso.example' });
  teams.people.set('eve@contoso.example', { ...eve, userPrincipalName: 'eve@contoso.example' });
  await teams.install(url);
  runOn(bench, bench.world.vms.pay01);
  const { card } = await until('the card', () => teams.cards().find((a) => a.card.refresh));
  expect(card.actions).toEqual([]);
  expect(card.refresh.userIds).toEqual(['29:sam']);
  const hers = await teams.look(url, card, eve);
  expect(hers.actions).toEqual([]);
  const his = await teams.look(url, card, sam);
  expect(his.refresh.userIds).toEqual(['29:sam']);
  const refused = await teams.press(url, his, 'isolate', eve);
  expect(refused.body).toContain('not among the responders');
  await teams.press(url, his, 'isolate', sam);
  await until('isolated', () => /Isolated:/.test(JSON.stringify(teams.cards())));
});
