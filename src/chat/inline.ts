/**
 * Part of a line: plain text (the surface escapes it), bold text, an alarm (what needs somebody), code, a time (shown in the reader's time
 * zone), daily counts (drawn as a bar chart), or text with a link: to a page of the console, or by https to another
 * system.
 */
export type Inline =
  | string
  | { bold: string }
  | { alarm: string }
  | { time: string }
  | { code: string }
  | { bar: number[] }
  | { text: string; link: string };

export interface Fact {
  label: string;
  value: Inline[];
}

/** Joins parts with a middle dot. Empty parts are left out. */
export const joined = (parts: readonly (Inline[] | null | false)[]): Inline[] =>
  parts
    .filter((part): part is Inline[] => Boolean(part) && part !== null && (part as Inline[]).length > 0)
    .flatMap((part, index) => (index > 0 ? [' · ', ...part] : part));
