import { archiveAudit } from '../../src/pipeline/archive-audit';
import { createAuditCheck } from '../../src/pipeline/check-audit';
import { createKeyring } from '../../src/runtime/keyring';
import { createLog } from '../../src/runtime/log';
import { connect } from '../../src/store/redis/connect';
import { createStore } from '../../src/store/store';
import { type OwnStore, startStore, testKeyring, testSecret } from '../support/store';

let own: OwnStore;
beforeEach(async () => {
  own = await startStore();
});
afterEach(() => own.stop());

const draft = (number: number, at = Date.now()) => ({
  at: new Date(at).toISOString(),
  by: { surface: 'slack', id: 'U1', name: 'Sam' },
  action: `a${number}`,
  alertId: null,
  object: null,
  result: 'done' as const,
  why: null,
});
const append = (count: number) => own.store.audit.append(Array.from({ length: count }, (_, i) => draft(i)));
const checkOf = (keyring = testKeyring, store = own.store) =>
  createAuditCheck({ store, keyring, log: createLog('silent'), now: Date.now });
async function checked(keyring = testKeyring, store = own.store) {
  const audit = checkOf(keyring, store);
  await audit.check();
  return (await audit.state()).last;
}
const raw = async <T>(work: (redis: ReturnType<typeof connect>) => Promise<T>): Promise<T> => {
  const redis = connect(own.address);
  try {
    return await work(redis);
  } finally {
    redis.disconnect();
  }
};
const stream = '{runwatch}:audit';
const idAt = (redis: ReturnType<typeof connect>, index: number) =>
  redis.xrange(stream, '-', '+').then((rows) => rows[index]?.[0] as string);

test('an empty log is complete, and a long one is verified to its newest entry', async () => {
  expect(await checked()).toMatchObject({ entries: 0, sequence: 0, fault: null });
  await append(450);
  const audit = checkOf();
  await audit.check();
  expect(await audit.state()).toMatchObject({
    last: { entries: 450, sequence: 450, fault: null, archived: 0 },
    running: null,
    newest: 450,
  });
});

test('a removed entry breaks the chain at the next one, whichever batch it is in', async () => {
  await append(450);
  await raw(async (redis) => redis.xdel(stream, await idAt(redis, 200)));
  expect(await checked()).toMatchObject({
    entries: 200,
    sequence: 200,
    fault: { sequence: 202, why: 'it or an earlier entry was changed or removed' },
  });
});

test('without its newest entries the log is not complete', async () => {
  await append(3);
  await raw(async (redis) => redis.xdel(stream, await idAt(redis, 2)));
  expect(await checked()).toMatchObject({
    entries: 2,
    fault: { sequence: 3, why: expect.stringMatching('missing') },
  });
});

test('a log that was cut back together with its head is found by the check before it, again and again', async () => {
  await append(3);
  const { hash } = (await own.store.audit.read())[1] as { hash: string };
  await checked();
  await raw(async (redis) => {
    await redis.xdel(stream, await idAt(redis, 2));
    await redis.mset('{runwatch}:audit-head', hash, '{runwatch}:audit-sequence', '2');
  });
  for (const _ of [1, 2])
    expect(await checked()).toMatchObject({
      fault: { sequence: 3, why: expect.stringMatching('missing or was replaced') },
    });
});

test('a result that was not signed counts as none', async () => {
  await append(2);
  const last = await checked();
  await raw((redis) =>
    redis.set('{runwatch}:audit-check', JSON.stringify({ check: { ...last, entries: 9 }, signature: 'x' })),
  );
  expect((await checkOf().state()).last).toBeNull();
});

test('entries from before several changes of the secret are verified', async () => {
  const secrets = ['a first secret, long enough', 'a second secret, long enough', testSecret];
  await raw((redis) => redis.del(stream));
  for (const [i, current] of secrets.entries()) {
    const keyring = createKeyring({ current, previous: secrets[i - 1] ?? null });
    const store = createStore(own.address, [], keyring.auditSigner());
    await store.audit.noteKey(keyring.auditPublicKeys(), Date.now());
    await store.audit.append([draft(i)]);
    await store.close();
  }
  expect(await checked(testKeyring)).toMatchObject({ entries: 5, fault: null });
});

test('entries in the archive are counted and not checked', async () => {
  const long = Date.now() - 400 * 86_400_000;
  await raw(async (redis) => {
    const entries = [draft(1, long), draft(2, long)];
    await own.store.audit.append(entries);
    const rows = await redis.xrange(stream, '-', '+');
    await redis.del(stream);
    for (const [i, [, fields]] of rows.entries()) await redis.xadd(stream, `${long + i}-0`, ...fields);
  });
  await append(1);
  await archiveAudit({ archive: `${own.dir}/archive` }, { store: own.store, now: Date.now });
  expect(await checked()).toMatchObject({ entries: 1, sequence: 3, archived: 2, fault: null });
});

test('two checks at once are one', async () => {
  await append(500);
  const audit = checkOf();
  await Promise.all([audit.check(), audit.check()]);
  expect(await audit.state()).toMatchObject({ last: { entries: 500 }, running: null });
});
