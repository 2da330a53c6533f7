import { z } from 'zod';
import { canonicalJson } from '../domain/text/canonical-json';
import { shortDigest } from '../domain/text/short-digest';
import { Problem } from './problem';

export const maxLimit = 100;

/** The parameters of every list. */
export const pageQuery = {
  limit: z.coerce
    .number()
    .int()
    .min(1)
    .max(maxLimit)
    .default(50)
    .describe('How many items a page has at most'),
  cursor: z
    .string()
    .min(1)
    .max(2000)
    .optional()
    .describe('`next` of the page before. It is valid for the same filters only'),
};

interface Paged {
  limit: number;
  cursor?: string | undefined;
}

/** A list's answer. */
export const pageOf = <T extends z.ZodType>(item: T) =>
  z.object({
    items: z.array(item),
    next: z.string().nullable().describe('The cursor of the next page; null on the last page'),
  });

/** The filters of a query, which its cursors are valid for. */
const filtersDigest = ({ limit: _, cursor: __, ...filters }: Paged): string =>
  shortDigest(canonicalJson(filters));

export const wrapCursor = (query: Paged, place: string | null): string | null =>
  place === null ? null : Buffer.from(JSON.stringify([filtersDigest(query), place])).toString('base64url');

/**
 * The place in a list that a cursor stands for; null for the beginning.
 * @throws {Problem} if it is not ours, or of other filters
 */
export function placeOf(query: Paged): string | null {
  if (query.cursor === undefined) return null;
  const read = z.tuple([z.string(), z.string().max(1500)]).safeParse(parsed(query.cursor));
  if (!read.success || read.data[0] !== filtersDigest(query))
    throw new Problem('invalid-cursor', 'Use `next` of a page with the same filters, unchanged.');
  return read.data[1];
}

function parsed(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString());
  } catch {
    return null;
  }
}

/** A page of items in memory, in ascending order of their ids. */
export function pageById<T extends { id: string }>(items: readonly T[], query: Paged) {
  const after = placeOf(query) ?? '';
  const left = [...items].sort((a, b) => (a.id < b.id ? -1 : 1)).filter(({ id }) => id > after);
  const shown = left.slice(0, query.limit);
  const last = left.length > shown.length ? (shown.at(-1)?.id ?? null) : null;
  return { items: shown, next: wrapCursor(query, last) };
}
