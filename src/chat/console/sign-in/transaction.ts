import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Keyring } from '../../../runtime/keyring';
import { transactionMs } from './limits';

const schema = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  /** Path to open after sign-in. */
  next: z.string(),
  at: z.number(),
});
/** A sign-in in progress. The browser holds it, sealed, so that only that browser can finish it. */
export type Transaction = z.output<typeof schema>;

/** A cookie of its own for each sign-in, so that several tabs can sign in at once. */
export const transactionCookie = (state: string): string =>
  `__Host-runwatch-sign-in-${createHash('sha256').update(state).digest('hex').slice(0, 16)}`;

const context = 'transaction';

export const sealTransaction = (keyring: Keyring, transaction: Transaction): string =>
  keyring.seal('sign-in', context, JSON.stringify(transaction));

/** The transaction of this state; null if it is another's, changed or too old. */
export function openTransaction(
  keyring: Keyring,
  sealed: string | undefined,
  state: string,
  now: number,
): Transaction | null {
  const text = keyring.open('sign-in', context, (sealed ?? '').slice(0, 4096));
  const found = text === null ? undefined : schema.safeParse(JSON.parse(text)).data;
  if (!found || found.state !== state) return null;
  const age = now - found.at;
  return age >= 0 && age < transactionMs ? found : null;
}
