import { checkRedisOwner } from '../../../src/commands/doctor/check-redis-owner';
import type { Check } from '../../../src/config/doctor-check';
import { type OwnStore, startStore } from '../../support/store';

const tenant = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
const otherTenant = '1c8e3d2f-4b66-4d13-9f5c-03a8c1b7e421';

let own: OwnStore;
beforeEach(async () => {
  own = await startStore();
});
afterEach(() => own.stop());

async function check(tenantId: string | null): Promise<Check[]> {
  const found: Check[] = [];
  await checkRedisOwner(own.address, tenantId, (one) => void found.push(one));
  return found;
}

test('a new Redis is free, and checking it does not claim it', async () => {
  expect(await check(tenant)).toMatchObject([{ ok: true, says: 'no bot has used it yet' }]);
  expect(await check(otherTenant)).toMatchObject([{ ok: true, says: 'no bot has used it yet' }]);
});

test('the Redis of the same tenant is accepted, and that of another refused with both tenants', async () => {
  await own.store.owner.claimFor(tenant);
  expect(await check(tenant.toUpperCase())).toMatchObject([{ ok: true }]);
  const [refused] = await check(otherTenant);
  expect(refused).toMatchObject({
    name: 'redis owner',
    ok: false,
    says: `the bot of tenant ${tenant}, and the credential here is of tenant ${otherTenant}`,
    fix: expect.stringContaining('REDIS_URL'),
  });
  expect(refused?.optional).toBeUndefined();
  expect(await own.store.owner.get()).toBe(tenant);
});

test('without a known tenant there is nothing to compare', async () => {
  await own.store.owner.claimFor(tenant);
  expect(await check(null)).toEqual([]);
});
