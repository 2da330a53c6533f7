import { createAzure } from '../../src/azure/azure';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { loadConfig } from '../../src/load-config';

let tenant: Tenant;
const group = '11111111-2222-4333-8444-555555555555';
const personId = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

beforeAll(async () => {
  tenant = await startTenant();
  const members = Array.from({ length: 1200 }, (_, n) => personId(n));
  for (const id of members)
    tenant.directory.add({ id, kind: 'User', name: id, login: `${id}@contoso.example` });
  tenant.directory.add({ id: group, kind: 'Group', name: 'everybody', login: '', members });
});
afterAll(() => tenant.stop());
afterEach(() => tenant.faults.clear());

const directory = () =>
  createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca }, graphEndpoint: tenant.endpoint },
  ).directory;

test('a group with more members than one page is read completely', async () => {
  const members = await directory().membersOf(group);
  expect(new Set(members.map(({ id }) => id)).size).toBe(1200);
});

test.each([
  ['leads to another host', 'https://evil.example/v1.0/groups'],
  ['leads to itself', 'SELF'],
  ['is an object', null],
])('a list that %s fails instead of returning a shorter list', async (_, link) => {
  const nextLink = link === 'SELF' ? `${tenant.endpoint}/v1.0/groups/${group}/transitiveMembers` : link;
  const body = JSON.stringify(link === null ? { value: {} } : { value: [], '@odata.nextLink': nextLink });
  tenant.faults.add({ when: /transitiveMembers/, status: 200, body });
  await expect(directory().membersOf(group)).rejects.toThrow('returned an invalid list');
});

test('principals that are wanted at the same moment take one request', async () => {
  const { principal } = directory();
  const before = tenant.requests.length;
  const wanted = Array.from({ length: 500 }, (_, n) => personId(n));
  const found = await Promise.all([...wanted, 'no-such-id'].map((id) => principal(id)));
  expect(found.slice(0, 500).map((one) => one?.id)).toEqual(wanted);
  expect(found[500]).toBeNull();
  expect(tenant.requests.slice(before).filter(({ path }) => /getByIds/.test(path))).toHaveLength(1);
});
