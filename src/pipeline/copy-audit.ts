import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import { sendRequest } from '../runtime/outgoing-request';
import type { Store } from '../store/store';

export interface AuditCopies {
  /** JSON Lines file that entries are appended to. */
  file?: string | undefined;
  /**
   * URL that receives each entry as a JSON POST. The Idempotency-Key header is the entry's hash.
   * Another header carries the newest entry's number and hash.
   */
  webhook?: string | undefined;
  /** Archive folder for entries older than a year. */
  archive?: string | undefined;
}

const batchSize = 500;
/** How much of the end of the file is read first, bytes. Older versions may have written longer lines. */
const tailLength = 1_000_000;

/**
 * Copies new audit entries to the file and the webhook, in order. After a crash it resumes after the last
 * entry that arrived. The copies fail independently; errors are kept for the health page and a notice.
 */
export async function copyAudit(
  { file, webhook }: AuditCopies,
  deps: { store: Pick<Store, 'audit' | 'health'>; now: () => number },
): Promise<void> {
  const { store } = deps;
  if (file) await recordHealth('audit file', () => copyToFile(file, store), deps);
  if (webhook) await recordHealth('audit webhook', () => copyToWebhook(webhook, store), deps);
}

async function recordHealth(
  place: string,
  copy: () => Promise<void>,
  { store, now }: { store: Pick<Store, 'health'>; now: () => number },
): Promise<void> {
  try {
    await copy();
    await store.health.note(place, null, now());
  } catch (error) {
    await store.health.note(place, error instanceof Error ? error.message : String(error), now());
  }
}

/** The last line of the file shows which entries it already has. */
async function copyToFile(file: string, { audit }: Pick<Store, 'audit'>): Promise<void> {
  const handle = openSync(file, 'a+', 0o600);
  try {
    let last = lastIdIn(handle);
    for (;;) {
      const entries = await audit.after(last, batchSize);
      if (entries.length === 0) return;
      const lines = entries.map(({ id, entry }) => `${JSON.stringify({ id, ...entry })}\n`);
      writeSync(handle, `${lines.join('')}${JSON.stringify({ head: await audit.head() })}\n`);
      fsyncSync(handle);
      last = entries.at(-1)?.id ?? last;
    }
  } finally {
    closeSync(handle);
  }
}

/** A line cut short by a crash is ended here and written again; readers skip lines that are not JSON. */
function lastIdIn(handle: number): string {
  const { size } = fstatSync(handle);
  const end = Buffer.alloc(1);
  if (size > 0 && readSync(handle, end, 0, 1, size - 1) === 1 && end[0] !== 10) writeSync(handle, '\n');
  for (let length = Math.min(size, tailLength); ; length = Math.min(size, length * 2)) {
    const tail = Buffer.alloc(length);
    readSync(handle, tail, 0, length, size - length);
    const lines = tail.toString('utf8').split('\n');
    for (const line of lines.reverse()) {
      const id = /^\{"id":"(\d+-\d+)".*\}$/.exec(line)?.[1];
      if (id) return id;
    }
    if (length === size) return '0-0';
  }
}

async function copyToWebhook(url: string, { audit }: Pick<Store, 'audit'>): Promise<void> {
  for (;;) {
    const entries = await audit.after(await audit.copiedTo(url), batchSize);
    if (entries.length === 0) return;
    const head = await audit.head();
    for (const { id, entry } of entries) {
      const { status } = await sendRequest({
        url,
        headers: {
          'content-type': 'application/json',
          'idempotency-key': entry.hash,
          'runwatch-audit-head': `${head.sequence} ${head.hash}`,
        },
        body: JSON.stringify(entry),
        maxBytes: 0,
        allowPrivate: true,
      });
      if (status < 200 || status > 299) throw new Error(`the audit webhook answered ${status}`);
      await audit.setCopiedTo(url, id);
    }
  }
}
