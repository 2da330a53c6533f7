import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { compareStreamIds } from '../store/redis/stream-ids';
import type { Store } from '../store/store';
import type { AuditCopies } from './copy-audit';

/** Older entries move out of Redis, ms. */
const keptMs = 365 * 86_400_000;
const batchSize = 5000;

/**
 * Moves audit entries older than a year into archive files, in order. Entries leave Redis only once they are
 * on disk and in the other copies. After a crash in between, the next run writes the same file again.
 * @param otherPlaces that the log is copied to, by name
 */
export async function archiveAudit(
  { archive, webhook }: AuditCopies,
  {
    store,
    now,
    otherPlaces = [],
  }: { store: Pick<Store, 'audit'>; now: () => number; otherPlaces?: readonly string[] },
): Promise<void> {
  if (!archive) return;
  const { audit } = store;
  const limit = now() - keptMs;
  const places = [...(webhook ? [webhook] : []), ...otherPlaces];
  const copied = await Promise.all(places.map((place) => audit.copiedTo(place)));
  const all = await audit.after('0-0', batchSize);
  const isKept = ({ id, entry }: (typeof all)[number]) =>
    Date.parse(entry.at) >= limit ||
    msOf(id) >= limit ||
    copied.some((upTo) => compareStreamIds(id, upTo) > 0);
  const firstKept = all.findIndex(isKept);
  // Redis is trimmed up to the last archived id, so only an unbroken prefix may be archived.
  const rows = firstKept < 0 ? all : all.slice(0, firstKept);
  const last = rows.at(-1);
  if (!last) return;
  const before = (await audit.archived())?.entries ?? 0;
  const from = String(before + 1).padStart(10, '0');
  const to = String(before + rows.length).padStart(10, '0');
  mkdirSync(archive, { recursive: true, mode: 0o700 });
  for (const name of readdirSync(archive)) if (name.startsWith(`audit-${from}-`)) rmSync(join(archive, name));
  const path = join(archive, `audit-${from}-${to}.jsonl`);
  const file = openSync(`${path}.part`, 'w', 0o600);
  try {
    writeSync(file, rows.map(({ id, entry }) => `${JSON.stringify({ id, ...entry })}\n`).join(''));
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(`${path}.part`, path);
  const folder = openSync(archive, 'r');
  fsyncSync(folder);
  closeSync(folder);
  await audit.dropArchived(last.id, {
    sequence: last.entry.sequence ?? 0,
    hash: last.entry.hash,
    entries: before + rows.length,
  });
}

const msOf = (id: string) => Number(id.split('-')[0]);
