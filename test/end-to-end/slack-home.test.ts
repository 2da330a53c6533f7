import { writeFileSync } from 'node:fs';
import { createStore, type Store } from '../../src/store/store';
import { alertOn, runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

let bench: Bench;
let store: Store;
let to: { url: string };
afterEach(async () => {
  await store?.close();
  await bench.stop();
});

async function begin(extra: Record<string, string> = {}) {
  bench = await setUp({ mode: 'http' });
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  bench.slack.users.set('U0LEE0000', { name: 'Lee Chan', email: 'lee@contoso.example' });
  const app = await bench.start({ RUNWATCH_RESPONDERS: 'U0SAM0000', ...extra });
  to = { url: app.url as string };
  store = createStore(bench.redis.address, []);
}

/** Expires in three days, so it is to be reviewed. */
const patching = () => ({
  id: 'patching',
  match: { caller: 'patch-bot@contoso.example', target: 'vm-web-01' },
  reason: 'Monthly patching',
  owner: 'dana.reyes@contoso.example',
  expires: new Date(Date.now() + 3 * 86_400_000).toISOString(),
});
const homeText = (user = 'U0SAM0000') => JSON.stringify(bench.slack.homes.get(user) ?? {});
async function open(user = 'U0SAM0000') {
  bench.slack.homes.delete(user);
  await bench.slack.openHome(user, to);
  await until('the page', () => bench.slack.homes.get(user));
}
const shows = (words: RegExp, user?: string) => until(String(words), () => words.test(homeText(user)));
const privateTo = (user: string) =>
  bench.slack.messages.filter(({ channel }) => channel === user).map(({ text }) => text);

test('an alert is taken and closed from the home page, which shows it at once', async () => {
  await begin();
  const { slack, world } = bench;
  runOn(bench, world.vms.pay01);
  const message = await alertOn(bench, 'vm-pay-01');
  await open();
  expect(homeText()).toMatch(/Unassigned, \w+ \(1\)/);
  await slack.pressHome('U0SAM0000', 'assign', 'vm-pay-01', to);
  await shows(/My alerts \(1\)/);
  expect(homeText()).toContain('Unassigned (0)');
  await slack.pressHome('U0SAM0000', 'close', 'vm-pay-01', to);
  const form = await until('the form', () => slack.views[0]);
  await slack.submit(form, 'U0SAM0000', to, { as: 'benign', note: 'known' });
  await shows(/My alerts \(0\)/);
  await until('closed', () => textOf(message).includes('Closed as benign'));
});

test('what is in force is listed with who, since when and from which alert, and undone from there', async () => {
  await begin();
  const { slack, world } = bench;
  runOn(bench, world.vms.pay01);
  const message = await alertOn(bench, 'vm-pay-01');
  await slack.press(message, 'isolate', 'U0SAM0000', to);
  await until('isolated', () => textOf(message).includes('Isolated'));
  await open('U0LEE0000');
  const id = message.metadata?.event_payload.alert_id;
  expect(homeText('U0LEE0000')).toMatch(
    new RegExp(`In force \\(1\\).*Isolate: vm-pay-01.*since <!date.*by Sam Ortiz · from ${id}`),
  );
  await slack.pressHome('U0LEE0000', 'release', 'Isolate: vm-pay-01', to);
  await until('the refusal', () => privateTo('U0LEE0000').some((text) => /not among/.test(text)));
  await shows(/not among the responders/, 'U0LEE0000');
  expect(homeText('U0LEE0000')).toContain('In force (1)');
  await open();
  await slack.pressHome('U0SAM0000', 'release', 'Isolate: vm-pay-01', to);
  await shows(/In force \(0\)/);
  expect(slack.whispers.filter(({ channel }) => channel === 'U0SAM0000')).toEqual([]);
});

test('an exception to review is extended or removed there; people who may not read see nothing', async () => {
  await begin();
  const { slack } = bench;
  slack.outsiders.add('U0LEE0000');
  await store.exceptions.put(patching(), [], 'x');
  await open('U0LEE0000');
  expect(homeText('U0LEE0000')).toContain('may not read alerts');
  expect(homeText('U0LEE0000')).not.toContain('patching');
  await open();
  await slack.pressHome('U0SAM0000', 'extend_exception', 'patching', to);
  await shows(/Exceptions to review \(0\)/);
  await until('the answer', () =>
    privateTo('U0SAM0000').some((text) => /extended patching until/.test(text)),
  );
});

test('without responders, the home page offers only triage', async () => {
  await begin({ RUNWATCH_RESPONDERS: '' });
  const { world } = bench;
  runOn(bench, world.vms.pay01);
  await alertOn(bench, 'vm-pay-01');
  await open();
  expect(homeText()).toContain('home.assign');
  expect(homeText()).not.toMatch(/home\.(isolate|release|extend_exception)/);
});

test('a press that takes longer than a second says so where it was made, then what came of it', async () => {
  await begin();
  const { slack, tenant, world } = bench;
  runOn(bench, world.vms.pay01);
  const message = await alertOn(bench, 'vm-pay-01');
  const slow = { when: /PUT .*networkInterfaces/, status: 200, delayMs: 1500 };
  tenant.faults.add(slow);
  await slack.press(message, 'isolate', 'U0SAM0000', to);
  await until('the progress', () =>
    slack.whispers.some(
      ({ user, text }) => user === 'U0SAM0000' && text === 'Isolate (vm-pay-01): working on it…',
    ),
  );
  await until('isolated', () => textOf(message).includes('Isolated'));
  await open();
  await slack.pressHome('U0SAM0000', 'release', 'Isolate: vm-pay-01', to);
  await shows(/Release \(vm-pay-01\): working on it…/);
  await shows(/In force \(0\)/);
  expect(homeText()).not.toContain('working on it');
  expect(slack.whispers.filter(({ text }) => /working on it/.test(text))).toHaveLength(1);
});

test('a quick press says nothing about progress', async () => {
  await begin();
  const { slack, world } = bench;
  runOn(bench, world.vms.pay01);
  const message = await alertOn(bench, 'vm-pay-01');
  await slack.press(message, 'acknowledge', 'U0SAM0000', to);
  await until('acknowledged', () => textOf(message).includes('Acknowledged by'));
  await slack.press(message, 'show_roles', 'U0SAM0000', to);
  await until('the roles', () => slack.whispers.some(({ text }) => /role assignments?/.test(text)));
  expect(slack.whispers.filter(({ text }) => /working on it/.test(text))).toEqual([]);
});

test('the home page of another workspace is published and answered there', async () => {
  bench = await setUp({ mode: 'http' });
  const { slack } = bench;
  slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(file, 'workspaces: {T2: SLACK_SECOND}\n');
  const app = await bench.start({ RUNWATCH_CONFIG: file, SLACK_SECOND: slack.secondToken });
  to = { url: app.url as string };
  store = createStore(bench.redis.address, []);
  runOn(bench, bench.world.vms.pay01);
  await alertOn(bench, 'vm-pay-01');
  bench.slack.homes.clear();
  await slack.openHome('U0SAM0000', to, 'T2');
  await shows(/Unassigned, \w+ \(1\)/);
  await slack.pressHome('U0SAM0000', 'assign', 'vm-pay-01', to, 'T2');
  await shows(/My alerts \(1\)/);
  await store.alerts.update(slack.alerts()[0]?.metadata?.event_payload.alert_id ?? '', (alert) =>
    alert ? { alert: { ...alert, state: 'closed', closedAs: 'benign' } } : null,
  );
  await slack.pressHome('U0SAM0000', 'close', 'vm-pay-01', to, 'T2');
  await shows(/The alert has changed since/);
  expect(homeText()).toMatch(/My alerts \(0\)/);
  await store.exceptions.put(patching(), [], 'x');
  await slack.openHome('U0SAM0000', to, 'T2');
  await shows(/patching/);
  await slack.pressHome('U0SAM0000', 'extend_exception', 'patching', to, 'T2');
  const answer = await until('the answer', () =>
    slack.messages.find(({ channel }) => channel === 'U0SAM0000'),
  );
  expect(answer.team).toBe('T2');
});
