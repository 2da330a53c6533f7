import { createServer, type Server } from 'node:http';
import { checkSignIn } from '../../../src/commands/doctor/check-sign-in';
import type { Check } from '../../../src/config/doctor-check';
import { freePort } from '../../support/free-port';
import { startIssuer } from '../../support/issuer';

const console = 'https://runwatch.contoso.example';
const checkOf = async (issuer: string): Promise<Check> => {
  const checks: Check[] = [];
  const signIn = {
    issuer,
    clientId: 'runwatch',
    clientSecret: 'x',
    redirectUri: `${console}/console/callback`,
    signedOutUri: `${console}/console/signed-out`,
    apiUri: 'http://127.0.0.1/api/v1',
  };
  await checkSignIn({ signIn }, (check) => void checks.push(check));
  return checks[0] as Check;
};

/** Serves a discovery document, changed from a complete one, or another body. */
async function startMetadata(
  change: Record<string, unknown> | string,
): Promise<{ url: string; server: Server }> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const whole = {
    issuer: url,
    authorization_endpoint: `${url}/auth`,
    token_endpoint: `${url}/token`,
    jwks_uri: `${url}/jwks`,
  };
  const server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(typeof change === 'string' ? change : JSON.stringify({ ...whole, ...change }));
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  return { url, server };
}

test('names the redirect URIs to register with an issuer that answers', async () => {
  const issuer = await startIssuer(console, await freePort());
  const check = await checkOf(issuer.url);
  await issuer.stop();
  expect(check.ok).toBe(true);
  expect(check.says).toContain(`${console}/console/callback`);
  expect(check.says).toContain(`${console}/console/signed-out`);
});

test('without sign-in there is nothing to check', async () => {
  const checks: Check[] = [];
  await checkSignIn({ signIn: null }, (check) => void checks.push(check));
  expect(checks).toEqual([]);
});

test('an issuer that does not answer is named', async () => {
  const check = await checkOf(`http://127.0.0.1:${await freePort()}`);
  expect(check.ok).toBe(false);
  expect(check.fix).toContain('RUNWATCH_OIDC_ISSUER');
});

test.each<[string, Record<string, unknown> | string, RegExp]>([
  ['another issuer', { issuer: 'https://evil.example' }, /issuer/],
  [
    'an endpoint without TLS',
    { token_endpoint: 'http://evil.example/token' },
    /evil.example\/token is not https/,
  ],
  ['no keys', { jwks_uri: undefined }, /no authorization endpoint, token endpoint or keys/],
  ['another type', '[]', /./],
  ['an endless document', `{"issuer": "${'x'.repeat(600_000)}"}`, /more than 512 KB/],
])('a discovery document with %s is refused', async (_, change, why) => {
  const { url, server } = await startMetadata(change);
  const check = await checkOf(url);
  server.closeAllConnections();
  server.close();
  expect(check.ok).toBe(false);
  expect(check.says).toMatch(why);
});

test('an issuer that never finishes its answer is given up', async () => {
  const port = await freePort();
  const server = createServer((_, response) => void response.write('{'));
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  const check = await checkOf(`http://127.0.0.1:${port}`);
  server.closeAllConnections();
  server.close();
  expect(check.ok).toBe(false);
}, 15_000);
