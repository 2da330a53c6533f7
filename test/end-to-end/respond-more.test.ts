import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { respond } from '../../src/commands/respond';
import { addMachine, subscriptions } from '../../src/demo/world';
import { loadConfig } from '../../src/load-config';
import { alertOn, runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import type { PostedMessage } from '../support/slack';
import { until } from '../support/wait';

let bench: Bench;
let to: { url: string };
afterEach(() => bench.stop());

async function begin(policy = '{}') {
  bench = await setUp({ mode: 'http' });
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  bench.slack.users.set('U0LEE0000', { name: 'Lee Chan', email: 'lee@contoso.example' });
  const file = `${bench.env.RUNWATCH_DATA_DIR}/policy.yaml`;
  writeFileSync(file, policy);
  const app = await bench.start({ RUNWATCH_CONFIG: file });
  to = { url: app.url as string };
  await app.historyFilled();
}
const run = (resourceId: string, extra: Record<string, unknown> = {}) => runOn(bench, resourceId, extra);
const on = (machine: string) => alertOn(bench, machine);
const shows = (message: PostedMessage, words: string | RegExp) =>
  until(`"${words}"`, () =>
    typeof words === 'string' ? textOf(message).includes(words) : words.test(textOf(message)),
  );
/** Chooses from the menu or from All responses, and submits the modal, if one opens. */
async function more(
  message: PostedMessage,
  label: string,
  changes: Record<string, string> = {},
  user = 'U0SAM0000',
) {
  const before = bench.slack.views.length;
  await bench.slack.choose(message, 'more', label, user, to);
  const opened = bench.slack.views[before];
  if (opened) await bench.slack.submit(opened, user, to, changes);
  return opened;
}
const powerOf = (id: string) => JSON.stringify(bench.tenant.resources.get(id).properties.instanceView);

test('isolates with options: a range stays reachable, the machine is locked and stopped; each has its own undo', async () => {
  await begin();
  const { world, tenant, slack } = bench;
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  const modal = await more(message, 'Isolate with options…', {
    also: 'lock,deallocate',
    keep: '203.0.113.0/28',
  });
  expect(JSON.stringify(modal?.view)).toMatch(/memory is lost/);
  await shows(message, 'Isolated: new connections of its 2 interfaces are denied, but for 203.0.113.0/28');
  await shows(message, 'is stopped and deallocated');
  await shows(message, 'Locked read-only');
  expect(powerOf(world.vms.pay01)).toContain('deallocated');
  const [group] = tenant.resources
    .ofType('Microsoft.Network/networkSecurityGroups')
    .filter(({ name }) => name.startsWith('runwatch-isolation'));
  expect(group?.properties.securityRules).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        properties: expect.objectContaining({ access: 'Allow', sourceAddressPrefix: '203.0.113.0/28' }),
      }),
    ]),
  );
  await more(message, 'Start vm-pay-01…');
  await shows(message, /Failed\*: Start the machine did not go through.*locked/);
  await slack.press(message, 'unlock', 'U0SAM0000', to);
  await until('no lock', () => !textOf(message).includes('Locked read-only'));
  await more(message, 'Start vm-pay-01…');
  await shows(message, 'was started again');
  await slack.press(message, 'release', 'U0SAM0000', to);
  await shows(message, 'Released: every interface has its original security group');
});

test('a manual change to an isolated machine is reported, and release does not overwrite it', async () => {
  await begin();
  const { world, tenant, slack } = bench;
  run(world.vms.pay02);
  const message = await on('vm-pay-02');
  await slack.press(message, 'isolate', 'U0SAM0000', to);
  await shows(message, 'Isolated:');
  const network = world.vms.pay02.replace(/Compute.*/, 'Network');
  tenant.resources.put(`${network}/networkSecurityGroups/theirs`, { location: 'westeurope', properties: {} });
  const nic = tenant.resources.get(`${network}/networkInterfaces/vm-pay-02-nic0`);
  nic.properties.networkSecurityGroup = { id: `${network}/networkSecurityGroups/theirs` };
  await bench.runNow('watchMeasures', 'watch');
  await shows(message, /Opened manually since\*: vm-pay-02-nic0 \(now theirs\)/);
  await slack.press(message, 'release', 'U0SAM0000', to);
  await shows(message, 'vm-pay-02-nic0 (has theirs now), left unchanged');
  expect(JSON.stringify(nic.properties)).toContain('theirs');
});

