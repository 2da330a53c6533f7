import { ChainedTokenCredential } from '@azure/identity';
import { whoWon } from '../src/azure/credential';

const jwt = (claims: Record<string, unknown>) =>
  ['{}', JSON.stringify(claims)].map((part) => Buffer.from(part).toString('base64url')).join('.');

class AzureCliCredential {
  getToken = async () => ({
    token: jwt({ tid: 'contoso', oid: 'o-1', upn: 'sam@contoso.example' }),
    expiresOnTimestamp: Date.now() + 60_000,
  });
}
class Nothing {
  getToken = async () => null;
}

test('says which credential of a chain won, for whom and where', async () => {
  const chain = new ChainedTokenCredential(new Nothing(), new AzureCliCredential());
  expect(await whoWon(chain, 'scope')).toBe('AzureCliCredential as sam@contoso.example, tenant contoso');
  const pasted = { getToken: async () => ({ token: 'opaque', expiresOnTimestamp: 0 }) };
  expect(await whoWon(pasted, 'scope')).toBe('the pasted token');
});
