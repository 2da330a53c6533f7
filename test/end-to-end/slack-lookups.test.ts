import { subscriptions } from '../../src/demo/world';
import { alertOn, runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

let bench: Bench;
afterEach(() => bench.stop());

async function begin(mode: 'http' | 'socket' = 'http') {
  bench = await setUp({ mode });
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  bench.slack.users.set('U0OUT0000', { name: 'Outsider', email: 'out@contoso.example' });
  bench.slack.outsiders.add('U0OUT0000');
  const app = await bench.start({ RUNWATCH_RESPONDERS: 'nobody@contoso.example' });
  await app.historyFilled();
  if (mode === 'socket') await until('the socket', () => bench.slack.connected());
  runOn(bench, bench.world.vms.pay01);
  await alertOn(bench, 'vm-pay-01');
  return { url: app.url as string };
}
const texts = (options: { text: { text: string } }[]) => options.map(({ text }) => text.text);

test('/runwatch roles without a caller opens a dialog that completes callers and machines', async () => {
  const to = await begin();
  const { slack } = bench;
  await slack.command('/runwatch', 'roles', 'U0SAM0000', to);
  const dialog = await until('the dialog', () => slack.views[0]);
  const [caller] = await slack.suggest(dialog, 'caller', 'dana', 'U0SAM0000', to);
  expect(caller?.text.text).toMatch(/^dana\.reyes@contoso\.example/);
  const machines = await slack.suggest(dialog, 'scope', 'pay-01', 'U0SAM0000', to);
  expect(texts(machines)).toEqual([expect.stringMatching(/^vm-pay-01 · /)]);
  expect(texts(await slack.suggest(dialog, 'scope', 'subscription pay', 'U0SAM0000', to))).toEqual([
    'Subscription Payments',
  ]);
  await slack.submit(dialog, 'U0SAM0000', to, {
    caller: caller?.value as string,
    scope: machines[0]?.value as string,
  });
  await until('the roles', () =>
    slack.whispers.some(
      ({ text, channel }) => channel === 'C0SOC0000' && /Dana Reyes has 1 role assignment/.test(text),
    ),
  );
});

test('/runwatch who-can asks for a scope; an unknown one is refused in the dialog', async () => {
  const to = await begin();
  const { slack } = bench;
  await slack.command('/runwatch', 'who-can', 'U0SAM0000', to);
  const dialog = await until('the dialog', () => slack.views[0]);
  const refused = await slack.submit(dialog, 'U0SAM0000', to, { scope: 'GONE' });
  expect(refused.body).toContain('no longer among recent alerts');
  const [payments] = await slack
    .suggest(dialog, 'scope', 'payments', 'U0SAM0000', to)
    .then((all) => all.filter(({ text }) => text.text === 'Subscription Payments'));
  await slack.submit(dialog, 'U0SAM0000', to, { scope: payments?.value as string });
  await until('who can', () =>
    slack.whispers.some(({ text }) =>
      text.includes(`can run commands at /subscriptions/${subscriptions.payments}`),
    ),
  );
});

test('people who may not read get no dialog, no options and no answer', async () => {
  const to = await begin();
  const { slack } = bench;
  await slack.command('/runwatch', 'roles', 'U0SAM0000', to);
  const dialog = await until('the dialog', () => slack.views[0]);
  await slack.command('/runwatch', 'roles', 'U0OUT0000', to);
  await until('the refusal', () => slack.whispers.some(({ text }) => /may not read/.test(text)));
  expect(slack.views).toHaveLength(1);
  expect(await slack.suggest(dialog, 'caller', '', 'U0OUT0000', to)).toEqual([]);
  const refused = await slack.submit(dialog, 'U0OUT0000', to, { caller: 'x' });
  expect(refused.body).toContain('may not read');
});

test('the shortcut finds any open alert by typing, over Socket Mode too', async () => {
  await begin('socket');
  const { slack, world } = bench;
  runOn(bench, world.vms.test01, { caller: world.people.kim });
  const message = await alertOn(bench, 'vm-test-01');
  const quoted = { channel: 'C0SOC0000', ts: '1.5', text: 'I saw that' };
  await slack.shortcut('add_to_alert', quoted, 'U0SAM0000', 'socket');
  const dialog = await until('the dialog', () => slack.views[0]);
  const options = await slack.suggest(dialog, 'alert', 'vm-test', 'U0SAM0000', 'socket');
  expect(options.map(({ value }) => value)).toEqual([message.metadata?.event_payload.alert_id]);
});
