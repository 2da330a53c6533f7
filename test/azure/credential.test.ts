import {
  ChainedTokenCredential,
  ClientSecretCredential,
  DefaultAzureCredential,
  ManagedIdentityCredential,
} from '@azure/identity';
import {
  createFetchCredential,
  describeCredential,
  withSharedToken,
} from '../../src/azure/connection/credential';

const jwt = (claims: Record<string, unknown>) =>
  ['{}', JSON.stringify(claims)].map((part) => Buffer.from(part).toString('base64url')).join('.');

class AzureCliCredential {
  getToken = async () => ({
    token: jwt({ tid: 'contoso', oid: 'o-1', upn: 'sam@contoso.example' }),
    expiresOnTimestamp: Date.now() + 60_000,
  });
}
class NoCredential {
  getToken = async () => null;
}

test('reports which credential of a chain was used, for whom and in which tenant', async () => {
  const chain = new ChainedTokenCredential(new NoCredential(), new AzureCliCredential());
  expect(await describeCredential(chain, 'scope')).toBe(
    'AzureCliCredential as sam@contoso.example, tenant contoso',
  );
  const pasted = { getToken: async () => ({ token: 'opaque', expiresOnTimestamp: 0 }) };
  expect(await describeCredential(pasted, 'scope')).toBe('the pasted token');
});

test('a token is shared until shortly before it expires; errors are not cached, and claims are passed on', async () => {
  let asked = 0;
  let fails = true;
  let expiresOnTimestamp = Date.now() + 3_600_000;
  const shared = withSharedToken({
    getToken: async (_, options) => {
      asked++;
      if (fails) throw new Error('refused');
      return { token: options?.claims ?? `token ${asked}`, expiresOnTimestamp };
    },
  });
  await expect(shared.getToken('a')).rejects.toThrow('refused');
  fails = false;
  const both = await Promise.all([shared.getToken('a'), shared.getToken('a')]);
  expect(both.map((token) => token?.token)).toEqual(['token 2', 'token 2']);
  expect((await shared.getToken('b'))?.token).toBe('token 3');
  expect((await shared.getToken('a', { claims: 'more' }))?.token).toBe('more');
  expiresOnTimestamp = Date.now() + 60_000;
  await shared.getToken('c');
  await shared.getToken('c');
  expect(asked).toBe(6);
});

describe('the identity that fetches scripts', () => {
  const clientId = '11111111-0000-4000-8000-000000000001';
  const azure = { cloud: 'public' } as never;
  const variables = {
    AZURE_CLIENT_ID: '22222222-0000-4000-8000-000000000002',
    AZURE_CLIENT_SECRET: 'the bot’s own',
    AZURE_TENANT_ID: '33333333-0000-4000-8000-000000000003',
  };
  const before = { ...process.env };
  beforeEach(() => Object.assign(process.env, variables));
  afterEach(() => {
    process.env = { ...before };
  });

  test('is taken from its secret, else from the platform, and never from the bot’s own credential', async () => {
    const tenantId = variables.AZURE_TENANT_ID;
    const bySecret = createFetchCredential({ clientId, tenantId, clientSecret: 's' }, azure);
    expect(bySecret).toBeInstanceOf(ClientSecretCredential);
    const managed = createFetchCredential({ clientId, tenantId: null, clientSecret: null }, azure);
    expect(managed).toBeInstanceOf(ManagedIdentityCredential);
    process.env.AZURE_FEDERATED_TOKEN_FILE = '/var/run/secrets/token';
    const federated = createFetchCredential({ clientId, tenantId: null, clientSecret: null }, azure);
    expect(federated).toBeInstanceOf(ChainedTokenCredential);
    for (const one of [bySecret, managed, federated]) {
      expect(one).not.toBeInstanceOf(DefaultAzureCredential);
      expect(JSON.stringify(one)).not.toContain(variables.AZURE_CLIENT_ID);
    }
  });
});
