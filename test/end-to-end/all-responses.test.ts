import { createStore } from '../../src/store/store';
import { alertOn, runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import type { PostedMessage } from '../support/slack';
import { startTeams } from '../support/teams';
import { until } from '../support/wait';

let bench: Bench;
let to: { url: string };
afterEach(() => bench.stop());

async function begin(extra: Record<string, string> = {}): Promise<PostedMessage> {
  bench = await setUp({ mode: 'http' });
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  const app = await bench.start(extra);
  to = { url: app.url as string };
  runOn(bench, bench.world.vms.pay01);
  return alertOn(bench, 'vm-pay-01');
}
const idOf = (message: PostedMessage) => message.metadata?.event_payload.alert_id as string;
/** The message as an earlier version posted it. */
const before = (message: PostedMessage, element: Record<string, unknown>): PostedMessage => ({
  ...message,
  blocks: [{ type: 'actions', elements: [{ type: 'static_select', ...element }] }],
});
const option = (value: string, text: string) => ({ value, text: { type: 'plain_text', text } });

test('All responses lists every action in groups; a form opens on top and closes with it', async () => {
  const message = await begin();
  const { slack } = bench;
  await slack.choose(message, 'more', 'Watch…', 'U0SAM0000', to);
  const all = JSON.stringify(slack.overviews[0]?.view);
  for (const title of ['Triage', 'Contain', 'Access', 'Preserve', 'Recover', 'Hand over'])
    expect(all).toContain(`"text":"${title}"`);
  expect(all).toContain('It doesn’t capture memory.');
  expect(slack.calls.map(({ method }) => method)).toContain('views.push');
  const answer = await slack.submit(slack.views[0] as never, 'U0SAM0000', to, { who: 'caller', days: '3' });
  expect(JSON.parse(answer.body)).toEqual({ response_action: 'clear' });
  await until('the watch', () => textOf(message).includes('Watched: '));
});

test('a plain action in All responses asks in Slack’s own dialog, runs, and says that it was requested', async () => {
  const message = await begin();
  const { slack } = bench;
  await slack.press(message, 'lock', 'U0SAM0000', to);
  await until('locked', () => textOf(message).includes('Locked read-only'));
  expect(slack.views).toEqual([]);
  expect(JSON.stringify(slack.overviews[0]?.view)).toContain('Lock vm-pay-01?');
  await until('the receipt', () =>
    JSON.stringify(slack.overviews[0]?.view).includes(
      'Requested: Lock VM. The alert’s message shows the result.',
    ),
  );
});

test('who may not read alerts gets no list of responses, and is told why', async () => {
  const message = await begin();
  const { slack } = bench;
  slack.users.set('U0EVE0000', { name: 'Eve', guest: true });
  await slack.press(message, 'snapshot', 'U0EVE0000', to);
  await until('the refusal', () => slack.whispers.some(({ user }) => user === 'U0EVE0000'));
  expect(slack.overviews).toEqual([]);
});

test('menus of messages that earlier versions posted still work', async () => {
  const message = await begin();
  const { slack } = bench;
  const id = idOf(message);
  const more = before(message, { action_id: 'more', options: [option(`${id} investigate`, 'Investigate')] });
  await slack.choose(more, 'more', 'Investigate', 'U0SAM0000', to);
  await until('investigating', () => textOf(message).includes('Under investigation by *Sam Ortiz*'));
  const quick = before(message, {
    action_id: 'quick_exception',
    options: [option(`${id} caller-machine.7`, '7 days')],
  });
  await slack.choose(quick, 'quick_exception', '7 days', 'U0SAM0000', to);
  await until('closed', () => textOf(message).includes('Closed as expected'));
});

test('one choice excepts the caller on the machine for a day', async () => {
  const message = await begin();
  await bench.slack.choose(message, 'more', 'Except here for 24 h', 'U0SAM0000', to);
  await until('closed', () => textOf(message).includes('Closed as expected'));
  const store = createStore(bench.redis.address, []);
  const [exception] = await store.exceptions.list();
  await store.close();
  expect(Math.round((Date.parse(exception?.expires ?? '') - Date.now()) / 3_600_000)).toBe(24);
});

test('with a public URL, the message links to the alert’s page; Slack’s report of the click changes nothing', async () => {
  const message = await begin({ RUNWATCH_PUBLIC_URL: 'https://runwatch.contoso.example' });
  const page = `https://runwatch.contoso.example/console/alerts/${idOf(message)}`;
  expect(textOf(message)).toContain(`<${page}|${idOf(message)}>`);
  expect(textOf(message)).toContain(`"url":"${page}"`);
  expect((await bench.slack.press(message, 'open', 'U0SAM0000', to)).status).toBe(200);
});

test('in Teams, All responses opens each form or confirmation, and runs what needs none', async () => {
  const teams = await startTeams();
  bench = await setUp({ mode: 'none' });
  const app = await bench.start({ TEAMS_LOCAL: '1' });
  const url = app.url as string;
  await teams.install(url);
  runOn(bench, bench.world.vms.pay01);
  const shown = () => JSON.stringify(teams.cards()[0]?.card ?? '');
  await until('the card', () => teams.cards()[0]);
  const card = () => teams.cards()[0]?.card;
  await teams.press(url, card(), 'lock');
  await until('locked', () => shown().includes('Locked read-only'));
  await teams.press(url, card(), 'investigate');
  await until('investigating', () => shown().includes('Under investigation'));
  await teams.press(url, card(), 'add_note', undefined, { text: 'seen before' });
  await until('the note', () => JSON.stringify(teams.threads()).includes('seen before'));
  await teams.press(url, card(), 'quick_exception', undefined, { choice: 'caller-machine.7' });
  await until('closed', () => shown().includes('Closed as expected'));
  await teams.stop();
});
