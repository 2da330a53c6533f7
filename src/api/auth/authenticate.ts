import { createHash, timingSafeEqual } from 'node:crypto';
import type { Request } from 'express';
import type { RateLimiterAbstract } from 'rate-limiter-flexible';
import type { Identified } from '../../chat/surface-press';
import { limitKeyOf } from '../../domain/network/limit-key';
import { consoleTokenId, type Presser } from '../../domain/people/person';
import { phrase } from '../../domain/text/translate';
import type { Log } from '../../runtime/log';
import { Problem } from '../problem';
import { type RefusedToken, type Scope, scopes, type TokenHolder } from './access-token';

/** Who sent a request. */
export interface Caller {
  presser: Presser;
  scopes: ReadonlySet<Scope>;
  /** When the token expires, ms; null if it does not. */
  endsAt: number | null;
  /** Identifies the caller in limits and idempotency keys. */
  key: string;
}

export interface AuthenticateDeps {
  consoleToken: string | null;
  /** Reads an access token; null without a configured issuer. */
  readToken: ((token: string) => Promise<TokenHolder | RefusedToken>) | null;
  /** Counts bearers that nobody issued, by IP address. */
  failures: RateLimiterAbstract;
  /** The person or application as the directory knows it now, or why it may not use Runwatch. */
  identify: (presser: Presser) => Promise<Identified>;
  mayRead: (presser: Presser) => Promise<boolean>;
  log: Log;
}

/** Longer than any access token, characters. */
const maxTokenLength = 12_000;
const challenge = 'Bearer realm="runwatch"';
const byToken: Presser = { surface: 'console', id: consoleTokenId, name: phrase('the console token') };

/**
 * Identifies the caller of a request by its bearer: an access token of the configured issuer or the console token.
 * Cookies count for nothing.
 * @throws {Problem} if the bearer is missing or refused, or the caller may not read
 */
export function createAuthenticate(deps: AuthenticateDeps) {
  const { consoleToken, readToken, failures, identify, mayRead, log } = deps;

  async function holderOf(bearer: string, address: string): Promise<Omit<Caller, 'key'>> {
    const read = readToken && isJwt(bearer) ? await readToken(bearer) : null;
    if (read && 'presser' in read) return read;
    const before = await failures.get(address);
    // Who guesses is not told whether a guess is right.
    if (before && before.remainingPoints <= 0)
      throw new Problem('too-many-requests', 'Too many wrong tokens from your IP address. Wait a minute.', {
        headers: { 'retry-after': '60' },
      });
    if (consoleToken !== null && same(bearer, consoleToken))
      return { presser: byToken, scopes: new Set(scopes), endsAt: null };
    if (!read || read.isForged) {
      log.warn({ address, why: read?.refused }, 'wrong token at the API');
      await failures.consume(address).catch(() => {});
    }
    if (read?.why === 'keys unavailable')
      throw new Problem('not-ready', read.refused, { headers: { 'retry-after': '30' } });
    if (read?.why === 'not allowed') throw new Problem('not-allowed', read.refused);
    throw invalidToken(read?.refused ?? 'The token is refused.', ', error="invalid_token"');
  }

  return async (request: Request): Promise<Caller> => {
    const bearer = /^Bearer +(\S.*)$/i.exec(request.headers.authorization ?? '')?.[1];
    if (bearer === undefined)
      throw invalidToken(
        'Send an access token, or RUNWATCH_CONSOLE_TOKEN, as Authorization: Bearer TOKEN.',
        '',
      );
    const holder = await holderOf(bearer, limitKeyOf(request.ip));
    const known = await identify(holder.presser);
    if ('refused' in known) throw new Problem('not-allowed', known.refused);
    const { presser } = known;
    if (!(await mayRead(presser)))
      throw new Problem(
        'not-allowed',
        'The caller may not read alerts here. Ask an admin to add it to RUNWATCH_READERS or RUNWATCH_RESPONDERS.',
      );
    return { ...holder, presser, key: callerKey(presser) };
  };
}
export type Authenticate = ReturnType<typeof createAuthenticate>;

const isJwt = (bearer: string): boolean =>
  bearer.length <= maxTokenLength && /^[\w-]+\.[\w-]+\.[\w-]*$/.test(bearer);

const invalidToken = (detail: string, more: string): Problem =>
  new Problem('invalid-token', detail, { headers: { 'www-authenticate': `${challenge}${more}` } });

/** @throws {Problem} that names the scope that the caller's token lacks */
export function checkScope({ scopes: granted }: Caller, scope: Scope): void {
  if (granted.has(scope)) return;
  throw new Problem('missing-scope', `The token needs the scope or app role ${scope}.`, {
    scope,
    headers: { 'www-authenticate': `${challenge}, error="insufficient_scope", scope="${scope}"` },
  });
}

/** A person has one key, whichever application sends their token. */
const callerKey = ({ surface, issuer, id }: Presser): string =>
  createHash('sha256')
    .update(JSON.stringify([surface, issuer ?? null, id]))
    .digest('base64url');

const same = (a: string, b: string) =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
