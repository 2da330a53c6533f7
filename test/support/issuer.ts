import { createHash, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { decodeJwt, SignJWT } from 'jose';
import Provider, { type Context } from 'oidc-provider';
import { createWebClient } from './web-client';

export const clientId = 'runwatch';
export const clientSecret = 'a secret of the console, known to its issuer';

/** An application with a secret, which gets access tokens for itself. */
export const soarId = 'soar';
/** An application with which people get access tokens. */
const toolId = 'responder-tool';
const toolRedirect = 'http://127.0.0.1:9/callback';

export interface TestPerson {
  name: string;
  email?: string;
  email_verified?: boolean;
  groups?: string[];
}

export interface TestIssuer {
  url: string;
  /** People by login. They sign in with any password. */
  people: Map<string, TestPerson>;
  /** Changes the claims of the next ID tokens, which are signed again. */
  tamper: ((claims: Record<string, unknown>) => Record<string, unknown>) | null;
  /** Whether ID tokens are signed with a key that is not the issuer's. */
  isForged: boolean;
  /** Whether refresh tokens are refused. */
  isRevoked: boolean;
  /** Requests to the token endpoint. */
  tokenRequests: () => number;
  /** Signs anything with the issuer's key. */
  sign: (claims: Record<string, unknown>, header?: Record<string, unknown>) => Promise<string>;
  /** A person's access token for the API, from the authorization code flow, and the ID token beside it. */
  tokensOf: (login: string, scope: string) => Promise<{ accessToken: string; idToken: string }>;
  /** An application's access token for the API. */
  applicationToken: (scope: string) => Promise<string>;
  stop: () => Promise<void>;
  /** Listens again after a stop. */
  restart: () => Promise<void>;
  /** Signs with another key from now on, which is published instead of the earlier one. */
  rotate: () => void;
}

/**
 * oidc-provider on loopback, with its own sign-in pages.
 * @param publicUrl the console's
 * @param host another name of loopback is another site to a browser
 */
export async function startIssuer(
  publicUrl: string,
  port: number,
  host: '127.0.0.1' | 'localhost' = '127.0.0.1',
): Promise<TestIssuer> {
  const url = `http://${host}:${port}`;
  const people = new Map<string, TestPerson>();
  let tokenRequests = 0;
  let rotations = 0;
  // It warns that its storage and sign-in pages are for development.
  for (const level of ['warn', 'info'] as const) jest.spyOn(console, level).mockImplementation(() => {});
  const configuration = {
    clients: [
      {
        client_id: clientId,
        client_secret: clientSecret,
        redirect_uris: [`${publicUrl}/console/callback`],
        post_logout_redirect_uris: [`${publicUrl}/console/signed-out`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
      },
      {
        client_id: toolId,
        redirect_uris: [toolRedirect],
        token_endpoint_auth_method: 'none',
        application_type: 'native',
        grant_types: ['authorization_code'],
        response_types: ['code'],
      },
      {
        client_id: soarId,
        client_secret: clientSecret,
        redirect_uris: [],
        grant_types: ['client_credentials'],
        response_types: [],
      },
    ],
    scopes: ['openid', 'profile', 'email', 'offline_access'],
    features: {
      clientCredentials: { enabled: true },
      resourceIndicators: {
        enabled: true,
        getResourceServerInfo: async (_: unknown, resource: string) => ({
          scope: 'Alerts.Read Alerts.Act',
          audience: resource,
          accessTokenFormat: 'jwt' as const,
          jwt: { sign: { alg: 'RS256' as const } },
        }),
      },
    },
    cookies: { keys: ['keys of the cookies of this test'] },
    conformIdTokenClaims: false,
    claims: { openid: ['sub', 'groups'], profile: ['name'], email: ['email', 'email_verified'] },
    issueRefreshToken: async () => true,
    pkce: { required: () => true },
    ttl: { Interaction: 600, Session: 3600, Grant: 3600, IdToken: 600, AccessToken: 600, RefreshToken: 3600 },
    findAccount: async (_: unknown, id: string) => {
      const person = people.get(id);
      return person && { accountId: id, claims: async () => ({ sub: id, ...person }) };
    },
  };
  const issuer: TestIssuer = {
    url,
    people,
    tamper: null,
    isForged: false,
    isRevoked: false,
    tokenRequests: () => tokenRequests,
    sign: (claims, header = {}) =>
      new SignJWT(claims)
        .setProtectedHeader({ alg: 'RS256', kid: current.kid, typ: 'at+jwt', ...header })
        .sign(current.privateKey),
    tokensOf: async (login, scope) => {
      const verifier = randomBytes(32).toString('base64url');
      const query = new URLSearchParams({
        client_id: toolId,
        response_type: 'code',
        redirect_uri: toolRedirect,
        scope: `openid ${scope}`,
        resource: `${publicUrl}/api/v1`,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      });
      const back = await createWebClient().signIn(
        `${url}/auth?${query}`,
        login,
        /^http:\/\/127\.0\.0\.1:9\//,
      );
      const answer = await tokensFor({
        grant_type: 'authorization_code',
        client_id: toolId,
        code: new URL(back).searchParams.get('code') ?? '',
        redirect_uri: toolRedirect,
        code_verifier: verifier,
        resource: `${publicUrl}/api/v1`,
      });
      return { accessToken: String(answer.access_token), idToken: String(answer.id_token) };
    },
    applicationToken: async (scope) => {
      const answer = await tokensFor({
        grant_type: 'client_credentials',
        client_id: soarId,
        client_secret: clientSecret,
        scope,
        resource: `${publicUrl}/api/v1`,
      });
      return String(answer.access_token);
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
    restart: () => listen(server, port),
    rotate: () => {
      current = providerWithNewKey();
    },
  };
  const tokensFor = async (body: Record<string, string>): Promise<Record<string, unknown>> => {
    const answer = await fetch(`${url}/token`, { method: 'POST', body: new URLSearchParams(body) });
    const tokens = (await answer.json()) as Record<string, unknown>;
    if (!answer.ok) throw new Error(`no token: ${JSON.stringify(tokens)}`);
    return tokens;
  };
  /** The sessions and tokens of earlier ones stay valid: their storage is the module's. */
  function providerWithNewKey() {
    const kid = `key-${++rotations}`;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = { ...privateKey.export({ format: 'jwk' }), kid, alg: 'RS256', use: 'sig' };
    const provider = new Provider(url, { ...configuration, jwks: { keys: [key] } });
    provider.use((context, next) => changeTokens(context, next, { kid, privateKey }));
    return { answer: provider.callback(), kid, privateKey };
  }
  async function changeTokens(
    context: Context,
    next: () => Promise<void>,
    { kid, privateKey }: { kid: string; privateKey: KeyObject },
  ): Promise<void> {
    if (context.path === '/token') tokenRequests++;
    await next();
    const body = context.body as { id_token?: string; error?: string } | undefined;
    if (context.path !== '/token' || !body?.id_token) return;
    if (issuer.isRevoked && context.oidc?.params?.grant_type === 'refresh_token') {
      context.status = 400;
      context.body = { error: 'invalid_grant' };
    } else if (issuer.tamper || issuer.isForged)
      body.id_token = await new SignJWT((issuer.tamper ?? ((claims) => claims))(decodeJwt(body.id_token)))
        .setProtectedHeader({ alg: 'RS256', kid })
        .sign(issuer.isForged ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey : privateKey);
  }
  let current = providerWithNewKey();
  const server: Server = createServer((request, response) => current.answer(request, response));
  await listen(server, port);
  return issuer;
}

const listen = (server: Server, port: number): Promise<void> =>
  new Promise((done) => server.listen(port, '127.0.0.1', done));
