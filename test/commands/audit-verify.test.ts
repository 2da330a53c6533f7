import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { auditKey, exportAudit, verifyAudit } from '../../src/commands/audit';
import { loadConfig } from '../../src/load-config';
import { archiveAudit } from '../../src/pipeline/archive-audit';
import { copyAudit } from '../../src/pipeline/copy-audit';
import { createKeyring } from '../../src/runtime/keyring';
import { connect } from '../../src/store/redis/connect';
import { createStore } from '../../src/store/store';
import { type OwnStore, startStore, testKeyring, testSecret } from '../support/store';

const hour = 3_600_000;
let own: OwnStore;
beforeEach(async () => {
  own = await startStore();
});
afterEach(() => own.stop());

const draft = (number: number, at = Date.now() - hour) => ({
  at: new Date(at).toISOString(),
  by: { surface: 'slack' as const, id: 'U1', name: 'Sam' },
  action: `a${number}`,
  alertId: null,
  object: null,
  result: 'done' as const,
  why: null,
});

const policy = (text: string) => {
  const file = join(own.dir, 'policy.yaml');
  writeFileSync(file, text);
  return loadConfig({ RUNWATCH_DATA_DIR: own.dir, RUNWATCH_SECRET: testSecret, RUNWATCH_CONFIG: file });
};
async function verify(files: string[] = [], flags = {}, config = policy('{}')): Promise<string[]> {
  const lines: string[] = [];
  await verifyAudit(files, flags, config, {
    out: (line: string) => lines.push(line),
    err: () => {},
  } as never);
  return lines;
}
const raw = async <T>(work: (redis: ReturnType<typeof connect>) => Promise<T>): Promise<T> => {
  const redis = connect(own.address);
  const answer = await work(redis);
  redis.disconnect();
  return answer;
};

test('reports the number of entries, their time range and that each is signed', async () => {
  await own.store.audit.append([draft(1), draft(2)]);
  await own.store.audit.append([draft(3)]);
  expect((await verify()).join()).toMatch(/^Redis: 3 entries, from \S+ to \S+, 3 signed, complete$/);
});

test('a log is not whole if its newest entries or its whole stream were deleted but not its head', async () => {
  await own.store.audit.append([draft(1), draft(2), draft(3)]);
  await raw(async (redis) => {
    const [last] = await redis.xrevrange('{runwatch}:audit', '+', '-', 'COUNT', 1);
    await redis.xdel('{runwatch}:audit', last?.[0] ?? '');
  });
  await expect(verify()).rejects.toThrow('Redis: the newest entry is missing');
  await raw((redis) => redis.del('{runwatch}:audit'));
  await expect(verify()).rejects.toThrow('Redis: the newest 3 entries are missing');
});

test('the copy reveals a log that was deleted, or cut with its head reset', async () => {
  const file = join(own.dir, 'copy.jsonl');
  await own.store.audit.append([draft(1), draft(2), draft(3)]);
  await copyAudit({ file }, { store: own.store, now: Date.now });
  expect((await verify([file])).length).toBe(2);
  await raw(async (redis) => {
    const [last] = await redis.xrevrange('{runwatch}:audit', '+', '-', 'COUNT', 1);
    const entry = JSON.parse(last?.[1]?.[1] ?? '{}');
    await redis.xdel('{runwatch}:audit', last?.[0] ?? '');
    await redis.mset('{runwatch}:audit-head', entry.prev, '{runwatch}:audit-sequence', '2');
  });
  expect((await verify()).join()).toMatch(/2 entries.*complete/);
  await expect(verify([file])).rejects.toThrow('missing or different in Redis: 1 entry');
  await raw((redis) => redis.del('{runwatch}:audit', '{runwatch}:audit-head', '{runwatch}:audit-sequence'));
  await expect(verify([file])).rejects.toThrow('missing or different in Redis: 3 entries');
});

test('Redis reveals a copy that was cut; an auditor can check a copy with only the public key', async () => {
  const file = join(own.dir, 'copy.jsonl');
  for (const number of [1, 2, 3]) {
    await own.store.audit.append([draft(number)]);
    await copyAudit({ file }, { store: own.store, now: Date.now });
  }
  const lines = readFileSync(file, 'utf8').split('\n');
  writeFileSync(file, `${lines.slice(0, 4).join('\n')}\n`);
  await expect(verify([file])).rejects.toThrow('its newest entry is missing: Redis has more');
  writeFileSync(file, lines.filter((line) => !line.includes('"a3"')).join('\n'));
  const pem = join(own.dir, 'audit.pem');
  const printed: string[] = [];
  auditKey({}, policy('{}'), { out: (line: string) => printed.push(line), err: () => {} } as never);
  writeFileSync(pem, printed.join('\n'));
  const elsewhere = loadConfig({ RUNWATCH_DATA_DIR: join(own.dir, 'nothing') });
  await expect(verify([file], { key: [pem], offline: true }, elsewhere)).rejects.toThrow(
    'its newest entry is missing',
  );
  writeFileSync(file, lines.join('\n'));
  expect((await verify([file], { key: [pem], offline: true }, elsewhere)).join()).toMatch(
    /3 entries.*3 signed, complete/,
  );
  writeFileSync(file, lines.join('\n').replace('"Sam"', '"Eve"'));
  await expect(verify([file], { key: [pem], offline: true }, elsewhere)).rejects.toThrow(
    'chain breaks at entry 1',
  );
});

