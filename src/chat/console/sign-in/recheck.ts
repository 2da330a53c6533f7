import { type ClientError, ResponseBodyError, refreshTokenGrant } from 'openid-client';
import { personOfClaims } from '../../../domain/people/person-of-claims';
import type { Log } from '../../../runtime/log';
import type { ClaimedGroups } from './claimed-groups';
import type { Issuer } from './discover';
import { claimsMs } from './limits';
import type { Session, SessionStore } from './session-store';

/** The issuer is asked again when what it said is this old, ms: before its groups become too old to use. */
const recheckMs = claimsMs - 60_000;
/** After a failure, the issuer is not asked again for this long, ms. */
const retryMs = 15_000;
/** Longer than a request to the issuer takes, seconds. */
const lockSeconds = 30;

export interface RecheckDeps {
  issuer: Issuer;
  sessions: SessionStore;
  claimedGroups: ClaimedGroups;
  lock: (key: string, seconds: number) => Promise<boolean>;
  unlock: (key: string) => Promise<void>;
  log: Log;
  now: () => number;
}

/**
 * Asks the issuer every few minutes of use whether it still vouches for the person, with the refresh token.
 * If it no longer does, the session ends. While it does not answer, the session goes on without its groups.
 */
export function createRecheck(deps: RecheckDeps) {
  const { issuer, sessions, claimedGroups, lock, unlock, log, now } = deps;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function renew(key: string, session: Session, token: string): Promise<Session | null> {
    let renewed: Awaited<ReturnType<typeof refreshTokenGrant>>;
    try {
      renewed = await refreshTokenGrant(await issuer(), token);
    } catch (error) {
      if (error instanceof ResponseBodyError && error.error === 'invalid_grant') {
        log.info({ id: session.presser.id }, 'the issuer no longer vouches for a person; session ended');
        await sessions.end(key, session);
        await claimedGroups.note(session.presser, null);
        return null;
      }
      failedAt = now();
      const { code } = error as ClientError;
      log.warn({ code, reason: (error as Error).message }, 'could not ask the issuer about a session');
      return session;
    }
    const claims = renewed.claims();
    const person = claims && personOfClaims(claims, session.presser.issuer);
    if (person && ('refused' in person || person.presser.id !== session.presser.id)) {
      await sessions.end(key, session);
      return null;
    }
    if (person) await claimedGroups.note(session.presser, person.groups);
    // Without an ID token, which the answer may lack, the issuer said nothing about the person.
    else failedAt = now();
    const next = {
      ...(person ? { checkedAt: now(), presser: person.presser as Session['presser'] } : {}),
      refreshToken: renewed.refresh_token ?? token,
      ...(renewed.id_token ? { idToken: renewed.id_token } : {}),
    };
    await sessions.change(key, (current) => ({ ...current, ...next }));
    return { ...session, ...next };
  }

  /** Another request asks the issuer: waits until it has, or gives up. */
  async function waitForOther(key: string, session: Session): Promise<Session | null> {
    for (let tries = 0; tries < 30; tries++) {
      await new Promise((done) => setTimeout(done, 100));
      const current = await sessions.find(key);
      if (!current || current.checkedAt !== session.checkedAt) return current;
    }
    return session;
  }

  /** One request of a session at a time: an issuer may accept each refresh token only once. */
  async function renewOnce(key: string, session: Session, token: string): Promise<Session | null> {
    if (!(await lock(key, lockSeconds))) return waitForOther(key, session);
    try {
      const current = await sessions.find(key);
      if (!current || current.checkedAt !== session.checkedAt) return current;
      return await renew(key, session, token);
    } finally {
      await unlock(key);
    }
  }

  /** The session, vouched for again if that was due; null if it ended. */
  return async (key: string, session: Session): Promise<Session | null> => {
    const token = session.refreshToken;
    const sinceFailure = now() - failedAt;
    const isWaiting = sinceFailure >= 0 && sinceFailure < retryMs;
    const isDue = now() - session.checkedAt >= recheckMs;
    return token && isDue && !isWaiting ? renewOnce(key, session, token) : session;
  };
}
