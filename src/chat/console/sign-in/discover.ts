import {
  allowInsecureRequests,
  type ClientAuth,
  ClientSecretBasic,
  ClientSecretPost,
  type Configuration,
  clockTolerance,
  customFetch,
  discovery,
  enableNonRepudiationChecks,
} from 'openid-client';
import type { SignInConfig } from '../../../config/sign-in-settings';
import { isProtected } from '../../../domain/text/is-protected';
import { memoize } from '../../../runtime/memoize';
import { boundedFetch } from './bounded-fetch';

/** Per request to the issuer, seconds. */
const timeoutSeconds = 5;
/** Difference between the clocks of issuer and Runwatch that is accepted, seconds. */
const toleranceSeconds = 60;
/** How long a discovery document is used, ms. */
const cacheMs = 3_600_000;

/**
 * The issuer's endpoints and our settings for it, by its discovery document.
 * @throws {Error} if the issuer does not answer, or describes another issuer or unprotected endpoints
 */
export async function discover({ issuer, clientId, clientSecret }: SignInConfig): Promise<Configuration> {
  const url = new URL(issuer);
  const found = await discovery(
    url,
    clientId,
    { [clockTolerance]: toleranceSeconds },
    clientAuth(clientSecret),
    {
      [customFetch]: boundedFetch,
      timeout: timeoutSeconds,
      // The code comes over TLS, but the signature also protects against a proxy that ends it.
      execute: [enableNonRepudiationChecks, ...(url.protocol === 'http:' ? [allowInsecureRequests] : [])],
    },
  );
  const metadata = found.serverMetadata();
  // openid-client accepts Entra's domain names, for which tokens name another issuer.
  if (new URL(metadata.issuer).href !== url.href)
    throw new Error(`the issuer is ${metadata.issuer}, not ${issuer}`);
  const { authorization_endpoint, token_endpoint, end_session_endpoint, jwks_uri } = metadata;
  if (!authorization_endpoint || !token_endpoint || !jwks_uri)
    throw new Error(`${issuer} has no authorization endpoint, token endpoint or keys`);
  for (const endpoint of [authorization_endpoint, token_endpoint, jwks_uri, end_session_endpoint])
    if (endpoint && !isProtected(new URL(endpoint))) throw new Error(`${endpoint} is not https`);
  return found;
}

/** Discovers an issuer when it is first needed, and each hour. Failures are not cached. */
export function createIssuer(config: SignInConfig): () => Promise<Configuration> {
  const read = memoize(cacheMs, 1, () => discover(config));
  return () => read('');
}
export type Issuer = ReturnType<typeof createIssuer>;

/** The way of authentication that the issuer supports; by default in the header. Source: RFC 8414, section 2. */
function clientAuth(secret: string): ClientAuth {
  const [inHeader, inBody] = [ClientSecretBasic(secret), ClientSecretPost(secret)];
  return (server, ...rest) => {
    const supported = server.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
    return (supported.includes('client_secret_basic') ? inHeader : inBody)(server, ...rest);
  };
}
