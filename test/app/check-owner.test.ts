import { checkOwner, untilCertain } from '../../src/app/check-owner';
import { createStore, type Store } from '../../src/store/store';
import { type OwnStore, startStore } from '../support/store';

const tenant = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
const otherTenant = '1c8e3d2f-4b66-4d13-9f5c-03a8c1b7e421';

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
function processOf(tenantId: () => Promise<string | null>) {
  const store = createStore(own.address, []);
  opened.push(store);
  return { store, tenantId };
}
const inTenant = (id: string | null) => async () => id;
const check = (id: string | null = tenant) => checkOwner(processOf(inTenant(id)));

test('processes of one tenant are one bot, whatever the case of the id', async () => {
  expect(await check()).toEqual({ why: null, isCertain: true });
  expect(await check(tenant.toUpperCase())).toEqual({ why: null, isCertain: true });
});

test('a bot of another tenant is refused, and changes nothing', async () => {
  await check();
  const { why } = await check(otherTenant);
  expect(why).toContain(`belongs to the Runwatch of tenant ${tenant}`);
  expect(why).toContain(`the credential here is of tenant ${otherTenant}`);
  expect(await check()).toEqual({ why: null, isCertain: true });
});

test('a tenant that is known only later is checked then', async () => {
  await check();
  const answers = [otherTenant];
  const late = processOf(async () => answers.shift() ?? null);
  const first = Promise.resolve({ why: null, isCertain: true });
  expect(await untilCertain(first, late, new AbortController().signal)).toBeNull();
  const refused = await untilCertain(checkOwner(late), late, new AbortController().signal);
  expect(refused).toContain(otherTenant);
  expect(await checkOwner(late)).toEqual({ why: null, isCertain: false });
});

test('a process that stops is not refused, however long its tenant stays unknown', async () => {
  const stopping = new AbortController();
  const never = processOf(inTenant(null));
  const waiting = untilCertain(checkOwner(never), never, stopping.signal);
  stopping.abort();
  expect(await waiting).toBeNull();
});
