import { createHash, randomBytes } from 'node:crypto';
import type { Keyring } from '../../runtime/keyring';

/** Lifetime of a session, ms. */
const lifetimeMs = 12 * 3_600_000;

/**
 * Sessions of users who signed in with RUNWATCH_CONSOLE_TOKEN. A session is a signed start time, so every
 * process accepts it. Changing the token ends all sessions.
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
    isValid: (session: string): boolean => {
      const [began = '', id = '', signature = ''] = session.split('.');
      const age = now() - Number(began);
      return age >= 0 && age < lifetimeMs && keyring.verify('session', signedText(began, id), signature);
    },
    endsAt: (session: string): number => Number(session.split('.')[0]) + lifetimeMs,
    maxAgeSeconds: lifetimeMs / 1000,
  };
}

/** CSRF token for our forms, valid for one session only. */
export const formToken = (keyring: Keyring, session: string): string => keyring.sign('form', session);
export const isFormToken = (keyring: Keyring, session: string, given: unknown): boolean =>
  keyring.verify('form', session, given);