test('entries older than a year move to files, and the chain continues through them', async () => {
  const archive = join(own.dir, 'archive');
  const config = policy(`audit: {archive: ${archive}}`);
  await own.store.audit.append([1, 2, 3].map((number) => draft(number)));
  await own.store.audit.append([draft(4)]);
  const later = Date.now() + 366 * 24 * hour;
  await archiveAudit({ archive }, { store: own.store, now: () => later - 2 * hour });
  expect(await own.store.audit.read()).toHaveLength(0);
  await own.store.audit.append([draft(5)]);
  expect(readdirSync(archive)).toEqual(['audit-0000000001-0000000004.jsonl']);
  expect((await verify([], {}, config)).join()).toMatch(/5 entries.*5 signed, complete/);
  expect((await verify()).join('\n')).toMatch(/1 entry.*complete\n.*4 older entries in the archive/);
  const exported: string[] = [];
  const output = { out: (line: string) => exported.push(line), err: () => {} } as never;
  await exportAudit({ format: 'jsonl' }, config, output);
  expect(exported).toHaveLength(5);
  rmSync(join(archive, 'audit-0000000001-0000000004.jsonl'));
  await expect(verify([], {}, config)).rejects.toThrow('chain breaks at entry 1');
});

test('entries signed with the previous secret are checked by the key that the new one recorded', async () => {
  const newer = createKeyring({ current: 'another secret, long enough for all', previous: testSecret });
  await own.store.audit.append([draft(1)]);
  await own.store.audit.noteKey(testKeyring.auditPublicKeys(), Date.now());
  const after = createStore(own.address, [], newer.auditSigner());
  await after.audit.noteKey(newer.auditPublicKeys(), Date.now());
  await after.audit.append([draft(2)]);
  await after.close();
  const file = join(own.dir, 'export.jsonl');
  const entries = await own.store.audit.read();
  writeFileSync(file, entries.map((entry) => JSON.stringify(entry)).join('\n'));
  const [pem = ''] = newer.auditPublicKeys();
  writeFileSync(join(own.dir, 'new.pem'), pem);
  const flags = { key: [join(own.dir, 'new.pem')], offline: true };
  expect((await verify([file], flags)).join()).toMatch(/3 entries.*3 signed, complete/);
  writeFileSync(
    file,
    entries
      .map((entry) => JSON.stringify(entry))
      .join('\n')
      .replace('"a1"', '"b1"'),
  );
  await expect(verify([file], flags)).rejects.toThrow('chain breaks');
});

test('archiving stops at an entry with a time in the future, and loses nothing', async () => {
  const archive = join(own.dir, 'archive');
  const later = Date.now() + 366 * 24 * hour;
  await own.store.audit.append([draft(1), draft(2, later), draft(3)]);
  await archiveAudit({ archive }, { store: own.store, now: () => later - 2 * hour });
  expect((await own.store.audit.read()).map(({ action }) => action)).toEqual(['a2', 'a3']);
  expect((await verify([], {}, policy(`audit: {archive: ${archive}}`))).join()).toMatch(
    /3 entries.*complete/,
  );
});

test('a log is not whole if nothing in it is signed, or if Redis falsely says its start is archived', async () => {
  await own.store.audit.append([draft(1), draft(2)]);
  const [first, second] = await own.store.audit.read();
  await raw(async (redis) => {
    await redis.xtrim('{runwatch}:audit', 'MAXLEN', 1);
    await redis.set(
      '{runwatch}:audit-archived',
      JSON.stringify({ sequence: 1, hash: first?.hash, entries: 1 }),
    );
  });
  await expect(verify()).rejects.toThrow('is not signed by a known key');
  expect(second?.prev).toBe(first?.hash);
});

test('one long line from an older version does not restart the copy', async () => {
  const file = join(own.dir, 'copy.jsonl');
  await own.store.audit.append([draft(1)]);
  const [{ id } = { id: '' }] = await own.store.audit.after('0-0', 1);
  mkdirSync(own.dir, { recursive: true });
  writeFileSync(file, `${JSON.stringify({ id, why: 'x'.repeat(1_500_000) })}\n`);
  await copyAudit({ file }, { store: own.store, now: Date.now });
  expect(readFileSync(file, 'utf8').split('\n').filter(Boolean)).toHaveLength(1);
});
