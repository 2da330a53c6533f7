import type { Browser, Locator, Page } from 'playwright-core';
import { attackChains } from '../../src/demo/attack-chains';
import { addWorkspace, demoWorkspaceId, logsFrom } from '../../src/demo/workspace';
import { runOn } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { openBrowser } from '../support/browser';
import { until } from '../support/wait';

let bench: Bench;
let browser: Browser;
let page: Page;
let url: string;
const minute = 60_000;

beforeAll(async () => {
  bench = await setUp({ mode: 'none' });
  const { tenant, world } = bench;
  addWorkspace(tenant);
  // Only the sign-ins of managed identities may not be read.
  tenant.state.mayDo = (action) => !action.includes('AADManagedIdentitySignInLogs');
  const app = await bench.start({ LOG_ANALYTICS_WORKSPACE_ID: demoWorkspaceId });
  url = `${app.url}/console`;
  await app.historyFilled();
  addBystanders();
  for (const { play } of attackChains) play(tenant, world);
  browser = await openBrowser();
  page = await browser.newPage({ viewport: { width: 1280, height: 1000 } });
}, 60_000);
afterAll(async () => {
  await browser?.close();
  await bench?.stop();
});

/** Others work at the same time: on another machine, on the same storage account, and with an identity of their own. */
function addBystanders(): void {
  const { tenant, world } = bench;
  const { kim, lee, patchBot } = world.people;
  const at = Date.now() - 5 * minute;
  runOn(bench, world.vms.test01, { caller: kim, ip: '198.51.100.201', at });
  const storage =
    '/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01/resourceGroups/rg-orders/providers/Microsoft.Storage/storageAccounts/stordersprod';
  const keys = { resourceId: storage, at, tookMs: 400 };
  tenant.log({ ...keys, name: 'Microsoft.Storage/storageAccounts/listKeys/action', caller: patchBot });
  tenant.log({ ...keys, name: 'Microsoft.Storage/storageAccounts/regenerateKey/action', caller: lee });
  const { add, device } = logsFrom(tenant, at);
  device('vm-test-01', world.vms.test01).started(1, 9001, 'curl https://bystander.example', [9000, 'bash']);
  for (const { id } of [kim, lee])
    add('SigninLogs', -60, { UserId: id, AppDisplayName: 'Bystander app', ResultType: '0' });
}

const textOf = async (place: string) => (await page.locator(place).allInnerTexts()).join('\n');

/** Opens an alert's page, once it has the text that arrives last. Nothing of the bystanders is on it. */
async function open(title: string, last: string): Promise<void> {
  const link = page.getByRole('link', { name: title, exact: true });
  await until(title, async () => {
    await page.goto(url);
    return (await link.count()) > 0;
  });
  await link.click();
  const all = await until(
    `${last} on ${title}`,
    async () => {
      await page.reload();
      const text = await textOf('main');
      return text.includes(last) ? text : null;
    },
    60,
  );
  expect(all).not.toMatch(/Kim Novak|patch-bot|Lee Okafor|vm-test-01|bystander|regenerateKey|9001/i);
}

/** Without times, which depend on when the test runs. */
async function linesOf(list: Locator): Promise<string[]> {
  const texts = await list.allInnerTexts();
  return texts.map((text) =>
    text
      .replace(/\s+/g, ' ')
      .replace(/^(?:\w{3} \d+, )?\d\d:\d\d:\d\d /, '')
      .trim(),
  );
}
/** Without what Runwatch did: a sign-in that is read late changes the score afterwards. */
const timeline = async () =>
  (await linesOf(page.locator('#part-timeline .tl li'))).filter((line) => !line.startsWith('Runwatch '));
/** Each step's sentence, and what links it to an earlier one. */
const campaign = () =>
  page
    .locator('#part-campaign .campaign > li')
    .evaluateAll((items) =>
      items.map((item) => [
        item.querySelector('a, strong')?.textContent,
        item.querySelectorAll('.sub')[1]?.textContent ?? null,
      ]),
    );