test('one press contains a storm, with a result for each machine', async () => {
  await begin();
  const { world, tenant, slack } = bench;
  for (const [i, vm] of world.vms.web.entries()) run(vm, { at: Date.now() - 60_000 + i });
  const message = await on('24 machines');
  const gone = world.vms.web[3] as string;
  tenant.resources.remove(gone);
  await slack.press(message, 'isolate', 'U0SAM0000', to);
  await shows(message, 'Isolated: new connections of 23 of 24 machines are denied');
  const thread = await until('the result', () =>
    slack.messages.find((m) => m.threadTs === message.ts && /by machine/.test(textOf(m))),
  );
  await until('each machine', () =>
    /vm-web-04\* · not isolated: .*vm-web-01\* · isolated|vm-web-01\* · isolated.*vm-web-04\* · not isolated/.test(
      textOf(thread),
    ),
  );
  const groups = tenant.resources
    .ofType('Microsoft.Network/networkInterfaces')
    .filter(({ id }) => id.includes('vm-web-'))
    .filter(({ properties }) => JSON.stringify(properties).includes('runwatch-isolation'));
  expect(groups).toHaveLength(23);
  await slack.press(message, 'release', 'U0SAM0000', to);
  await shows(message, 'Released: every interface has its original security group');
}, 60_000);

test('all activity of a watched caller goes to the thread, and later alerts score higher', async () => {
  await begin();
  const { world, tenant, slack } = bench;
  run(world.vms.pay02, { caller: world.people.lee });
  const message = await on('vm-pay-02');
  await more(message, 'Watch…', { who: 'caller,machine', days: '30' });
  await shows(message, /Watched: lee@contoso.example, vm-pay-02 · until/);
  run(world.vms.test01, { caller: world.people.lee, at: Date.now(), tookMs: 0 });
  await shows(await on('vm-test-01'), /on the watchlist/);
  expect(textOf(message)).not.toMatch(/on the watchlist/);
  tenant.log({
    name: 'Microsoft.Storage/storageAccounts/listKeys/action',
    resourceId: `/subscriptions/${subscriptions.payments}/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/st1`,
    caller: world.people.lee,
    at: Date.now() - 1000,
    tookMs: 100,
  });
  await until('the thread', () =>
    slack.messages.some((m) => m.threadTs === message.ts && /listKeys/.test(textOf(m))),
  );
  await slack.choose(message, 'more', 'Stop watching', 'U0SAM0000', to);
  await until('no watchlist', () => !textOf(message).includes('Watched:'));
});

test('an access review shows who never ran anything, and can revoke and restore roles', async () => {
  await begin();
  const { world, tenant, slack } = bench;
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  await slack.choose(message, 'more', 'Review access', 'U0SAM0000', to);
  const review = await until('the review', () => slack.messages.find((m) => /^Access review/.test(m.text)));
  expect(review.text).toMatch(/dana\.reyes.*last on|Dana Reyes.*last on/);
  expect(review.text).toMatch(/patch-bot.*never/i);
  const menu = review.blocks
    .flatMap((block) => block.elements ?? [])
    .find((e) => e.action_id === 'revoke_listed');
  const label = menu.options.find((o: { text: { text: string } }) => /patch/i.test(o.text.text)).text.text;
  const assignment = tenant.resources
    .ofType('Microsoft.Authorization/roleAssignments')
    .find(({ properties }) => properties.principalId === world.people.patchBot.id);
  await slack.choose(review, 'revoke_listed', label, 'U0SAM0000', to);
  await until('revoked', () => /Sam Ortiz revoked/.test(review.text));
  expect(tenant.resources.find(assignment?.id ?? '')).toBeNull();
  await slack.choose(review, 'restore_listed', label, 'U0SAM0000', to);
  await until('restored', () => /Sam Ortiz restored/.test(review.text));
  expect(tenant.resources.get(assignment?.id ?? '').properties).toMatchObject({
    principalId: world.people.patchBot.id,
    roleDefinitionId: assignment?.properties.roleDefinitionId,
  });
});

