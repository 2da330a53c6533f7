import { isProtected } from '../domain/text/is-protected';
import type { Values } from './variables';

/** Sign-in to the console by OpenID Connect. */
export interface SignInConfig {
  /** As its discovery document states it. */
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Where the issuer sends people back to. Register it with the issuer. */
  readonly redirectUri: string;
  /** Where the issuer sends people after sign-out. Register it with the issuer. */
  readonly signedOutUri: string;
  /** The API, as audience of access tokens. */
  readonly apiUri: string;
}

const names = ['RUNWATCH_OIDC_ISSUER', 'RUNWATCH_OIDC_CLIENT_ID', 'RUNWATCH_OIDC_CLIENT_SECRET'] as const;

/** Null if not configured. Adds a fault for each variable that is missing beside the others. */
export function signInFrom(values: Values, publicUrl: string | null, faults: string[]): SignInConfig | null {
  const isFaulty = (name: string) => faults.some((fault) => fault.startsWith(`${name}:`));
  const missing = names.filter((name) => values[name] === undefined);
  if (missing.length === names.length) return null;
  for (const name of missing.filter((one) => !isFaulty(one)))
    faults.push(`${name}: unset, expected a value for sign-in, since another RUNWATCH_OIDC variable is set`);
  if (publicUrl === null) {
    if (!isFaulty('RUNWATCH_PUBLIC_URL'))
      faults.push('RUNWATCH_PUBLIC_URL: unset, expected a value, since RUNWATCH_OIDC_ISSUER redirects there');
    return null;
  }
  if (!isProtected(new URL(publicUrl)))
    faults.push('RUNWATCH_PUBLIC_URL: expected an https URL for sign-in; http works only on loopback');
  const { RUNWATCH_OIDC_ISSUER, RUNWATCH_OIDC_CLIENT_ID, RUNWATCH_OIDC_CLIENT_SECRET } = values;
  if (!RUNWATCH_OIDC_ISSUER || !RUNWATCH_OIDC_CLIENT_ID || !RUNWATCH_OIDC_CLIENT_SECRET) return null;
  return {
    issuer: RUNWATCH_OIDC_ISSUER,
    clientId: RUNWATCH_OIDC_CLIENT_ID,
    clientSecret: RUNWATCH_OIDC_CLIENT_SECRET,
    redirectUri: `${publicUrl}/console/callback`,
    signedOutUri: `${publicUrl}/console/signed-out`,
    apiUri: `${publicUrl}/api/v1`,
  };
}
