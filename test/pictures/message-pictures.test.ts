import { writeFileSync } from 'node:fs';
import type { Browser } from 'playwright-core';
import { logHistory, runCommand, scenarios } from '../../src/demo/scenarios';
import { addMachine, subscriptions } from '../../src/demo/world';
import { alertOn, runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { createPictures, type PictureOptions } from '../support/pictures';
import type { PostedMessage } from '../support/slack';
import { type SimulatedTeams, startTeams } from '../support/teams';
import { until } from '../support/wait';

let bench: Bench;
let teams: SimulatedTeams;
let browser: Browser;
beforeAll(async () => {
  bench = await setUp({ mode: 'http' });
  teams = await startTeams();
  browser = await openBrowser();
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await bench?.stop();
  await teams?.stop();
});

/** Takes the pictures of docs/message.md into test-results/message; scripts/screenshots.mjs copies them. */
test('a message is pictured in each of its states, as Slack and as Teams get it', async () => {
  const { slack, tenant, world } = bench;
  const sam = 'U0SAM0000';
  for (const [id, name] of [
    [sam, 'Sam Ortiz'],
    ['U0LEE0000', 'Lee Chan'],
  ] as const)
    slack.users.set(id, { name, email: `${name.toLowerCase().replace(' ', '.')}@contoso.example` });
  logHistory(tenant, world);
  const policy = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(policy, 'fourEyes: [lock]\nenvironments:\n  production: {tags: {env: prod}}\n');
  const app = await bench.start({
    TEAMS_LOCAL: '1',
    RUNWATCH_CONFIG: policy,
    RUNWATCH_PUBLIC_URL: 'https://runwatch.contoso.example',
  });
  const to = { url: app.url as string };
  await app.historyFilled();
  await teams.install(to.url);
  const pictures = createPictures(browser, Date.now);
  const says = (message: PostedMessage, words: RegExp) =>
    until(String(words), () => words.test(textOf(message)), 30);
  const cardOf = (message: PostedMessage) =>
    until('its card', () =>
      teams.cards().find(({ card }) => card.body[0].id === message.metadata?.event_payload.alert_id),
    );
  async function both(name: string, message: PostedMessage, words: RegExp, options: PictureOptions = {}) {
    await says(message, words);
    const at = Number(message.ts) * 1000;
    await pictures.message(`slack-${name}`, { ...message, at, replies: [] }, options);
    const found = await cardOf(message);
    await until('the card', () => words.test(JSON.stringify(found.card).replaceAll('\\\\', '')));
    await pictures.card(`teams-${name}`, found.card);
  }

  scenarios.find(({ name }) => name === 'night')?.play(tenant, world);
  const critical = await until('the script', () =>
    slack.alerts().find((m) => /Suspicious behavior/.test(textOf({ ...m, replies: [] }))),
  );
  await until('its thread', () => critical.replies.length > 0);
  await both('new-critical', critical, /Suspicious behavior/);
  const posted = { ...critical, at: Number(critical.ts) * 1000, replies: [] };
  await pictures.message('slack-new-critical-dark', posted, { dark: true });
  await pictures.message('slack-menu', posted, { open: true });
  const replies = critical.replies.map((reply) => ({ ...reply, at: Number(reply.ts) * 1000, replies: [] }));
  await pictures.message('slack-thread', { ...posted, replies });

  await slack.choose(critical, 'none', 'All responses…', sam, to);
  await pictures.view('slack-all-responses', (await until('the modal', () => slack.overviews[0])).view);
  await slack.press(critical, 'add_exception', sam, to);
  const form = await until('the form', () =>
    slack.views.find(({ view }) => textOfView(view).includes('Add exception')),
  );
  await pictures.view('slack-exception', form.view);

  await slack.press(critical, 'acknowledge', sam, to);
  await both('acknowledged', critical, /Acknowledged by/);
  await slack.press(critical, 'lock', sam, to);
  await both('approval', critical, /Approve/);
  await slack.press(critical, 'decline', sam, to);
  await until('no approval', () => !/approval\./.test(JSON.stringify(critical.blocks)));
  tenant.faults.add({ when: /PUT .*vm-pay-01-nic1$/, status: 403 });
  await slack.press(critical, 'isolate', sam, to);
  await both('failed', critical, /"retry"/);
  tenant.faults.clear();
  await slack.press(critical, 'retry', sam, to);
  await both('isolated', critical, /Still possible/);
  await slack.openHome(sam, to);
  await until('the home page', () => slack.homes.get(sam));
  await pictures.view('slack-home', slack.homes.get(sam));
  await slack.press(critical, 'close', sam, to);
  const closing = await until('the dialog', () =>
    slack.views.find(({ view }) => textOfView(view).includes('true positive')),
  );
  await slack.submit(closing, sam, to, { as: 'true positive', note: 'Stolen password, reset' });
  await both('closed', critical, /Closed as true positive/);
  await slack.press(critical, 'reopen', sam, to);
  await until('reopened', () => !/Closed as/.test(JSON.stringify(critical.blocks)));
  await both('reopened', critical, /Reopened by/);

  scenarios.find(({ name }) => name === 'refused')?.play(tenant, world);
  const denied = await until('the denied attempt', () =>
    slack.alerts().find((m) => /tried to run/.test(m.text) && /kim|Kim/.test(m.text)),
  );
  await until('its thread', () => denied.replies.length > 0);
  await both('denied', denied, /tried to run/);

  runOn(bench, world.vms.pay02, { ip: '198.51.100.77' });
  const medium = await alertOn(bench, 'vm-pay-02');
  await both('new-medium', medium, /vm-pay-02/);

  const fleet = Array.from({ length: 300 }, (_, i) =>
    addMachine(tenant, `vm-fleet-${String(i).padStart(3, '0')}`, {
      subscription: subscriptions.payments,
      resourceGroup: 'rg-fleet',
      tags: { env: i % 3 ? 'test' : 'prod' },
    }),
  );
  for (const [i, resourceId] of fleet.entries())
    tenant.log({
      name: runCommand,
      resourceId,
      caller: world.people.lee,
      ip: '192.0.2.77',
      at: Date.now() - 120_000 + i * 100,
      tookMs: 3000,
      outcome: i % 10 === 9 ? 'Failed' : 'Succeeded',
    });
  const storm = await until(
    'the storm',
    () => slack.alerts().find((m) => /on 300 machines/.test(m.text)),
    60,
  );
  await until('its thread', () => storm.replies.length > 0);
  await both('storm', storm, /on 300 machines/);
  const table = storm.replies
    .flatMap(({ blocks }) => blocks as { type: string; rows?: unknown[] }[])
    .find(({ type }) => type === 'table');
  const first = { type: 'table', rows: table?.rows?.slice(0, 12) };
  await pictures.message('slack-storm-table', { at: Number(storm.ts) * 1000, blocks: [first], replies: [] });
}, 240_000);

const textOfView = (view: Record<string, unknown>) => JSON.stringify(view);
