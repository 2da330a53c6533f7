export type Total = number | `at least ${number}`;

/** Where a page of a search begins, or with `back` ends. */
export interface Cursor {
  back: boolean;
  /** Which of the parts that are searched one after another. */
  part: string;
  /** The alert before it, or with `back` after it; null: the first or last of the part. */
  position: string | null;
  total: Total;
}

export const cursorText = ({ back, part, position, total }: Cursor): string =>
  [
    back ? 'b' : 'a',
    Buffer.from(part).toString('base64url'),
    String(total).replace('at least ', '~'),
    position ?? '',
  ].join('.');

/** Null if it is not valid, as of a page that somebody edited. */
export function readCursor(cursor: string | null): Cursor | null {
  const [, back, part, least, count, position] =
    /^([ab])\.([\w-]{0,500})\.(~?)(\d{1,12})\.((?:0[0-9a-z]{8}[\w-]{0,100})?)$/.exec(cursor ?? '') ?? [];
  if (part === undefined) return null;
  return {
    back: back === 'b',
    part: Buffer.from(part, 'base64url').toString(),
    position: position || null,
    total: least ? `at least ${Number(count)}` : Number(count),
  };
}
