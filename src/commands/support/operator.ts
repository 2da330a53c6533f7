import { userInfo } from 'node:os';
import type { Presser } from '../../domain/people/person';

/** Whoever runs the command: the audit log names them, and responders may name them by user name. */
export function operator(): Presser {
  let name = String(process.getuid?.() ?? 'unknown');
  try {
    name = userInfo().username;
  } catch {
    // A uid without an entry in /etc/passwd has no name: its number stands for it.
  }
  return { surface: 'cli', id: name, name };
}
