import { createHash, randomBytes } from 'node:crypto';
import type { Keyring } from '../../runtime/keyring';

/** A session ends this long after it began, ms. */
const holdsMs = 12 * 3_600_000;

/**
 * Sessions of whoever opened the console with RUNWATCH_CONSOLE_TOKEN: when one began, signed. Every process takes those of
 * the others, and a new token ends them all.
 */
export function createSessions(keyring: Keyring, consoleToken: string, now: () => number) {
  const token = createHash('sha256').update(consoleToken).digest('hex');
  const signedText = (began: string, id: string) => `${began} ${id} ${token}`;
  return {
    begin: (): string => {
      const began = String(now());
      const id = randomBytes(16).toString('base64url');
      return `${began}.${id}.${keyring.sign('session', signedText(began, id))}`;
    },
    holds: (session: string): boolean => {
      const [began = '', id = '', signature = ''] = session.split('.');
      const age = now() - Number(began);
      return age >= 0 && age < holdsMs && keyring.verify('session', signedText(began, id), signature);
    },
    maxAgeSeconds: holdsMs / 1000,
  };
}

/** What a form of ours carries, so that no other site's form is taken: it fits one session only. */
export const formToken = (keyring: Keyring, session: string): string => keyring.sign('form', session);
export const isFormToken = (keyring: Keyring, session: string, given: unknown): boolean =>
  keyring.verify('form', session, given);
