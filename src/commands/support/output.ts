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