test('escalates to a templated ticket, to Sentinel and to a new channel, with links to each', async () => {
  const received: { headers: Record<string, unknown>; body: unknown }[] = [];
  const tickets = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => {
      body += chunk;
    });
    request.on('end', () => {
      received.push({ headers: request.headers, body: JSON.parse(body) });
      response.end('{"result":{"url":"https://tickets.contoso.example/INC7"}}');
    });
  });
  await new Promise<void>((done) => tickets.listen(0, '127.0.0.1', done));
  const { port } = tickets.address() as AddressInfo;
  const workspace = `/subscriptions/${subscriptions.payments}/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/soc`;
  await begin(`url: https://runwatch.contoso.example
escalation:
  sentinel: ${workspace}
  channel: [U0LEE0000]
  webhook:
    url: http://127.0.0.1:${port}/incident
    headers: {x-source: runwatch}
    body: {short_description: "{{title}}", urgency: "{{score}}", reasons: "{{reasons}}", link: "{{link}}"}
    link: result.url
`);
  const { world, tenant, slack } = bench;
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  await slack.press(message, 'escalate', 'U0SAM0000', to);
  await shows(
    message,
    /Escalated by .*https:\/\/tickets.contoso.example\/INC7.*portal.azure.com.*app_redirect/,
  );
  expect(received[0]?.headers).toMatchObject({
    'x-source': 'runwatch',
    'idempotency-key': expect.stringMatching(/^RW-/),
  });
  expect(received[0]?.body).toMatchObject({
    short_description: expect.stringContaining('vm-pay-01'),
    urgency: expect.any(Number),
    reasons: expect.any(Array),
    link: expect.stringMatching(/^https:\/\/runwatch.contoso.example\/console\/alerts\/RW-/),
  });
  const [incident] = tenant.resources.all().filter(({ id }) => /SecurityInsights\/incidents/.test(id));
  expect(incident?.properties).toMatchObject({ severity: 'High', status: 'New' });
  const room = [...slack.rooms.values()].find(({ name }) => name.startsWith('runwatch-rw-'));
  expect(room?.members).toEqual(['U0LEE0000']);
  expect(slack.messages.some((m) => m.channel === room?.id && /High/.test(m.text))).toBe(true);
  tickets.closeAllConnections();
  await new Promise((done) => tickets.close(done));
});

test('a disk is restored only from the snapshot that two responders chose', async () => {
  await begin();
  const { world, tenant, slack } = bench;
  const compute = world.vms.pay01.replace(/\/virtualMachines\/.*/, '');
  tenant.resources.put(`${compute}/snapshots/older`, {
    location: 'westeurope',
    properties: {
      timeCreated: new Date(Date.now() - 5 * 86_400_000).toISOString(),
      creationData: { createOption: 'Copy', sourceResourceId: `${compute}/disks/vm-pay-01-os` },
    },
  });
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  await more(message, 'Restore disk…', { snapshot: 'older' });
  await shows(message, 'waits for a second responder');
  await more(message, 'Restore disk…', {}, 'U0LEE0000');
  await until('a different choice starts a new request', () =>
    /Restore the disk: vm-pay-01: requested by \*Lee Chan\*/.test(textOf(message)),
  );
  await more(message, 'Restore disk…', {}, 'U0SAM0000');
  await shows(message, 'now runs from the snapshot of');
  await until('its steps in the thread', () =>
    slack.messages.some((m) => m.threadTs === message.ts && /done · start vm-pay-01/.test(textOf(m))),
  );
  const disk = tenant.resources
    .ofType('Microsoft.Compute/disks')
    .find(({ name }) => name.startsWith('runwatch-'));
  expect(JSON.stringify(disk?.properties)).toContain('nightly-vm-pay-01-os');
  expect(slack.whispers.some((w) => /second, different responder/.test(w.text))).toBe(true);
});