/** Each begins with its depth. */
const processes = () =>
  page.locator('#part-guest .tree li').evaluateAll((items) =>
    items.map((item) => {
      let depth = 0;
      for (let up = item.parentElement?.closest('li'); up; up = up.parentElement?.closest('li')) depth++;
      return `${depth} ${item.querySelector(':scope > code')?.textContent}`;
    }),
  );
const signIns = () => linesOf(page.locator('#part-sign-ins li'));
const exposure = () => textOf('#part-exposes');

test('a run command, a token of the machine’s identity, and the keys of a storage account', async () => {
  await open('Run command on vm-orders-01', 'curl → 169.254.169.254:80');
  expect(await timeline()).toEqual([
    'This alert Run command on vm-orders-01 · succeeded',
    'Machine log curl started with the metadata service’s token address on vm-orders-01 · 169.254.169.254',
    'Azure Microsoft.Storage/storageAccounts/listKeys/action on stordersprod · succeeded · vm-orders-01’s identity',
  ]);
  expect(await processes()).toEqual([
    '0 run-command-extension enable',
    '1 /bin/sh -c /var/lib/waagent/run-command/download/0/script.sh',
    expect.stringMatching(/^2 curl -s -H Metadata:true http:\/\/169\.254\.169\.254\/metadata\/identity/),
  ]);
  expect(await signIns()).toEqual([expect.stringContaining('risk medium · Azure Portal')]);
  expect(await exposure()).toContain(
    'read storage keys (Storage Account Key Operator Service Role at stordersprod)',
  );
  expect(await page.locator('#part-campaign').isHidden()).toBe(true);
});

test('a password reset, and the serial console', async () => {
  await open('Serial console on vm-ledger-01', 'sudo su -');
  expect(await campaign()).toEqual([
    ['Robin Hale reset a password or an SSH key on vm-ledger-01', null],
    [
      'Robin Hale connected to the serial console on vm-ledger-01',
      '2 min later, same caller and machine as 1',
    ],
  ]);
  expect(await timeline()).toEqual([
    'Azure Extension on vm-ledger-01 · succeeded · robin.hale@contoso.example',
    'This alert Serial console on vm-ledger-01 · succeeded',
  ]);
  expect(await processes()).toEqual(['0 -bash', '1 sudo su -']);
  expect(await linesOf(page.locator('#part-guest .plain li'))).toEqual(['opsadmin (Interactive)']);
  expect(await signIns()).toEqual([expect.stringContaining('risk high · Azure Portal')]);
  await page.locator('#part-campaign .campaign a').click();
  await page.locator('h1', { hasText: 'Password or key reset on vm-ledger-01' }).waitFor();
  expect((await campaign()).map(([sentence]) => sentence)).toEqual([
    'Robin Hale reset a password or an SSH key on vm-ledger-01',
    'Robin Hale connected to the serial console on vm-ledger-01',
  ]);
});

test('a custom script on a scale set, whose identity runs a command on another machine', async () => {
  const story = [
    ['Alex Moreau ran a custom script on vmss-batch', null],
    [
      'vmss-batch’s identity ran a command as root on vm-settle-01',
      '4 min later, with the identity of vmss-batch, where 1 ran',
    ],
  ];
  await open('Extension on vmss-batch', 'vmss-batch’s identity');
  expect(await campaign()).toEqual(story);
  expect(await timeline()).toEqual([
    'This alert Custom script on vmss-batch · succeeded',
    'Azure Microsoft.Compute/virtualMachineScaleSets/manualupgrade/action on vmss-batch · succeeded · alex.moreau@contoso.example',
    'Azure Run command on vm-settle-01 (also targeted) · succeeded · vmss-batch’s identity',
  ]);
  expect(await textOf('#part-evidence')).toContain('169.254.169.254');
  // The machines of a scale set are not known, so nothing is said about them.
  expect(await page.locator('#part-guest').isHidden()).toBe(true);
  await page.locator('#part-campaign .campaign a').click();
  await page.locator('h1', { hasText: 'Run command on vm-settle-01' }).waitFor();
  expect(await campaign()).toEqual(story);
  expect((await processes()).at(-1)).toBe('2 tar -czf /tmp/s.tgz /srv/settlements');
  expect(await signIns()).toEqual([]);
  expect(await exposure()).toContain('AADManagedIdentitySignInLogs — the bot lacks a permission');
});
