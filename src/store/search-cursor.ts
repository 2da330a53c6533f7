export type Total = number | `at least ${number}`;

/** Where the next page of a search begins. */
export interface Cursor {
  /** Which of the severities, where alerts are sorted by them. */
  part: number;
  /** The alert before it; null: the first. */
  position: string | null;
  total: Total;
}

export const cursorText = ({ part, position, total }: Cursor): string =>
  [part, String(total).replace('at least ', '~'), position ?? ''].join('.');

/**
 * Null if it is not valid, as of a page that somebody edited.
 * @param parts number of severities that are searched one after another
 */
export function readCursor(cursor: string | null, parts: number): Cursor | null {
  const [, part, least, count, position] =
    /^([0-3])\.(~?)(\d{1,12})\.((?:0[0-9a-z]{8}[\w-]{0,100})?)$/.exec(cursor ?? '') ?? [];
  if (part === undefined || Number(part) >= parts) return null;
  return {
    part: Number(part),
    position: position || null,
    total: least ? `at least ${Number(count)}` : Number(count),
  };
}
