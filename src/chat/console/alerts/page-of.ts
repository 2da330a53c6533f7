import { z } from 'zod';
import { type Alert, callerKeyOf, summarize } from '../../../domain/alerts/alert';
import { callerName } from '../../../domain/alerts/caller-name';
import { mostUrgentFirst } from '../../../domain/alerts/severity';
import { openStates } from '../../../domain/alerts/transitions';
import { environmentText } from '../../sentence';
import type { AlertQuery, Sort } from './query';

/** An alert's place in the order, most significant first. */
type Key = (string | number)[];

const keySchema = z.array(z.union([z.string().max(400), z.number()])).max(12);

const sortedBy: Record<Sort, (alert: Alert) => string | number> = {
  severity: ({ severity }) => mostUrgentFirst.indexOf(severity),
  alert: (alert) => callerName(alert).toLowerCase(),
  environment: (alert) => environmentText(alert).toLowerCase() || '~',
  age: ({ raisedAt }) => -Date.parse(raisedAt),
  status: ({ state }) => [...openStates, 'closed'].indexOf(state),
  owner: ({ assignee }) => assignee?.name.toLowerCase() ?? '~',
};

const keyOf = (alert: Alert, { sort }: AlertQuery): Key => [
  sortedBy[sort](alert),
  sortedBy.severity(alert),
  -Date.parse(alert.raisedAt),
  alert.id,
];

/** The same caller on the same machine. */
export function groupOf(alert: Alert): string {
  const { caller, target, machines } = summarize(alert);
  return `${callerKeyOf(caller)} ${machines > 1 ? alert.id : target.id.toLowerCase()}`;
}

export interface AlertSlice {
  alerts: Alert[];
  /** The position of the first, counted from 0. */
  from: number;
  total: number;
  /** The cursor of the next page; null on the last one. */
  next: string | null;
  /** How many of the alerts each group has, on all pages. Empty unless they are grouped. */
  groups: ReadonlyMap<string, number>;
}

/** Sorts the alerts and cuts out a page. New alerts don't move a page that begins at a cursor. Pure. */
export function pageOf(all: readonly Alert[], query: AlertQuery, size: number): AlertSlice {
  const plain = new Map(all.map((alert) => [alert, keyOf(alert, query)]));
  const ascending = [query.reversed ? -1 : 1, 1, 1, 1];
  const groups = new Map<string, number>();
  let keys = plain;
  let signs = ascending;
  if (query.grouped) {
    const firsts = new Map<string, Key>();
    for (const [alert, key] of plain) {
      const group = groupOf(alert);
      const first = firsts.get(group);
      if (!first || compare(key, first, ascending) < 0) firsts.set(group, key);
      groups.set(group, (groups.get(group) ?? 0) + 1);
    }
    keys = new Map(
      [...plain].map(([alert, key]) => [alert, [...(firsts.get(groupOf(alert)) ?? []), ...key]]),
    );
    signs = [...ascending, ...ascending];
  }
  const sorted = [...keys].sort(([, a], [, b]) => compare(a, b, signs));
  const after = readCursor(query.cursor, signs.length);
  const found = after ? sorted.findIndex(([, key]) => compare(key, after, signs) > 0) : 0;
  const from = found === -1 ? sorted.length : found;
  const shown = sorted.slice(from, from + size);
  const last = shown.at(-1);
  return {
    alerts: shown.map(([alert]) => alert),
    from,
    total: sorted.length,
    next: last && from + shown.length < sorted.length ? cursorOf(last[1]) : null,
    groups,
  };
}

function compare(a: Key, b: Key, signs: readonly number[]): number {
  for (const [i, sign] of signs.entries()) {
    const [one, other] = [a[i] ?? 0, b[i] ?? 0];
    if (one !== other) return (one < other ? -1 : 1) * sign;
  }
  return 0;
}

const cursorOf = (key: Key): string =>
  Buffer.from(
    JSON.stringify(key.map((part) => (typeof part === 'string' ? part.slice(0, 400) : part))),
  ).toString('base64url');

/** Null without a cursor, and for one that is not ours: then the list begins at the top. */
function readCursor(cursor: string, length: number): Key | null {
  if (!cursor) return null;
  try {
    const key = keySchema.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString()));
    return key.length === length ? key : null;
  } catch {
    return null;
  }
}
