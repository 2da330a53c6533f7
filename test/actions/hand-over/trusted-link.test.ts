import { trustedLink } from '../../../src/actions/hand-over/trusted-link';

const hosts = ['contoso.service-now.com'];

test('an https link to a configured host is trusted', () => {
  const link = 'https://contoso.service-now.com/incident.do?sys_id=1';
  expect(trustedLink(link, hosts)).toBe(link);
});

test.each([
  '',
  'incident 4711',
  'http://contoso.service-now.com/1',
  'https://evil.example/1',
  'https://contoso.service-now.com.evil.example/1',
  'https://contoso.service-now.com@evil.example/1',
  'https://contoso.service-now.com:8443/1',
  'https://user:password@contoso.service-now.com/1',
  'javascript:alert(1)//contoso.service-now.com',
  `https://contoso.service-now.com/${'x'.repeat(2000)}`,
])('%s is not', (link) => {
  expect(trustedLink(link, hosts)).toBeUndefined();
});
