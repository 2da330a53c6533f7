import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { withActionTable } from '../../src/action-docs';
import type { AlertAction } from '../../src/actions/action';
import { record } from '../../src/actions/record';
import { actionIds, defineAction } from '../../src/actions/registry';
import type { Content } from '../../src/chat/surface';
import type { SurfacePress } from '../../src/chat/surface-press';
import { defineSurface, surfaceDefinitions } from '../../src/chat/surfaces';
import { checkSurfaces } from '../../src/commands/doctor/check-surfaces';
import { azureRoles, manifest } from '../../src/commands/manifest';
import { printConfig } from '../../src/commands/print-config';
import { replay } from '../../src/commands/replay';
import { configurationDoc } from '../../src/config/configuration-docs';
import { defineShape } from '../../src/domain/activity/log-shape';
import { defineTechnique } from '../../src/domain/techniques/catalogue';
import { loadConfig } from '../../src/load-config';
import { createStore } from '../../src/store/store';
import { alertOn, runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

/** A chat that is added while the test runs: it keeps what was posted, and can be pressed. */
const board = {
  posts: new Map<string, Content>(),
  press: null as ((press: SurfacePress) => Promise<string>) | null,
};

defineSurface({
  name: 'board',
  title: 'Board',
  variables: { BOARD_TOKEN: z.string().min(10) },
  secrets: ['BOARD_TOKEN'],
  keys: { boardColor: { schema: z.string(), description: 'color of the board' } },
  read: ({ BOARD_TOKEN }, { policy }) =>
    BOARD_TOKEN === undefined ? null : { token: BOARD_TOKEN, color: String(policy.boardColor ?? 'green') },
  shown: ({ color }) => ({ color, token: '(set, not shown)' }),
  endpoints: () => ['http://127.0.0.1:1'],
  doctor: async (settings, { report }) =>
    report({
      name: 'board',
      topic: 'board',
      ok: settings !== null,
      says: settings?.color ?? 'not configured',
    }),
  manifest: {
    options: [{ flags: '--board-name <name>', description: 'name on the board' }],
    create: ({ boardName }) => ({ text: JSON.stringify({ board: boardName }) }),
  },
  connect: async (_, { press }) => {
    const show = async (content: Content, channel: string) => {
      const message = content.kind === 'alert' ? content.model.alertId : content.id;
      board.posts.set(`${channel} ${message}`, content);
      return { channel, message };
    };
    return {
      surface: {
        name: 'board',
        channel: 'lobby',
        intervalMs: 1,
        post: show,
        update: async (ref, content) => show(content, ref.channel),
        find: async () => null,
        ask: async () => null,
        personOf: async () => null,
        replyPrivately: async () => {},
      },
      identify: async (by) =>
        by.id === 'sam' ? { presser: { ...by, email: 'sam@contoso.example' } } : { refused: 'Who are you?' },
      isInAlertChannel: async () => true,
      describe: async (id) => ({ surface: 'board', id, name: id }),
      serve: async () => {
        board.press = press;
        return { router: null, start: async () => {}, stop: async () => {} };
      },
    };
  },
});

let bench: Bench | null = null;
afterEach(async () => {
  await bench?.stop();
  bench = null;
});

const operation = 'Microsoft.Compute/virtualMachines/installPatches/action';

defineTechnique({
  id: 'install-patches',
  title: 'Patch installation',
  verb: 'installed patches',
  infinitive: 'install patches',
  baseScore: 50,
  mitre: ['T1651'],
  targets: ['Microsoft.Compute/virtualMachines'],
  script: { where: 'unknown' },
  operations: [operation],
});

defineAction<AlertAction>({
  about: 'alert',
  id: 'call_owner',
  group: 'triage',
  name: 'Call the owner',
  label: 'Call the owner',
  order: 15,
  right: 'triage',
  input: z.strictObject({}),
  permissions: ['Microsoft.Resources/tags/read'],
  offered: () => true,
  run: async (_, press, deps) => {
    const note = { at: press.at, by: press.by, text: 'The owner was called.' };
    await record(press, deps, ({ triage }) => ({ notes: [...(triage.notes ?? []), note] }));
    return 'The owner is being called.';
  },
});

test('an added action appears in the message, console, manifest and guide, and runs when pressed', async () => {
  const started = await setUp({ mode: 'http' });
  bench = started;
  const app = await started.start();
  const to = { url: app.url as string };
  runOn(started, started.world.vms.pay01, { name: operation });
  const message = await alertOn(started, 'vm-pay-01');
  expect(JSON.stringify(message.blocks)).toContain('installed patches as root on vm-pay-01');
  const id = /RW-[A-Z0-9]+/.exec(JSON.stringify(message.blocks))?.[0] ?? '';
  const page = await (await fetch(`${to.url}/console/alerts/${id}`)).text();
  expect(page).toContain('Call the owner');
  await started.slack.choose(message, 'more', 'Call the owner', 'U0SAM0000', to);
  const store = createStore(started.redis.address, []);
  await until('the note', async () =>
    (await store.alerts.get(id))?.triage.notes?.some(({ text }) => text === 'The owner was called.'),
  );
  await store.close();
  expect(azureRoles('s').responder.Actions).toContain('Microsoft.Resources/tags/read');
  expect(actionIds()).toContain('call_owner');
  const guide = readFileSync(join(__dirname, '../../docs/guide.md'), 'utf8');
  expect(withActionTable(guide)).toContain('`call_owner`');
});

test('replay reads an added shape with an added technique', async () => {
  defineShape({
    id: 'pager',
    fits: (_, has) => has('pagerLine'),
    operation: (r) => String((r.pagerLine as Record<string, unknown>).what),
    read: (r) => {
      const line = r.pagerLine as Record<string, string>;
      return {
        id: 'x',
        time: line.when,
        submitted: null,
        operation: line.what ?? '',
        status: 'Succeeded',
        subStatus: '',
        resourceId: line.where ?? '',
        correlationId: 'c',
        callerName: line.who ?? '',
        ip: '',
        claims: {},
        authorization: {},
        properties: {},
      };
    },
  });
  const file = join(mkdtempSync(join(tmpdir(), 'runwatch-extend-')), 'log.ndjson');
  const where =
    '/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-1';
  const pagerLine = { when: '2026-11-20T08:00:00Z', what: operation, where, who: 'dana@contoso.example' };
  writeFileSync(file, `${JSON.stringify({ pagerLine })}\n`);
  const out: string[] = [];
  const output = { out: (line: string) => out.push(line), err: () => {}, interactive: false, color: false };
  await replay([file], { format: 'auto', json: true }, loadConfig({}), output);
  expect(out.map((line) => JSON.parse(line))).toMatchObject([
    { technique: 'install-patches', target: { name: 'vm-1' }, caller: { name: 'dana@contoso.example' } },
  ]);
});

test('an added surface is configured, routed to, pressed on, checked and documented', async () => {
  const started = await setUp({ mode: 'none' });
  bench = started;
  const file = join(mkdtempSync(join(tmpdir(), 'runwatch-extend-')), 'runwatch.yaml');
  writeFileSync(
    file,
    'boardColor: blue\nroutes:\n  - {when: {severity: [low, medium, high, critical]}, board: hall}\n',
  );
  const env = {
    BOARD_TOKEN: 'planted-board-token',
    RUNWATCH_CONFIG: file,
    RUNWATCH_RESPONDERS: 'sam@contoso.example',
  };
  await started.start(env);
  runOn(started, started.world.vms.pay01);
  const posted = (kind: Content['kind'], place: string) =>
    [...board.posts].find(([key, content]) => content.kind === kind && key.startsWith(place))?.[1];
  const alert = await until('the alert on the board, by its route', () => posted('alert', 'hall '));
  const id = alert.kind === 'alert' ? alert.model.alertId : '';
  const model = alert.kind === 'alert' ? alert.model : null;
  const page = JSON.stringify(model?.page());
  expect(page).toContain('Run command on vm-pay-01');
  expect(page).toContain('call_owner');

  const pressedBy = (person: string, nonce: string) =>
    board.press?.({
      alertId: id,
      action: 'acknowledge',
      by: { surface: 'board', id: person, name: person },
      nonce,
    });
  const forged = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' };
  await expect(
    (async () => board.press?.({ alertId: id, action: 'close', by: forged, nonce: '0' }))(),
  ).rejects.toThrow('board sent a press of runwatch');
  await pressedBy('mallory', '1');
  await pressedBy('sam', '2');
  await until('the acknowledgement on the board', () =>
    /Acknowledged"," by ",{"bold":"sam"/.test(JSON.stringify(posted('alert', 'hall '))),
  );
  const store = createStore(started.redis.address, []);
  expect(
    (await store.audit.read()).map(({ by, action, result }) => `${by.surface} ${by.id} ${action} ${result}`),
  ).toEqual(expect.arrayContaining(['board mallory acknowledge refused', 'board sam acknowledge done']));
  await store.close();

  const config = loadConfig({ ...started.env, ...env });
  const lines: string[] = [];
  const output = { out: (line: string) => lines.push(line), err: () => {}, interactive: false, color: false };
  printConfig(config, output);
  manifest('board', { boardName: 'SOC' }, output);
  await checkSurfaces(config, false, ({ name, says }) => lines.push(`${name}: ${says}`));
  const printed = lines.join('\n');
  expect(printed).toMatch(/^board:\n {2}color: blue\n {2}token: \(set, not shown\)/m);
  expect(printed).toContain('{"board":"SOC"}');
  expect(printed).toContain('board: blue');
  expect(printed).not.toContain('planted-board-token');
  expect(config.hidden).toContain('planted-board-token');
  expect(configurationDoc('', surfaceDefinitions())).toMatch(/`boardColor` \| color of the board .*\n/);
  expect(() => loadConfig({ BOARD_TOKEN: 'short' })).toThrow(/BOARD_TOKEN: got a value of 5 characters/);
}, 60_000);
