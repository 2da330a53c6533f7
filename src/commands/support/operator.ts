import { userInfo } from 'node:os';
import type { Presser } from '../../domain/people/person';

/** The user who runs the command, as recorded in the audit log. Responders are matched by user name. */
export function operator(): Presser {
  let name = String(process.getuid?.() ?? 'unknown');
  try {
    name = userInfo().username;
  } catch {
    // A uid without an entry in /etc/passwd has no name, so its number is used.
  }
  return { surface: 'cli', id: name, name };
}
