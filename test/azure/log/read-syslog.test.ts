import { syslogRecord } from '../../../src/azure/log/read-syslog';

const at = '2026-11-26T12:00:00.000Z';
const logon = (message: string) => syslogRecord(at, 'sshd', message);

test.each([
  ['Accepted publickey for root from 203.0.113.5 port 5 ssh2: RSA SHA256:abc', 'root', '203.0.113.5', false],
  ['Failed password for invalid user eve from 203.0.113.6 port 5 ssh2', 'eve', '203.0.113.6', true],
  ['Failed publickey for root from 2001:db8::1 port 5 ssh2: RSA SHA256:abc', 'root', '2001:db8::1', true],
])('%s', (message, account, from, failed) => {
  expect(logon(message)).toMatchObject({ kind: 'logon', account, from, failed });
});

test.each([
  ['', 'a from 198.51.100.9 port 22'],
  [' ssh2', 'a from 198.51.100.9 port 22 ssh2: x'],
])('a user name that looks like an address does not change the source (%j)', (end, user) => {
  expect(logon(`Failed password for invalid user ${user} from 203.0.113.6 port 5${end}`)).toMatchObject({
    account: user,
    from: '203.0.113.6',
  });
});
