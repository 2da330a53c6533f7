/** A session ends after this long without use, ms. */
export const idleMs = 3_600_000;
/** A session ends this long after sign-in, ms. */
export const lifetimeMs = 12 * 3_600_000;
/** A session that can't be renewed, because the issuer gave no refresh token, ends this long after sign-in, ms. */
export const unrenewedMs = 3_600_000;
/** Sessions of one person; the oldest end. */
export const maxSessions = 10;
/** What the issuer says about a person is used for this long, ms. */
export const claimsMs = 5 * 60_000;
/** How long a sign-in may take, ms. */
export const transactionMs = 10 * 60_000;
