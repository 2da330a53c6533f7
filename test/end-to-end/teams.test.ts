import { runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { type SimulatedTeams, startTeams } from '../support/teams';
import { until } from '../support/wait';

let bench: Bench;
let teams: SimulatedTeams;
let url: string;

beforeEach(async () => {
  bench = await setUp({ mode: 'http' });
  teams = await startTeams();
  const app = await bench.start({ TEAMS_LOCAL: '1' });
  url = app.url as string;
});
afterEach(async () => {
  await bench.stop();
  await teams.stop();
});

const shown = () => JSON.stringify(teams.cards()[0]?.card);
const run = (resourceId: string) => runOn(bench, resourceId);

test('an alert arrives in Teams and Slack, and both show the same state whichever is used', async () => {
  expect((await teams.install(url)).status).toBe(200);
  run(bench.world.vms.pay01);
  const message = await until('the Slack message', () => bench.slack.alerts()[0]);
  await until('the card', () => teams.cards()[0]);
  expect(shown()).toContain('Dana Reyes');
  expect(shown()).toContain('ops-oncall');
  expect(JSON.stringify(teams.cards()[0]?.card).length).toBeLessThan(28 * 1024);

  const answer = await teams.press(url, teams.cards()[0]?.card, 'acknowledge');
  expect(answer.status).toBe(200);
  expect(answer.body).toContain('application/vnd.microsoft.activity.message');
  await until(
    'both',
    () =>
      shown().includes('Acknowledged by **Sam Ortiz**') &&
      JSON.stringify(message.blocks).includes('Acknowledged by *Sam Ortiz*'),
  );

  await bench.slack.press(message, 'isolate', 'U0LEE0000', { url });
  await until(
    'isolated on both',
    () => shown().includes('Isolated:') && JSON.stringify(message.blocks).includes('Isolated:'),
  );
  await teams.press(url, teams.cards()[0]?.card, 'release');
  await until(
    'released on both',
    () => shown().includes('Released:') && JSON.stringify(message.blocks).includes('Released:'),
  );
  await teams.press(url, teams.cards()[0]?.card, 'add_exception');
  await until('excepted', () => shown().includes('Closed as expected'));
  expect(teams.cards()).toHaveLength(1);
  expect(bench.slack.alerts()).toHaveLength(1);
});

test('a press that is refused tells the presser why, and nobody else', async () => {
  await teams.install(url);
  run(bench.world.vms.pay01);
  await until('the card', () => teams.cards()[0]);
  const { card } = teams.cards()[0] as { card: unknown };
  await teams.press(url, card, 'acknowledge');
  await until('acknowledged', () => shown().includes('Acknowledged'));
  const second = await teams.press(url, card, 'acknowledge', {
    id: 'u2',
    name: 'Lee',
    aadObjectId: '00000000-0000-4000-8000-00000000005b',
  });
  expect(second.body).toContain('already acknowledged by Sam Ortiz');
});

test('message commands are answered, and an alert waits until the app is installed', async () => {
  run(bench.world.vms.pay01);
  await until('the Slack message', () => bench.slack.alerts()[0]);
  expect(teams.cards()).toHaveLength(0);
  await teams.say(url, 'status');
  await until('the answer', () => teams.texts().some((text) => text.includes('alerts in the last day')));
  await until('the delayed card', () => teams.cards()[0], 30);
});

test('home is answered in a personal chat, with buttons that work', async () => {
  await teams.install(url);
  run(bench.world.vms.pay01);
  await until('the card', () => teams.cards()[0]);
  await teams.say(url, 'home');
  await until('the refusal', () => teams.texts().some((text) => text.includes('in a personal chat')));
  const base = teams.base('c-sam');
  const conversation = { ...base.conversation, conversationType: 'personal' };
  await teams.send(url, { ...base, conversation, type: 'message', text: 'home' });
  const home = await until('the home card', () =>
    teams.all().find(({ card }) => JSON.stringify(card ?? '').includes('My alerts')),
  );
  const buttons = home.card.body.flatMap(({ actions = [] }: { actions?: { verb?: string }[] }) => actions);
  const assign = buttons.find(({ verb }: { verb?: string }) => verb === 'assign');
  await teams.send(url, {
    ...base,
    conversation,
    type: 'invoke',
    name: 'adaptiveCard/action',
    value: { action: assign, trigger: 'manual' },
  });
  await until('assigned', () => shown().includes('Assigned to **Sam Ortiz**'));
});

test.each([1, 2])(
  'a post that Teams fails %i times is retried, shown once and not reported',
  async (times) => {
    await teams.install(url);
    teams.fail(times, 502);
    run(bench.world.vms.pay01);
    await until('the card', () => teams.cards()[0], 40);
    expect(teams.cards()).toHaveLength(1);
    expect(teams.texts()).toEqual([]);
  },
);

test('the caller is asked in a personal chat, and can answer there with a note', async () => {
  const { people } = bench.world;
  teams.people.set(people.dana.login, { id: '29:dana', name: 'Dana Reyes', aadObjectId: people.dana.id });
  await teams.install(url);
  run(bench.world.vms.pay01);
  await until('the card', () => teams.cards()[0]);
  await teams.press(url, teams.cards()[0]?.card, 'ask_caller');
  const question = await until('the question', () => teams.direct()[0]);
  expect(JSON.stringify(question.card)).toMatch(/Did you run this on vm-pay-01/);
  await until('asked', () => shown().includes('no answer yet'));
  const no = question.card.actions[1];
  await teams.send(url, {
    ...teams.base(question.conversation, { id: '29:dana', name: 'Dana Reyes', aadObjectId: people.dana.id }),
    type: 'invoke',
    name: 'adaptiveCard/action',
    value: { action: { ...no, data: { ...no.data, note: 'I was asleep' } }, trigger: 'manual' },
  });
  await until('the answer', () => /answered: no, it was not them.*I was asleep/.test(shown()));
  run(bench.world.vms.pay02);
  await until('the next alert', () => teams.cards().length === 2);
  expect(teams.direct()).toHaveLength(1);
});

test('an incomplete dialog reopens and shows what is missing', async () => {
  await teams.install(url);
  run(bench.world.vms.pay01);
  await until('the card', () => teams.cards()[0]);
  const { card } = teams.cards()[0] as { card: unknown };
  const lacking = await teams.press(url, card, 'add_exception', undefined, { reason: '' });
  expect(JSON.parse(lacking.body).task).toMatchObject({ type: 'continue' });
  expect(lacking.body).toContain('Enter a reason');
  await teams.press(url, card, 'close', undefined, { as: 'benign' });
  await until('closed', () => shown().includes('Closed as benign'));
  const late = await teams.send(url, {
    ...teams.base('c-soc'),
    type: 'invoke',
    name: 'task/fetch',
    value: { data: { verb: 'isolate', alertId: bench.slack.alerts()[0]?.metadata?.event_payload.alert_id } },
  });
  expect(late.body).toContain('no longer available');
});
