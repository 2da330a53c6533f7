import { closeSync, fstatSync, fsyncSync, openSync, readSync, writeSync } from 'node:fs';
import type { Store } from '../store/store';

export interface AuditCopies {
  /** A JSON-lines file, appended to. */
  file?: string | undefined;
  /** Takes each entry as JSON by POST; its hash goes as Idempotency-Key, and the newest entry's number and hash beside it. */
  webhook?: string | undefined;
  /** A folder that entries older than a year move to. */
  archive?: string | undefined;
}

const atOnce = 500;
/** The end of the file that is looked at first, bytes; more where one line of an older version is longer. */
const tailLength = 1_000_000;

/**
 * Carries the audit trail's new entries outside, in order; after a crash it goes on behind the last that arrived. One copy
 * that fails does not hold up the other; why it failed is kept for the health page and a notice.
 */
export async function copyAudit(
  { file, webhook }: AuditCopies,
  deps: { store: Pick<Store, 'audit' | 'health'>; now: () => number },
): Promise<void> {
  const { store } = deps;
  if (file) await noted('audit file', () => copyToFile(file, store), deps);
  if (webhook) await noted('audit webhook', () => copyToWebhook(webhook, store), deps);
}

async function noted(
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

/** The file knows by its own last line how far it is. */
async function copyToFile(file: string, { audit }: Pick<Store, 'audit'>): Promise<void> {
  const handle = openSync(file, 'a+', 0o600);
  try {
    let last = lastIdIn(handle);
    for (;;) {
      const entries = await audit.after(last, atOnce);
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

/** A line that a crash cut short is written anew below: readers drop what is no JSON. */
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
    const entries = await audit.after(await audit.copiedTo(url), atOnce);
    if (entries.length === 0) return;
    const head = await audit.head();
    for (const { id, entry } of entries) {
      const response = await fetch(url, {
        method: 'POST',
        redirect: 'error',
        signal: AbortSignal.timeout(10_000),
        headers: {
          'content-type': 'application/json',
          'idempotency-key': entry.hash,
          'runwatch-audit-head': `${head.sequence} ${head.hash}`,
        },
        body: JSON.stringify(entry),
      });
      if (!response.ok) throw new Error(`the audit webhook answered ${response.status}`);
      await audit.setCopiedTo(url, id);
    }
  }
}
