import type { TokenCredential } from '@azure/core-auth';
import { AzureAuthorityHosts, DefaultAzureCredential } from '@azure/identity';
import type { Config } from '../config';

const authorityHosts = {
  public: AzureAuthorityHosts.AzurePublicCloud,
  usgovernment: AzureAuthorityHosts.AzureGovernment,
  china: AzureAuthorityHosts.AzureChina,
} as const;

/** The pasted token if there is one, else whatever DefaultAzureCredential finds. */
export function createCredential({ accessToken, cloud }: Config['azure']): TokenCredential {
  if (accessToken) {
    return { getToken: async () => ({ token: accessToken, expiresOnTimestamp: expiryOf(accessToken) }) };
  }
  return new DefaultAzureCredential({ authorityHost: authorityHosts[cloud] });
}

/** The object id that a token was issued to; null when it can't be read. */
export function objectIdOf(token: string): string | null {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).oid ?? null;
  } catch {
    return null;
  }
}

/** A JWT's exp; an hour from now when it can't be read. */
function expiryOf(token: string): number {
  try {
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    if (typeof claims.exp === 'number') return claims.exp * 1000;
  } catch {
    // Not a JWT: a test's token.
  }
  return Date.now() + 3_600_000;
}
