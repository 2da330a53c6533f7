import { errors, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Presser } from '../../domain/people/person';
import { isEntra, personOfClaims } from '../../domain/people/person-of-claims';
import { guid } from '../../domain/text/guid';
import { translate } from '../../domain/text/translate';
import { type IssuerKeys, KeysUnavailable } from './issuer-keys';

export const scopes = ['Alerts.Read', 'Alerts.Act'] as const;
export type Scope = (typeof scopes)[number];

/** Who sent a valid access token: a person by an application, or an application by itself. */
export interface TokenHolder {
  presser: Presser;
  scopes: ReadonlySet<Scope>;
  /** When the token expires, ms. */
  endsAt: number;
}

/** Why a token is refused. `isForged`: nothing shows that the issuer signed it. */
export interface RefusedToken {
  refused: string;
  why: 'invalid' | 'not allowed' | 'keys unavailable';
  isForged?: true;
}

export interface TokenDeps {
  issuer: string;
  /** The names of this API as the issuer knows it. */
  audiences: readonly string[];
  keys: IssuerKeys;
  now: () => number;
}

/** Signatures by a key pair only. */
const algorithms = ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512', 'ES256', 'ES384', 'ES512', 'EdDSA'];
/** Difference between the clocks of issuer and Runwatch that is accepted, seconds. */
const toleranceSeconds = 60;

const text = z.string().max(200).optional();
const schema = z.looseObject({
  exp: z.number(),
  sub: z.string().min(1).max(255),
  scp: z.string().max(2000).optional(),
  scope: z.string().max(2000).optional(),
  roles: z.array(z.string().max(200)).max(100).optional(),
  azp: text,
  client_id: text,
  oid: text,
  tid: text,
  idtyp: text,
});
type Claims = z.output<typeof schema>;

/**
 * Claims of ID tokens and logout tokens, which say who signed in and grant nothing, and of tokens that are bound to
 * a key (`cnf`), which a bearer does not prove.
 */
const otherClaims = ['nonce', 'at_hash', 'c_hash', 's_hash', 'events', 'cnf'];

/** Verifies an access token of the configured issuer for this API. */
export async function readAccessToken(token: string, deps: TokenDeps): Promise<TokenHolder | RefusedToken> {
  const { issuer, audiences, keys, now } = deps;
  try {
    const { payload, protectedHeader } = await jwtVerify(token, keys, {
      issuer,
      audience: [...audiences],
      algorithms,
      clockTolerance: toleranceSeconds,
      currentDate: new Date(now()),
      requiredClaims: ['exp', 'iat', 'sub', 'aud', 'iss'],
    });
    if (protectedHeader.kid === undefined) return invalid('it names no key');
    const parsed = schema.safeParse(payload);
    if (!parsed.success || otherClaims.some((name) => name in payload)) return invalid(notForAccess);
    const claims = parsed.data;
    const holder = isEntra(issuer)
      ? entraHolder(claims, issuer)
      : isAccessType(protectedHeader.typ)
        ? otherHolder(claims, issuer)
        : invalid(notForAccess);
    return 'refused' in holder ? holder : { ...holder, endsAt: claims.exp * 1000 };
  } catch (error) {
    if (error instanceof KeysUnavailable)
      return {
        refused: 'The keys of the issuer can’t be read now. Try again later.',
        why: 'keys unavailable',
      };
    const isSigned = error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed;
    return { ...invalid(reasonOf(error)), ...(isSigned ? {} : { isForged: true }) };
  }
}

const notForAccess = 'it is not an access token';

const invalid = (why: string): RefusedToken => ({
  refused: `The token is refused: ${why}.`,
  why: 'invalid',
});

function reasonOf(error: unknown): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed)
    return (
      { iss: 'it is of another issuer', aud: 'it is for another audience', nbf: 'it is not valid yet' }[
        error.claim
      ] ?? `its claim ${error.claim} is missing or wrong`
    );
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not allowed';
  if (error instanceof errors.JWKSNoMatchingKey) return 'its key is not one of the issuer’s';
  return 'its signature is invalid';
}

/** Source: RFC 9068, section 4. */
const isAccessType = (typ: string | undefined): boolean => /^(application\/)?at\+jwt$/i.test(typ ?? '');

type Holder = Omit<TokenHolder, 'endsAt'>;

/**
 * Delegated permissions are in `scp`, an application's in `roles`, where ID tokens have a person's. An
 * application's `sub` is its object id. Source: "Access token claims reference", learn.microsoft.com.
 */
function entraHolder(claims: Claims, issuer: string): Holder | RefusedToken {
  const { scp, roles = [], azp, oid, tid, sub, idtyp } = claims;
  const client = guid(azp ?? '');
  const [tenant, objectId] = [guid(tid ?? ''), guid(oid ?? '')];
  if (!client) return invalid(notForAccess);
  if (!tenant || !new URL(issuer).pathname.toLowerCase().includes(tenant))
    return invalid('it is of another tenant');
  if (scp !== undefined)
    return idtyp === 'app' ? invalid(notForAccess) : person(claims, issuer, client, scp.split(' '));
  const isApplication = objectId !== null && objectId === guid(sub) && (idtyp ?? 'app') === 'app';
  if (!isApplication) return invalid(notForAccess);
  const presser: Presser = { surface: 'api', id: client, name: client, objectId, tenant, issuer };
  return { presser, scopes: known(roles) };
}

/** By RFC 9068. A token that an application got for itself has its client id as subject. */
function otherHolder(claims: Claims, issuer: string): Holder | RefusedToken {
  const { scope = '', client_id: client, sub } = claims;
  if (!client) return invalid(notForAccess);
  if (sub !== client) return person(claims, issuer, client, scope.split(' '));
  const presser: Presser = { surface: 'api', id: client, name: client, issuer };
  return { presser, scopes: known(scope.split(' ')) };
}

function person(claims: Claims, issuer: string, client: string, granted: string[]): Holder | RefusedToken {
  const named = personOfClaims(claims, issuer);
  if ('refused' in named) return { refused: translate(named.refused), why: 'not allowed' };
  return { presser: { ...named.presser, client }, scopes: known(granted) };
}

const known = (granted: readonly string[]): ReadonlySet<Scope> =>
  new Set(scopes.filter((scope) => granted.includes(scope)));
