import { writeFileSync } from 'node:fs';
import { CommandError } from './output';

const faults: Record<string, string> = {
  ENOENT: 'file not found',
  ENOTDIR: 'file not found',
  EISDIR: 'is a folder',
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'is on a read-only file system',
  ENOSPC: 'no space left on device',
};

/** Why a file could not be read or written, in words. */
export const fileFault = (error: unknown): string => {
  const { code = '', message } = error as NodeJS.ErrnoException;
  return faults[code] ?? message;
};

/** Writes a file that an option names. @throws {CommandError} */
export function writeFile(option: string, path: string, content: string | Uint8Array): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new CommandError(`${option}: ${path}: ${fileFault(error)}; name a file in an existing folder`, 2);
  }
}
