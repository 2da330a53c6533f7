/**
 * Part of a line: plain text (the surface escapes it), bold text, code, a time (shown in the reader's time
 * zone), or daily counts (drawn as a bar chart).
 */
export type Inline = string | { bold: string } | { time: string } | { code: string } | { bar: number[] };

export interface Fact {
  label: string;
  value: Inline[];
}
