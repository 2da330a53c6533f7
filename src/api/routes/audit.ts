import { z } from 'zod';
import type { AuditEntry } from '../../domain/audit/audit-chain';
import { searchEntries } from '../../domain/audit/search-entries';
import { pageOf, pageQuery, placeOf, wrapCursor } from '../page';
import { Problem } from '../problem';
import { defineRoute, ok } from '../route';
import { actorOf, actorSchema, pastTime, time } from '../schemas/common';
import { alertId } from './alerts';

const results = ['done', 'started', 'asked', 'refused', 'failed'] as const;

const entrySchema = z
  .object({
    id: z.string().describe('Its place in the log'),
    sequence: z.int().nullable().describe('Counted from 1; null in entries of early versions'),
    at: time,
    by: actorSchema,
    action: z.string().describe('Id of an action, or what Runwatch did by itself'),
    alertId: z.string().nullable(),
    object: z.string().nullable().describe('A resource id or the id of an exception'),
    result: z.enum(results),
    why: z.string().nullable(),
    hash: z.string(),
  })
  .meta({ id: 'AuditEntry' });

const entryOf = (id: string, entry: AuditEntry): z.output<typeof entrySchema> => ({
  id,
  sequence: entry.sequence ?? null,
  at: entry.at,
  by: actorOf(entry.by),
  action: entry.action,
  alertId: entry.alertId,
  object: entry.object,
  result: entry.result,
  why: entry.why,
  hash: entry.hash,
});

const filters = {
  alert: alertId.optional(),
  action: z.string().min(1).max(100).optional().describe('Id of an action'),
  result: z.enum(results).optional(),
  from: pastTime.optional().describe('At this time or later'),
  to: pastTime.optional().describe('Before this time'),
};

const minuteOf = (at: string | undefined): string => (at ? new Date(at).toISOString().slice(0, 16) : '');

const listAudit = defineRoute({
  method: 'get',
  path: '/audit',
  operationId: 'listAudit',
  isSearch: true,
  tag: 'Audit',
  summary: 'List the audit log',
  description:
    'Entries that match all filters, newest first. Reading stops after 20,000 entries without a match: a page may have fewer entries than `limit`, or none, although `next` is not null.',
  scope: 'Alerts.Read',
  query: { ...filters, ...pageQuery },
  problems: ['invalid-cursor'],
  answer: { status: 200, description: 'A page of entries.', schema: pageOf(entrySchema) },
  handle: async ({ query }, { entriesBefore }) => {
    const { alert, action, result, from, to, limit } = query;
    const cursor = placeOf(query) ?? '';
    if (!/^(\d{1,15}-\d{1,15})?$/.test(cursor))
      throw new Problem('invalid-cursor', 'Use `next` of a page with the same filters, unchanged.');
    const matches = (entry: AuditEntry | null): boolean =>
      entry !== null &&
      (alert === undefined || entry.alertId?.toLowerCase() === alert.toLowerCase()) &&
      (action === undefined || entry.action === action) &&
      (result === undefined || entry.result === result) &&
      (from === undefined || Date.parse(entry.at) >= Date.parse(from)) &&
      (to === undefined || Date.parse(entry.at) < Date.parse(to));
    const search = { cursor, matches, from: minuteOf(from), to: minuteOf(to) };
    const { rows, next } = await searchEntries(search, limit, { entriesBefore });
    return ok({
      items: rows.flatMap(({ id, entry }) => (entry ? [entryOf(id, entry)] : [])),
      next: wrapCursor(query, next),
    });
  },
});

export const auditRoutes = [listAudit];