test('every disk can be restored from a restore point, and the old disks can be put back', async () => {
  await begin();
  const { world, tenant } = bench;
  const compute = world.vms.pay01.replace(/\/virtualMachines\/.*/, '');
  const machine = tenant.resources.get(world.vms.pay01);
  const storage = machine.properties.storageProfile as { dataDisks?: unknown[]; osDisk: unknown };
  const data = { lun: 3, name: 'vm-pay-01-data', caching: 'ReadOnly', createOption: 'Attach' };
  storage.dataDisks = [{ ...data, managedDisk: { id: `${compute}/disks/vm-pay-01-data` } }];
  const disk = { location: 'westeurope', sku: { name: 'Premium_LRS' } };
  tenant.resources.put(`${compute}/disks/vm-pay-01-data`, {
    ...disk,
    properties: { hyperVGeneration: 'V2', creationData: { createOption: 'Empty' } },
  });
  const collection = `${compute}/restorePointCollections/backup`;
  const point = `${collection}/restorePoints/sunday`;
  const held = (name: string, lun?: number) => {
    const id = `${point}/diskRestorePoints/${name}`;
    tenant.resources.put(id, { properties: {} });
    return { lun, managedDisk: { id: `${compute}/disks/${name}` }, diskRestorePoint: { id } };
  };
  const storageProfile = { osDisk: held('vm-pay-01-os'), dataDisks: [held('vm-pay-01-data', 3)] };
  tenant.resources.put(collection, {
    location: 'westeurope',
    properties: { source: { id: world.vms.pay01 } },
  });
  tenant.resources.put(point, {
    properties: {
      provisioningState: 'Succeeded',
      timeCreated: new Date(Date.now() - 3 * 86_400_000).toISOString(),
      sourceMetadata: { storageProfile },
    },
  });
  const before = structuredClone(storage);
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  const wish = { snapshot: 'sunday', disks: 'all' };
  await more(message, 'Restore disk…', wish);
  await shows(message, 'waits for a second responder');
  await more(message, 'Restore disk…', wish, 'U0LEE0000');
  await shows(message, 'kept: vm-pay-01-os, vm-pay-01-data');
  const made = tenant.resources
    .ofType('Microsoft.Compute/disks')
    .filter((d) => d.name.startsWith('runwatch-'));
  expect(made.map(({ properties }) => properties.creationData)).toEqual([
    { createOption: 'Restore', sourceResourceId: `${point}/diskRestorePoints/vm-pay-01-os` },
    { createOption: 'Restore', sourceResourceId: `${point}/diskRestorePoints/vm-pay-01-data` },
  ]);
  expect(made[1]?.properties.hyperVGeneration).toBe('V2');
  expect(machine.properties.storageProfile).toMatchObject({
    osDisk: { managedDisk: { id: made[0]?.id } },
    dataDisks: [{ lun: 3, caching: 'ReadOnly', managedDisk: { id: made[1]?.id } }],
  });
  expect(powerOf(world.vms.pay01)).toContain('running');
  await more(message, 'Back to the old disks…');
  await shows(message, 'Back to the old disks: vm-pay-01: requested by');
  await more(message, 'Back to the old disks…', {}, 'U0LEE0000');
  await shows(message, 'runs on its old disks again');
  expect(machine.properties.storageProfile).toEqual(before);
});

test('a dry run prints what it would do and changes nothing', async () => {
  await begin();
  const { world, tenant } = bench;
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  const lines: string[] = [];
  const output = { out: (line: string) => lines.push(line), err: () => {} } as never;
  const config = loadConfig(bench.env);
  const writes = () => tenant.requests.filter((r) => r.method !== 'GET').length;
  const before = writes();
  const id = message.metadata?.event_payload.alert_id as string;
  const azure = { tlsOptions: { ca: tenant.ca } };
  await respond(id, 'isolate', { dryRun: true }, config, output, azure);
  await respond(id, 'restore', { dryRun: true }, config, output, azure);
  expect(lines).toEqual([
    'would make sure runwatch-isolation-westeurope denies everything',
    'would attach runwatch-isolation-westeurope to vm-pay-01-nic0, which has nsg-payments',
    'would attach runwatch-isolation-westeurope to vm-pay-01-nic1, which has no group',
    expect.stringMatching(/^would create runwatch-RW-\S+-vm-pay-01-os from the snapshot of /),
    'would stop vm-pay-01',
    expect.stringMatching(/^would attach runwatch-RW-/),
    'would start vm-pay-01',
  ]);
  await expect(respond(id, 'release', { dryRun: true }, config, output, azure)).rejects.toThrow(
    /can't be done/,
  );
  expect(writes()).toBe(before);
});

