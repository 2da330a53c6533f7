import { limitKeyOf } from '../../../src/domain/network/limit-key';

test.each([
  ['203.0.113.7', '203.0.113.7'],
  ['::ffff:203.0.113.7', '203.0.113.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:ffff::1', '2001:db8:1:2::/64'],
  ['not an address', 'unknown'],
  [undefined, 'unknown'],
])('requests of %s are counted under %s', (ip, key) => {
  expect(limitKeyOf(ip)).toBe(key);
});
