import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Azure, createAzure } from '../../src/azure/azure';
import { factsOf } from '../../src/chat/fact-lines';
import { checkGeo } from '../../src/commands/doctor/check-geo';
import type { Check } from '../../src/config/doctor-check';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { addMachine } from '../../src/demo/world';
import { addressText } from '../../src/domain/alerts/address-text';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { defaultPoints, scoreOf } from '../../src/domain/alerts/score';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { loadConfig } from '../../src/load-config';
import { enrich } from '../../src/pipeline/enrich/enrich';
import { createGeoDatabases, type GeoDatabases } from '../../src/runtime/geo-databases';
import { event } from '../support/event';
import { writeMmdb } from '../support/mmdb';
import { type OwnStore, startStore } from '../support/store';

const subscription = event().subscriptionId;
const hour = 3_600_000;

let dir: string;
let own: OwnStore;
let tenant: Tenant;
let azure: Azure;
let vm: string;
let now: number;

beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());
beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'runwatch-geo-'));
  now = Date.now();
  tenant = await startTenant();
  tenant.state.subscriptions.set(subscription, 'Payments');
  vm = addMachine(tenant, 'vm-0', { subscription, resourceGroup: 'rg' });
  const config = loadConfig({
    AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
    AZURE_ACCESS_TOKEN: tenant.token,
  });
  azure = createAzure(config, {
    tlsOptions: { ca: tenant.ca },
    graphEndpoint: tenant.endpoint,
    now: () => now,
  });
});
afterEach(async () => {
  rmSync(dir, { recursive: true });
  await tenant.stop();
});

const path = (name: string) => join(dir, name);
function databases(): GeoDatabases {
  const operator = (number: number, name: string) => ({
    autonomous_system_number: number,
    autonomous_system_organization: name,
  });
  const asn = {
    '8.8.0.0/16': operator(64500, 'Contoso Telecom'),
    '9.9.0.0/16': operator(64501, 'Fabrikam Hosting'),
  };
  writeMmdb(path('asn.mmdb'), 'Test-ASN', asn, now);
  writeMmdb(path('country.mmdb'), 'Test-Country', { '8.0.0.0/8': { country: { iso_code: 'DE' } } }, now);
  return createGeoDatabases({ asn: path('asn.mmdb'), country: path('country.mmdb') }, () => now);
}

function alertFrom(ip: string | null, id: string = crypto.randomUUID(), at = now): Alert {
  const caller = { ...event().caller, ip };
  const time = new Date(at).toISOString();
  const execution = executionFrom(event({ resourceId: vm, caller, time, correlationId: id })) as Execution;
  return newAlert(`RW-${id}`, [execution], time);
}
const enriched = async (alert: Alert, geo = createGeoDatabases()): Promise<Alert> => ({
  ...alert,
  facts: await enrich(alert, { azure, store: own.store, policy: {}, geo }),
});
const tagRequests = () => tenant.requests.filter(({ path }) => path.endsWith('/serviceTags')).length;

test("says that an address is Azure's, its region and its service, with one request for all alerts", async () => {
  const [devOps, machine, other] = await Promise.all(
    ['192.0.2.97', '192.0.2.65', '8.8.4.4'].map((ip) => enriched(alertFrom(ip))),
  );
  expect([devOps, machine, other].map((alert) => addressText(alert as Alert))).toEqual([
    '192.0.2.97 (Azure westeurope AzureDevOps)',
    '192.0.2.65 (Azure westeurope)',
    '8.8.4.4',
  ]);
  tenant.state.serviceTags = [
    {
      name: 'AzureDevOps.WestEurope',
      properties: { region: 'westeurope', systemService: 'AzureDevOps', addressPrefixes: ['20.50.1.64/26'] },
    },
  ];
  expect(tagRequests()).toBe(1);
  now += 24 * hour + 1;
  expect(addressText(await enriched(alertFrom('20.50.1.65')))).toBe(
    '20.50.1.65 (Azure westeurope AzureDevOps)',
  );
  expect(addressText(await enriched(alertFrom('20.50.1.1')))).toBe('20.50.1.1');
  expect(tagRequests()).toBe(2);
  expect([machine, other].map((alert) => alert?.facts.missing)).toEqual([[], []]);
});

