/**
 * Words in a line: plain text that a surface escapes, bold text, code, a time that a surface shows in the reader's zone,
 * or counts a day that it draws.
 */
export type Inline = string | { bold: string } | { time: string } | { code: string } | { bar: number[] };

export interface Fact {
  label: string;
  value: Inline[];
}
