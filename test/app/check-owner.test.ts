import { checkOwner, untilCertain } from '../../src/app/check-owner';
import { createKeyring } from '../../src/runtime/keyring';
import { createStore, type Store } from '../../src/store/store';
import { type OwnStore, startStore } from '../support/store';

const tenant = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
const otherTenant = '1c8e3d2f-4b66-4d13-9f5c-03a8c1b7e421';
const secret = 'the secret of the first bot, long enough';
const newSecret = 'the secret that replaces it, long enough';

let own: OwnStore;
const opened: Store[] = [];
beforeEach(async () => {
  own = await startStore();
});
afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  await own.stop();
});

/** A process, which has its own connection. */
function processOf(current: string, previous: string | null, tenantId: () => Promise<string | null>) {
  const store = createStore(own.address, []);
  opened.push(store);
  return { store, keyring: createKeyring({ current, previous }), tenantId };
}
const inTenant = (id: string | null) => async () => id;
const check = (current: string, previous: string | null, id: string | null = tenant) =>
  checkOwner(processOf(current, previous, inTenant(id)));

test('processes with one tenant and one secret are one bot, whatever the case of the id', async () => {
  expect(await check(secret, null)).toEqual({ why: null, isCertain: true });
  expect(await check(secret, null, tenant.toUpperCase())).toEqual({ why: null, isCertain: true });
});

test('a bot of another tenant is refused even with the same secret, and changes nothing', async () => {
  await check(secret, null);
  const { why } = await check(secret, null, otherTenant);
  expect(why).toContain(`belongs to the Runwatch of tenant ${tenant}`);
  expect(why).toContain(`the credential here is of tenant ${otherTenant}`);
  expect(await check(secret, null)).toEqual({ why: null, isCertain: true });
});

test('a bot with another secret is refused, and does not claim the tenant', async () => {
  await check(secret, null, null);
  const { why } = await check(newSecret, null, otherTenant);
  expect(why).toMatch(/^RUNWATCH_SECRET: differs .* set RUNWATCH_SECRET_PREVIOUS to the old one$/);
  expect(await check(secret, null)).toEqual({ why: null, isCertain: true });
});

test('while the secret is replaced, a process that restarts with the old one is still of this bot', async () => {
  await check(secret, null);
  expect((await check(newSecret, secret)).why).toBeNull();
  expect((await check(secret, null)).why).toBeNull();
  expect((await check('a third secret, of another bot, long enough', null)).why).toMatch(/^RUNWATCH_SECRET/);
});

test('a tenant that is known only later is checked then', async () => {
  await check(secret, null);
  const answers = [otherTenant];
  const late = processOf(secret, null, async () => answers.shift() ?? null);
  const first = Promise.resolve({ why: null, isCertain: true });
  expect(await untilCertain(first, late, new AbortController().signal)).toBeNull();
  const refused = await untilCertain(checkOwner(late), late, new AbortController().signal);
  expect(refused).toContain(otherTenant);
  expect(await checkOwner(late)).toEqual({ why: null, isCertain: false });
});

test('a process that stops is not refused, however long its tenant stays unknown', async () => {
  const stopping = new AbortController();
  const never = processOf(secret, null, inTenant(null));
  const waiting = untilCertain(checkOwner(never), never, stopping.signal);
  stopping.abort();
  expect(await waiting).toBeNull();
});