test.each([
  ['refuses', { status: 403, code: 'AuthorizationFailed' }],
  ['has an empty list', { status: 200, body: '{"values":[]}' }],
  [
    'lies',
    { status: 200, body: '{"values":[{"name":7},{"name":"x","properties":{"addressPrefixes":"all"}}]}' },
  ],
])('when Azure %s, the alert says so, and Azure is not asked again for each alert', async (_, answer) => {
  const headers = { 'content-type': 'application/json' };
  tenant.faults.add({ when: /serviceTags$/, headers, ...answer });
  const alert = await enriched(alertFrom('20.50.1.65'));
  expect(alert.facts.missing).toEqual([
    expect.objectContaining({
      what: "Azure's address ranges",
      why: expect.stringMatching(/^Azure's address ranges: /),
    }),
  ]);
  expect(factsOf(alert, now).find(({ label }) => label === 'Unavailable')).toBeDefined();
  await enriched(alertFrom('20.50.1.66'));
  expect(tagRequests()).toBe(1);
  now += 10 * 60_000 + 1;
  await enriched(alertFrom('20.50.1.67'));
  expect(tagRequests()).toBe(2);
});

test('a slow list of ranges does not delay the alert', async () => {
  tenant.faults.add({ when: /serviceTags$/, status: 200, play: () => {} });
  const alert = alertFrom('20.50.1.65');
  const facts = await enrich(alert, { azure, store: own.store, policy: {}, geo: databases() }, 300);
  expect(facts.missing?.map(({ what, why }) => [what, why])).toContainEqual([
    "Azure's address ranges",
    expect.stringContaining('no answer'),
  ]);
  expect(facts.machines).toBeDefined();
});

test('names the network operator and the country', async () => {
  const alert = await enriched(alertFrom('8.8.4.4'), databases());
  expect(addressText(alert)).toBe('8.8.4.4 (AS64500 Contoso Telecom, Germany)');
  expect(addressText(await enriched(alertFrom('9.9.9.9'), databases()))).toBe(
    '9.9.9.9 (AS64501 Fabrikam Hosting)',
  );
  for (const ip of ['10.0.0.4', '7.7.7.7', null])
    expect(addressText(await enriched(alertFrom(ip), databases()))).toBe(ip ?? '');
});

test('a network operator that the caller never used scores, one that they used before does not', async () => {
  const geo = databases();
  await own.store.history.setFilledFrom(subscription, now - 90 * 24 * hour);
  const earlier = alertFrom('8.8.8.8', 'earlier', now - 48 * hour);
  await own.store.history.note(earlier.executions, now);
  const reasonsOf = async (ip: string) =>
    scoreOf(await enriched(alertFrom(ip), geo), { points: defaultPoints })
      .reasons.filter(({ id }) => id === 'newNetwork' || id === 'newAddress')
      .map(({ text }) => text);
  expect(await reasonsOf('8.8.4.4')).toEqual(['new IP address']);
  expect(await reasonsOf('9.9.9.9')).toEqual(['new IP address', 'new network: AS64501 Fabrikam Hosting']);
  expect(await reasonsOf('7.7.7.7')).toEqual(['new IP address']);
});

test('a database that is missing or damaged is named on the alert, and the rest is there', async () => {
  databases();
  writeFileSync(path('asn.mmdb'), 'not a database');
  const geo = createGeoDatabases({ asn: path('asn.mmdb'), country: path('country.mmdb') });
  const alert = await enriched(alertFrom('8.8.4.4'), geo);
  expect(addressText(alert)).toBe('8.8.4.4 (Germany)');
  expect(alert.facts.missing?.map(({ what }) => what)).toEqual(["the address's network"]);
});

test('doctor names a database that is missing, old, or of another kind', async () => {
  databases();
  writeMmdb(path('old.mmdb'), 'Test-ASN', { '8.0.0.0/8': { asn: 'AS64500' } }, now - 200 * 24 * hour);
  const checksOf = async (paths: Parameters<typeof checkGeo>[0]) => {
    const checks: Check[] = [];
    await checkGeo(paths, (check) => checks.push(check), now);
    return checks.map(({ ok, says }) => [ok, says]);
  };
  expect(await checksOf({})).toEqual([]);
  expect(await checksOf({ asn: path('asn.mmdb'), country: path('country.mmdb') })).toEqual([
    [true, 'Test-ASN, 0 days old'],
    [true, 'Test-Country, 0 days old'],
  ]);
  expect(await checksOf({ asn: path('country.mmdb'), country: path('none.mmdb') })).toEqual([
    [false, 'Test-Country, 0 days old: it has no asn for well-known addresses'],
    [false, expect.stringContaining('none.mmdb: ENOENT')],
  ]);
  expect(await checksOf({ asn: path('old.mmdb') })).toEqual([[false, 'Test-ASN, 200 days old']]);
});
