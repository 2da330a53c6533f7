import { readFileSync } from 'node:fs';

/** Reads a file as UTF-8, or as UTF-16 as Windows PowerShell writes it, without the byte order mark. */
export function readTextFile(file: string): string {
  const bytes = readFileSync(file);
  const encoding =
    bytes[0] === 0xff && bytes[1] === 0xfe
      ? 'utf-16le'
      : bytes[0] === 0xfe && bytes[1] === 0xff
        ? 'utf-16be'
        : 'utf-8';
  return new TextDecoder(encoding).decode(bytes);
}
