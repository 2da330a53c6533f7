import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { verifyAudit } from '../../src/commands/audit';
import { runCommand } from '../../src/demo/scenarios';
import { loadConfig } from '../../src/load-config';
import { createQueues } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { connect } from '../../src/store/redis/connect';
import { createStore } from '../../src/store/store';
import { textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import type { PostedMessage } from '../support/slack';
import { storedKinds } from '../support/stored-kinds';
import { until } from '../support/wait';

const minute = 60_000;
const day = 86_400_000;
/** The test clock: real time plus `ahead`. */
let ahead = 0;
const now = () => Date.now() + ahead;
const advance = (ms: number) => {
  ahead += ms;
};

let bench: Bench;
let to: { url: string };
/** Requests to PagerDuty and to the audit webhook. */
const received: { path: string; body: Record<string, unknown> }[] = [];
const outside = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    received.push({ path: request.url ?? '', body: JSON.parse(body) });
    response.writeHead(202).end('{}');
  });
});
let policyFile: string;
let copy: string;

beforeAll(async () => {
  await new Promise<void>((done) => outside.listen(0, '127.0.0.1', done));
  const { port } = outside.address() as AddressInfo;
  bench = await setUp({ mode: 'http', now });
  const { users } = bench.slack;
  users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  users.set('U0LEE0000', { name: 'Lee Chan', email: 'lee@contoso.example' });
  users.set('U0KIM0000', { name: 'Kim Novak', email: 'kim@contoso.example' });
  users.set('U0DANA000', { name: 'Dana Reyes', email: bench.world.people.dana.login });
  policyFile = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  copy = `${bench.env.RUNWATCH_DATA_DIR}/audit.jsonl`;
  writeFileSync(
    policyFile,
    `responders:
  - {who: [sam@contoso.example, lee@contoso.example], may: all}
  - {who: [kim@contoso.example], may: [acknowledge]}
reminders: {low: 5, medium: 5, high: 5, critical: 5, sleeping: 240}
escalation: {url: "http://127.0.0.1:${port}/page", routingKey: key, slack: C0OTHER00, mention: S0LEADS}
ask: {minutes: 30}
audit: {file: ${copy}, webhook: "http://127.0.0.1:${port}/audit"}
`,
  );
  const app = await bench.start({ RUNWATCH_CONFIG: policyFile, RUNWATCH_RESPONDERS: '' });
  to = { url: app.url as string };
});
afterAll(async () => {
  await bench.stop();
  outside.closeAllConnections();
  await new Promise((done) => outside.close(done));
});

const run = (resourceId: string, caller = bench.world.people.dana) =>
  bench.tenant.log({
    name: runCommand,
    resourceId,
    caller,
    ip: '203.0.113.24',
    at: now() - 30_000,
    tookMs: 5000,
  });
const alertOn = (machine: string) =>
  until(`an alert on ${machine}`, () =>
    bench.slack
      .alerts()
      .find((m) => JSON.stringify(m.blocks).includes(`on ${machine}`) && m.replies.length > 0),
  );
const messageLike = (what: RegExp, channel?: string) =>
  until(`a message like ${what}`, () =>
    bench.slack.messages.find((m) => what.test(m.text) && (!channel || m.channel === channel)),
  );
const sweep = () => bench.runNow('sweep', 'sweep');
/** Runs `open` and returns the modal that it opens. */
async function modal(open: () => Promise<unknown>) {
  const before = bench.slack.views.length;
  await open();
  return until('a modal', () => bench.slack.views[before]);
}

