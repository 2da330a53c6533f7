import { createAzure } from '../../src/azure/azure';
import { checkScriptFetcher } from '../../src/commands/doctor/check-script-fetcher';
import {
  azureRoles,
  fetcherActions,
  type ManifestFlags,
  manifest,
  responderActions,
  watcherActions,
} from '../../src/commands/manifest';
import type { Check } from '../../src/config/doctor-check';
import { fetcherId, fetcherToken, startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { assign, populateTenant, roleIds, subscriptions } from '../../src/demo/world';
import { loadConfig } from '../../src/load-config';

const writes = /runCommands\/(write|delete)$/;

test('only the role of its own may run commands on machines, and it is printed only by its name', () => {
  expect(
    [...watcherActions(), ...responderActions()].filter((one) => /runCommands?\/(write|action)/.test(one)),
  ).toEqual([]);
  expect(fetcherActions().filter((one) => writes.test(one))).toHaveLength(4);
  const print = (flags: Record<string, string>) => {
    const lines: string[] = [];
    manifest(
      'azure-role',
      flags as ManifestFlags,
      { out: (text: string) => void lines.push(text), err: () => {} } as never,
    );
    return lines.join('\n');
  };
  expect(print({})).not.toContain('runCommands/write');
  expect(JSON.parse(print({ role: 'script-fetcher', subscription: 's' }))).toEqual(
    azureRoles('s')['script-fetcher'],
  );
});

let tenant: Tenant;
beforeEach(async () => {
  tenant = await startTenant();
  populateTenant(tenant);
});
afterEach(() => tenant.stop());

const check = async (token: string) => {
  const base = loadConfig({
    AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
    AZURE_ACCESS_TOKEN: tenant.token,
  });
  const azure = createAzure(
    { ...base, fetchScript: { identity: null } },
    {
      tlsOptions: { ca: tenant.ca },
      fetchCredential: { getToken: async () => ({ token, expiresOnTimestamp: Date.now() + 3_600_000 }) },
    },
  );
  const checks: Check[] = [];
  await checkScriptFetcher(
    azure,
    [subscriptions.payments],
    tenant.state.botId,
    (one) => void checks.push(one),
  );
  return checks;
};

test('doctor names what the identity lacks, and how to grant it', async () => {
  const checks = await check(fetcherToken);
  expect(checks[0]).toMatchObject({ ok: true, says: `on, by its own identity, ${fetcherId}` });
  const lacking = checks.slice(1);
  expect(lacking.map(({ ok }) => ok)).toEqual(fetcherActions().map(() => false));
  expect(lacking[0]?.fix).toContain(`--role script-fetcher --subscription ${subscriptions.payments}`);
  assign(
    tenant,
    `/subscriptions/${subscriptions.payments}`,
    roleIds.owner,
    fetcherId,
    'ServicePrincipal',
    '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7fe',
  );
  expect((await check(fetcherToken)).every(({ ok }) => ok)).toBe(true);
});

test('doctor says that an identity without an object ID can’t be recognized', async () => {
  const [found] = await check(tenant.token);
  expect(found).toMatchObject({ ok: false, says: expect.stringContaining('no token with an object ID') });
});
