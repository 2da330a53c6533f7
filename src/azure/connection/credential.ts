import type { AccessToken, TokenCredential } from '@azure/core-auth';
import {
  AzureAuthorityHosts,
  ChainedTokenCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
  WorkloadIdentityCredential,
} from '@azure/identity';
import { AzureLogger, setLogLevel } from '@azure/logger';
import { LRUCache } from 'lru-cache';
import type { Config, FetchIdentity } from '../../config/config';

const authorityHosts = {
  public: AzureAuthorityHosts.AzurePublicCloud,
  usgovernment: AzureAuthorityHosts.AzureGovernment,
  china: AzureAuthorityHosts.AzureChina,
} as const;

/** The pasted token if there is one, otherwise DefaultAzureCredential. */
export function createCredential({ accessToken, cloud }: Config['azure']): TokenCredential {
  if (accessToken) {
    return { getToken: async () => ({ token: accessToken, expiresOnTimestamp: expiryOf(accessToken) }) };
  }
  return new DefaultAzureCredential({ authorityHost: authorityHosts[cloud] });
}

/**
 * The identity that fetches scripts, by its client id: from a secret, or as a workload or managed identity. It
 * never falls back to the bot's own credential.
 */
export function createFetchCredential(
  { clientId, tenantId, clientSecret }: FetchIdentity,
  { cloud }: Config['azure'],
): TokenCredential {
  const authorityHost = authorityHosts[cloud];
  if (clientSecret && tenantId)
    return new ClientSecretCredential(tenantId, clientId, clientSecret, { authorityHost });
  const managed = new ManagedIdentityCredential({ clientId });
  const { AZURE_FEDERATED_TOKEN_FILE, AZURE_TENANT_ID } = process.env;
  if (!AZURE_FEDERATED_TOKEN_FILE || !(tenantId ?? AZURE_TENANT_ID)) return managed;
  const workload = new WorkloadIdentityCredential({
    clientId,
    authorityHost,
    ...(tenantId ? { tenantId } : {}),
  });
  return new ChainedTokenCredential(workload, managed);
}

/** Tokens are refreshed this long before they expire, ms. */
const refreshBeforeMs = 5 * 60_000;

/**
 * Shares one token between all clients. Otherwise each requests its own, and the Azure CLI takes a second.
 */
export function withSharedToken(credential: TokenCredential): TokenCredential {
  const known = new Map<string, { token: Promise<AccessToken | null>; until: number }>();
  return {
    getToken: (scopes, options) => {
      if (options?.claims || options?.tenantId) return credential.getToken(scopes, options);
      const key = String(scopes);
      const kept = known.get(key);
      if (kept && Date.now() < kept.until) return kept.token;
      const entry = { token: credential.getToken(scopes), until: Number.POSITIVE_INFINITY };
      known.set(key, entry);
      entry.token.then(
        (token) => {
          entry.until = token ? token.expiresOnTimestamp - refreshBeforeMs : 0;
        },
        () => known.delete(key),
      );
      return entry.token;
    },
  };
}

/** A Teams app's credential, from its client secret. */
export const appCredential = ({
  appId,
  appPassword,
  tenantId,
  authority,
}: Record<'appId' | 'appPassword' | 'tenantId' | 'authority', string>): TokenCredential =>
  withSharedToken(new ClientSecretCredential(tenantId, appId, appPassword, { authorityHost: authority }));

/** Returns an access token of an app registration for a resource, or throws. */
export async function tokenOf(app: EntraApp, resource: string): Promise<string> {
  const key = JSON.stringify([app.authority, app.tenantId, app.appId, app.appPassword]);
  const credential = appCredentials.get(key) ?? appCredential(app);
  appCredentials.set(key, credential);
  return (await credential.getToken(`${resource}/.default`))?.token ?? '';
}

type EntraApp = Parameters<typeof appCredential>[0];
/** One credential per app, because each caches its tokens. */
const appCredentials = new LRUCache<string, TokenCredential>({ max: 20 });

/**
 * Describes which credential of a chain issued the token, and for which identity. The chain reports its
 * choice only to @azure/logger (@azure/identity, chainedTokenCredential.js).
 */
export async function describeCredential(credential: TokenCredential, scope: string): Promise<string> {
  const lines: string[] = [];
  const before = AzureLogger.log;
  AzureLogger.log = (...parts) => void lines.push(parts.join(' '));
  setLogLevel('info');
  try {
    const token = await credential.getToken(scope);
    const { tid, oid, idtyp, upn } = claimsOf(token?.token ?? '');
    const won = /Result for (\w+): SUCCESS/.exec(lines.join('\n'))?.[1];
    const as = oid ? ` as ${upn ?? `${idtyp === 'user' ? 'user' : 'application'} ${oid}`}` : '';
    return `${won ?? 'the pasted token'}${as}${tid ? `, tenant ${tid}` : ''}`;
  } finally {
    setLogLevel(undefined);
    AzureLogger.log = before;
  }
}

/** The object id that a token was issued to; null if it can't be read. */
export const objectIdOf = (token: string): string | null =>
  (claimsOf(token).oid as string | undefined) ?? null;

/** The tenant that issued a token; null if it can't be read. */
export const tenantIdOf = (token: string): string | null =>
  (claimsOf(token).tid as string | undefined) ?? null;

/** Application permissions in a token. */
export const rolesIn = (token: string): string[] => {
  const { roles } = claimsOf(token);
  return Array.isArray(roles) ? roles.map(String) : [];
};

/** A JWT's expiry; one hour from now if it can't be read. */
const expiryOf = (token: string): number => expiryIn(token) ?? Date.now() + 3_600_000;

/** When a JWT expires, ms since 1970; null without an exp claim. */
export function expiryIn(token: string): number | null {
  const { exp } = claimsOf(token);
  return typeof exp === 'number' ? exp * 1000 : null;
}

/** A JWT's claims; empty if the token is not a JWT, as in tests. */
function claimsOf(token: string): Record<string, unknown> {
  try {
    return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  } catch {
    return {};
  }
}