test('isolation of a scale set instance or an Arc machine is refused, with an alternative', async () => {
  await begin();
  const { tenant, world, slack } = bench;
  const set = `/subscriptions/${subscriptions.payments}/resourceGroups/rg-web/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-web/virtualMachines/3`;
  tenant.resources.put(set, { location: 'westeurope', properties: { instanceView: {} } });
  tenant.log({
    name: 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action',
    resourceId: set,
    caller: world.people.dana,
    at: Date.now() - 60_000,
    tookMs: 1000,
  });
  const instance = await until('the instance', () => slack.alerts()[0]);
  await slack.press(instance, 'isolate', 'U0SAM0000', to);
  await until('no', () =>
    slack.whispers.some((w) => /belongs to a scale set.*Stop the instance/.test(w.text)),
  );
  await slack.press(instance, 'deallocate', 'U0SAM0000', to);
  await shows(instance, 'is stopped and deallocated');
  expect(powerOf(set)).toContain('deallocated');
  addMachine(tenant, 'unused', { subscription: subscriptions.payments, resourceGroup: 'rg-web' });
  const arc = `/subscriptions/${subscriptions.payments}/resourceGroups/rg-arc/providers/Microsoft.HybridCompute/machines/srv-01`;
  tenant.resources.put(`${arc}/runCommands/rc`, {
    location: 'westeurope',
    properties: { source: { script: 'id' } },
  });
  tenant.log({
    name: 'Microsoft.HybridCompute/machines/runCommands/write',
    resourceId: `${arc}/runCommands/rc`,
    caller: world.people.dana,
    at: Date.now() - 50_000,
    tookMs: 1000,
  });
  const hybrid = await on('srv-01');
  await slack.press(hybrid, 'isolate', 'U0SAM0000', to);
  await until('no', () => slack.whispers.some((w) => /is an Arc machine/.test(w.text)));
  await more(hybrid, 'Clean up…');
  await shows(hybrid, 'rc was removed from the machine');
  expect(tenant.resources.find(`${arc}/runCommands/rc`)).toBeNull();
});

test('a failing escalation target does not duplicate tickets in others; a retry opens the missing one', async () => {
  const tickets: unknown[] = [];
  const server = createServer((request, response) => {
    tickets.push(request.url);
    request.resume().on('end', () => response.end('{}'));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const workspace = `/subscriptions/${subscriptions.payments}/resourceGroups/rg/providers/Microsoft.OperationalInsights/workspaces/soc`;
  await begin(`escalation: {sentinel: ${workspace}, webhook: {url: "http://127.0.0.1:${port}/incident"}}`);
  const { world, tenant, slack } = bench;
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  tenant.faults.add({ when: /PUT .*incidents/, status: 403 });
  await slack.press(message, 'escalate', 'U0SAM0000', to);
  await shows(message, '*Failed*: Escalate did not go through');
  await shows(message, /Microsoft Sentinel: not opened/);
  tenant.faults.clear();
  await slack.press(message, 'retry', 'U0SAM0000', to);
  await until('no failure', () => !textOf(message).includes('Failed:'));
  await shows(message, /<https:[^>]*\|Microsoft Sentinel>/);
  expect(tickets).toHaveLength(1);
  server.closeAllConnections();
  server.close();
});

test('closing lists measures in force and asks for the outcome; they can be undone after closing', async () => {
  await begin();
  const { world, slack } = bench;
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  await slack.press(message, 'isolate', 'U0SAM0000', to);
  await shows(message, 'Isolated:');
  const before = slack.views.length;
  await slack.press(message, 'close', 'U0SAM0000', to);
  const form = await until('the form', () => slack.views[before]);
  expect(JSON.stringify(form.view)).toContain('Stays in force: Isolate on vm-pay-01');
  expect(JSON.stringify(form.view)).not.toContain('initial_option');
  await slack.submit(form, 'U0SAM0000', to, { as: 'benign' });
  await shows(message, 'Closed as benign');
  await shows(message, 'Isolated:');
  await slack.press(message, 'release', 'U0SAM0000', to);
  await shows(message, 'Released:');
  expect(textOf(message)).toContain('Closed as benign');
});

test('runwatch respond waits for the result and sets its exit code', async () => {
  await begin();
  const { world } = bench;
  run(world.vms.pay01);
  const message = await on('vm-pay-01');
  const id = message.metadata?.event_payload.alert_id as string;
  const lines: string[] = [];
  const output = { out: (line: string) => lines.push(line), err: () => {} } as never;
  const config = loadConfig(bench.env);
  await respond(id, 'lock', { json: true }, config, output);
  expect(lines.map((line) => JSON.parse(line))).toEqual([
    expect.objectContaining({ alert: id, action: 'lock', result: 'done' }),
  ]);
  expect(textOf(message)).toContain('Locked read-only');
  await expect(respond(id, 'restart', {}, config, output)).rejects.toMatchObject({
    exitCode: 1,
    message: expect.stringContaining('Unlock it first'),
  });
  await expect(respond(id, 'lock', { set: ['colour=red'] }, config, output)).rejects.toMatchObject({
    exitCode: 2,
  });
});
