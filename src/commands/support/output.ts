import { redactSecrets } from '../../domain/text/redactor';

/** A failed command: a one-line message for stderr and the documented exit code. */
export class CommandError extends Error {
  constructor(
    message: string,
    /** 1 failure, 2 usage or configuration error. */
    readonly exitCode: 1 | 2,
  ) {
    super(message);
  }
}

export interface Output {
  out: (line: string) => void;
  err: (line: string) => void;
  /** True if stderr is a terminal, which can show progress. */
  interactive: boolean;
  color: boolean;
}

export const terminal = (): Output => ({
  out: (line) => process.stdout.write(`${redactSecrets(line)}\n`),
  err: (line) => process.stderr.write(`${redactSecrets(line)}\n`),
  interactive: process.stderr.isTTY === true,
  color: process.stdout.isTTY === true && !process.env.NO_COLOR,
});

const codes = { red: 31, yellow: 33, green: 32, dim: 2, bold: 1 } as const;

export const paint = (output: Output, color: keyof typeof codes, text: string): string =>
  output.color ? `\u001b[${codes[color]}m${text}\u001b[0m` : text;

/** Pads columns to their widest cell, and cuts lines to the width of the terminal. */
export function table(rows: readonly (readonly string[])[], width = process.stdout.columns ?? 0): string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, cell.length);
  }
  return rows.map((row) => {
    const line = row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i] ?? 0))).join('  ');
    return width > 0 && line.length > width ? `${line.slice(0, width - 1)}…` : line;
  });
}
