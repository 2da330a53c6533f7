import {
  createLocalJWKSet,
  errors,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';

/** Keys are read again after this, ms. */
const freshMs = 10 * 60_000;
/** While the issuer does not answer, its last keys are used for so long, ms. */
const keptMs = 6 * 3_600_000;
/** The issuer is asked at most this often, whatever keys tokens name, ms. */
const askEveryMs = 30_000;

/** The issuer's keys were never read, or too long ago. */
export class KeysUnavailable extends Error {}

export interface KeysDeps {
  /** Reads the issuer's keys. */
  read: () => Promise<JSONWebKeySet>;
  now: () => number;
  onError: (error: unknown) => void;
}

/** Finds the key of a token among the issuer's. Keys in the token's header are never used. */
export function createIssuerKeys({ read, now, onError }: KeysDeps) {
  let known: { at: number; find: ReturnType<typeof createLocalJWKSet> } | null = null;
  let askedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<void> | null = null;

  const mayAsk = () => reading !== null || now() - askedAt >= askEveryMs;
  const ageOf = (one: typeof known) => (one ? now() - one.at : Number.POSITIVE_INFINITY);

  /** Reads the keys; requests meanwhile share the reading. */
  function refresh(): Promise<void> {
    if (reading) return reading;
    askedAt = now();
    reading = read()
      .then((set) => {
        known = { at: now(), find: createLocalJWKSet(set) };
      })
      .catch(onError)
      .finally(() => {
        reading = null;
      });
    return reading;
  }

  return async (header: JWSHeaderParameters, token: FlattenedJWSInput) => {
    if (ageOf(known) > keptMs && mayAsk()) await refresh();
    else if (ageOf(known) > freshMs && mayAsk()) void refresh();
    if (!known || ageOf(known) > keptMs) throw new KeysUnavailable('the issuer’s keys are unavailable');
    try {
      return await known.find(header, token);
    } catch (error) {
      // A new key after a rotation.
      if (!(error instanceof errors.JWKSNoMatchingKey) || !mayAsk()) throw error;
      await refresh();
      return known.find(header, token);
    }
  };
}
export type IssuerKeys = ReturnType<typeof createIssuerKeys>;