test('a full incident: unanswered, escalated, paged, assigned, denied, excepted, reviewed and audited', async () => {
  const { slack, world } = bench;
  run(world.vms.pay01);
  const first = await alertOn('vm-pay-01');

  advance(6 * minute);
  await sweep();
  await messageLike(/has waited \d+ minutes and nobody has acknowledged it/, 'C0SOC0000');
  advance(10 * minute);
  await sweep();
  await messageLike(/^<!subteam\^S0LEADS> RW-.* nobody has acknowledged it/, 'C0OTHER00');
  advance(30 * minute);
  await sweep();
  await until('the page', () => received.find(({ path }) => path === '/page'));
  await until('the escalation on the message', () => textOf(first).includes('Escalated by *Runwatch*'));

  await slack.press(first, 'isolate', 'U0KIM0000', to);
  await until('the refusal', () => slack.whispers.some((w) => /not among the responders/.test(w.text)));

  const assignForm = await modal(() => slack.choose(first, 'more', 'Assign to…', 'U0SAM0000', to));
  await slack.submit(assignForm, 'U0SAM0000', to, { person: 'U0LEE0000' });
  await until('assigned', () => textOf(first).includes('Assigned to *Lee Chan*'));
  await messageLike(/Sam Ortiz assigned RW-.* to you/, 'U0LEE0000');

  await slack.press(first, 'ask_caller', 'U0LEE0000', to);
  const question = await messageLike(/Did you run this on vm-pay-01/, 'U0DANA000');
  advance(31 * minute);
  await sweep();
  await until('the silence', () => textOf(first).includes('no answer within 30 minutes'));
  await slack.press(question, 'caller_no', 'U0DANA000', to);
  await until('the denial', () => textOf(first).includes('answered: no'));
  await until('critical', () => textOf(first).includes('Critical:'));

  const quoted = {
    channel: 'C0OTHER00',
    ts: '1.5',
    text: 'I saw <@U1> on that host, password=hunter2hunter2',
  };
  const quoting = await modal(() => slack.shortcut('add_to_alert', quoted, 'U0LEE0000', to));
  await slack.submit(quoting, 'U0LEE0000', to, {
    alert: first.metadata?.event_payload.alert_id as string,
  });
  const note = await until('the note', () =>
    slack.messages.find((m) => m.threadTs === first.ts && /I saw/.test(textOf(m))),
  );
  expect(textOf(note)).not.toMatch(/<@U1>|hunter2/);

  advance(5 * 60 * minute);
  await sweep();
  await messageLike(/\(investigating, Lee Chan\) has had no activity for \d+ hours/);
  const closing = await modal(() => slack.press(first, 'close', 'U0LEE0000', to));
  await slack.submit(closing, 'U0LEE0000', to, { as: 'true positive', note: 'Account was taken over' });
  await until('closed', () => /Closed as true positive.*Account was taken over/.test(textOf(first)));

  run(world.vms.test01, world.people.kim);
  const routine = await alertOn('vm-test-01');
  const form = await modal(() => slack.press(routine, 'add_exception', 'U0SAM0000', to));
  expect(JSON.stringify(form.view)).toMatch(/would have suppressed 1 of the 2 alerts/);
  const expires = new Date(now() + 10 * day).toISOString().slice(0, 10);
  await slack.pressInModal(form, 'backtest', 'U0SAM0000', to, { target: '', caller: 'nobody@*' });
  await until('the new backtest', () =>
    /by nobody@.*suppressed none of the 2/.test(JSON.stringify(form.view)),
  );
  await slack.submit(form, 'U0SAM0000', to, { target: 'vm-test-*', caller: world.people.kim.login, expires });
  await until('saved', () =>
    slack.whispers.some((w) => /is saved until .* suppressed 1 of the 2/.test(w.text)),
  );

  const broad = await modal(() => slack.press(first, 'reopen', 'U0SAM0000', to).then(() => reopened(first)));
  await slack.submit(broad, 'U0SAM0000', to, { target: '', caller: '', technique: 'run-command' });
  await until('the request for approval', () => textOf(first).includes('waits for a second responder'));
  await slack.press(first, 'approve', 'U0SAM0000', to);
  await until('the refusal of the same person', () =>
    slack.whispers.some((w) => /You already requested.*A second, different responder/.test(w.text)),
  );

  advance(4 * day);
  await sweep();
  const review = await until('the review', () =>
    slack.messages.find((m) => m.channel === 'U0SAM0000' && /^Exception ex-/.test(m.text)),
  );
  expect(review.text).toMatch(/expires on .*: anything run by .* on vm-test-.?\*.*It was never used/);
  await slack.press(review, 'keep_exception', 'U0KIM0000', to);
  await until('refused', () => slack.whispers.filter((w) => /not among/.test(w.text)).length === 2);
  await slack.press(review, 'extend_exception', 'U0SAM0000', to);
  await until('extended', () => /Sam Ortiz extended ex-/.test(review.text));
  expect(review.blocks.flatMap((block) => block.elements ?? [])).toEqual([]);

  advance(8 * day);
  const store = createStore(bench.redis.address, []);
  run(world.vms.test01, world.people.kim);
  const [exception] = await store.exceptions.list();
  await until('the exception in use', async () => (await store.exceptions.uses(exception?.id ?? '')) === 1);
  await bench.runNow('digest', 'digest');
  await messageLike(/Last 24 hours: 0 alerts.*1 covered by exceptions/);
  await bench.runNow('digest', 'report');
  await messageLike(/Exceptions in force: 1, 0 of them never used/);

  advance(35 * day);
  const before = slack.alerts().length;
  run(world.vms.test01, world.people.kim);
  await until('expired, so it is posted', () => slack.alerts().length === before + 1);

  await bench.runNow('copyAudit', 'copy');
  const entries = await store.audit.read();
  expect(entries.map((e) => `${e.by.name} ${e.action} ${e.result}`)).toEqual(
    expect.arrayContaining([
      'Kim Novak isolate refused',
      'Runwatch escalate done',
      'Sam Ortiz assign_to done',
      'Dana Reyes answer done',
      'Sam Ortiz approve refused',
      'Sam Ortiz extend_exception done',
    ]),
  );
  await until(
    'the webhook',
    () => received.filter(({ path }) => path === '/audit').length === entries.length,
  );
  const lines: string[] = [];
  const output = { out: (line: string) => lines.push(line), err: () => {} };
  const config = loadConfig(bench.env);
  await verifyAudit([copy], {}, config, output as never);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.stringMatching(new RegExp(`^Redis: ${entries.length} entries, from .* signed, complete$`)),
      expect.stringMatching(new RegExp(`: ${entries.length} entries, from .* signed, complete$`)),
    ]),
  );
  writeFileSync(copy, readFileSync(copy, 'utf8').replace('Kim Novak', 'Kim Novac'));
  await expect(verifyAudit([copy], {}, config, output as never)).rejects.toThrow(/the chain breaks at entry/);
  await store.close();

  const queues = createQueues(bench.redis.address, createLog('silent'));
  const redis = connect(bench.redis.address);
  const stored = await storedKinds(
    redis,
    queues.all().map(({ name }) => name),
  );
  expect(stored.faults).toEqual([]);
  expect(stored.kinds.length).toBeGreaterThan(40);
  redis.disconnect();
  await queues.close();
}, 120_000);

async function reopened(message: PostedMessage): Promise<void> {
  await until('open again', () => !textOf(message).includes('Closed as'));
  await bench.slack.press(message, 'add_exception', 'U0SAM0000', to);
}
