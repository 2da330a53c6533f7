import { once } from 'node:events';
import type { Response } from 'express';
import type { AuditEntry } from '../../../domain/audit/audit-chain';
import { type AuditReader, allEntries } from '../../../domain/audit/search-entries';
import { csvLine } from '../../../domain/text/csv-line';
import { numberText, t } from '../../../domain/text/translate';
import { personName } from '../people';
import { actionName } from './action-names';
import { measureOf, type NamesOf, objectOf } from './audit-object';
import type { AuditQuery } from './query';
import { searchOf } from './read-entries';

/** `runwatch audit export` has no limit. */
export const maxLines = 50_000;

const columns = [
  'sequence',
  'at',
  'who',
  'email',
  'source',
  'action',
  'action_id',
  'object',
  'object_id',
  'result',
  'reason',
  'alert',
  'hash',
];

/** Streams what the filters match, newest first. The last line says so if there is more. */
export async function sendCsv(
  query: AuditQuery,
  { namesOf, ...reader }: AuditReader & { namesOf: NamesOf },
  response: Response,
): Promise<void> {
  if (response.closed) return;
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  response.type('text/csv').set('content-disposition', 'attachment; filename="runwatch-audit.csv"');
  // Excel reads UTF-8 only with this mark.
  response.write(`\uFEFF${csvLine(columns)}\r\n`);
  let lines = 0;
  for await (const rows of allEntries(searchOf({ ...query, cursor: '' }), reader, gone.signal)) {
    const entries = rows.flatMap(({ entry }) => entry ?? []);
    const names = await namesOf(entries.flatMap((entry) => measureOf(entry) ?? []));
    const part = entries.slice(0, maxLines - lines);
    lines += part.length;
    const text = part.map((entry) => `${lineOf(entry, names)}\r\n`).join('');
    if (text && !response.write(text) && !gone.signal.aborted)
      await once(response, 'drain', { signal: gone.signal }).catch(() => {});
    if (part.length < entries.length) {
      response.write(
        `${csvLine([t`Cut off after ${numberText(maxLines)} entries. Choose a shorter time range, or run: runwatch audit export`])}\r\n`,
      );
      break;
    }
  }
  response.end();
}

function lineOf(entry: AuditEntry, names: ReadonlyMap<string, string>): string {
  const { sequence, at, by, action, object, result, why, alertId, hash } = entry;
  return csvLine([
    sequence === undefined ? '' : String(sequence),
    at,
    personName(by),
    by.email ?? '',
    by.surface,
    actionName(action),
    action,
    objectOf(entry, names.get(measureOf(entry) ?? ''))?.name ?? '',
    object ?? '',
    result,
    why ?? '',
    alertId ?? '',
    hash,
  ]);
}
