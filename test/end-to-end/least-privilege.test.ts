import { azureRoles } from '../../src/commands/manifest';
import { runCommand } from '../../src/demo/scenarios';
import { addChild } from '../../src/demo/world';
import { actionMatches } from '../../src/domain/access/role-permissions';
import { type Bench, setUp } from '../support/bot';
import { until } from '../support/wait';

let bench: Bench;
afterEach(() => bench.stop());

const text = () => JSON.stringify(bench.slack.alerts()[0]?.blocks);

async function begin(roles: ('watcher' | 'responder')[]) {
  bench = await setUp({ mode: 'http' });
  const { tenant, world } = bench;
  const printed = azureRoles('x');
  const actions = roles.flatMap((role) => printed[role].Actions);
  tenant.state.mayDo = (action) =>
    action.includes('/operations/') || actions.some((pattern) => actionMatches(pattern, action));
  const app = await bench.start();
  await app.historyFilled();
  const resourceId = addChild(tenant, world.vms.pay01, 'runCommands', 'rc', {
    source: { script: 'ls' },
    instanceView: { exitCode: 0, output: 'x' },
  });
  tenant.log({
    name: 'Microsoft.Compute/virtualMachines/runCommands/write',
    resourceId,
    caller: world.people.dana,
    ip: '203.0.113.24',
    at: Date.now() - 60_000,
    tookMs: 1000,
  });
  tenant.log({
    name: runCommand,
    resourceId: world.vms.pay02,
    caller: world.people.lee,
    at: Date.now() - 60_000,
    tookMs: 1000,
  });
  await until('both alerts', () => bench.slack.alerts().length === 2);
  return { url: app.url as string };
}

test('with the printed watcher role every read works, and every refused write names its permission', async () => {
  const to = await begin(['watcher']);
  expect(
    bench.slack
      .alerts()
      .map((m) => JSON.stringify(m.blocks))
      .join(),
  ).not.toContain('Unavailable');
  expect(bench.tenant.requests.filter((r) => r.status === 403)).toEqual([]);
  for (const [action, missing] of [
    ['isolate', 'Microsoft.Network/networkSecurityGroups/write'],
    ['lock', 'Microsoft.Authorization/locks/write'],
    ['revoke_role', 'Microsoft.Authorization/roleAssignments/delete'],
    ['snapshot', 'Microsoft.Compute/snapshots/write'],
  ] as const) {
    await bench.slack.press(bench.slack.alerts()[0] ?? (undefined as never), action, 'U0SAM0000', to);
    await until(`${action} refused`, () => text().includes(`did not go through: grant ${missing}`));
  }
});

test('with the responder role added, every write works', async () => {
  const to = await begin(['watcher', 'responder']);
  for (const [action, done] of [
    ['isolate', 'Isolated:'],
    ['release', 'Released:'],
    ['lock', 'Locked read-only'],
    ['snapshot', 'are kept, locked'],
    ['revoke_role', 'Revoked:'],
    ['restore_role', 'Restored:'],
  ] as const) {
    await bench.slack.press(bench.slack.alerts()[0] ?? (undefined as never), action, 'U0SAM0000', to);
    await until(`${action} done`, () => text().includes(done));
  }
  expect(bench.tenant.requests.filter((r) => r.status === 403)).toEqual([]);
});
