import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { withActionTable } from '../../src/action-docs';
import type { AlertAction } from '../../src/actions/action';
import { record } from '../../src/actions/record';
import { actionIds, defineAction } from '../../src/actions/registry';
import { azureRoles } from '../../src/commands/manifest';
import { replay } from '../../src/commands/replay';
import { loadConfig } from '../../src/config/config';
import { defineShape } from '../../src/domain/activity/log-shape';
import { defineTechnique } from '../../src/domain/techniques/catalogue';
import { createStore } from '../../src/store/store';
import { alertOn, runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

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
  baseScore: 50,
  mitre: ['T1651'],
  script: 'unknown',
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
  expect(JSON.stringify(message.blocks)).toContain('Patch installation on vm-pay-01');
  expect(JSON.stringify(message.blocks)).toContain('Call the owner');
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
