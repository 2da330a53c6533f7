import { isInternetAddress } from '../../../src/domain/network/internet-address';

test.each([
  '8.8.8.8',
  '2606:4700::1111',
  '::ffff:8.8.8.8',
  // NAT64, as hosts without IPv4 see 8.8.8.8.
  '64:ff9b::808:808',
])('%s is on the Internet', (ip) => expect(isInternetAddress(ip)).toBe(true));

test.each([
  '127.0.0.1',
  '10.1.2.3',
  '172.31.0.1',
  '192.168.0.1',
  '100.100.100.200',
  '169.254.169.254',
  '168.63.129.16',
  '192.0.0.192',
  '198.18.0.1',
  '0.0.0.0',
  '224.0.0.1',
  '255.255.255.255',
  '::',
  '::1',
  '::10.1.2.3',
  '::ffff:10.1.2.3',
  '::ffff:a9fe:a9fe',
  '::ffff:0:10.1.2.3',
  '64:ff9b::a01:203',
  '64:ff9b::a83f:8110',
  '64:ff9b:1::808:808',
  '2002:a01:203::',
  '2001::1',
  'fc00::1',
  'fd00:ec2::254',
  'fe80::1',
  'fec0::1',
  'ff02::1',
  '4000::1',
  'localhost',
  '',
])('%s is not on the Internet', (ip) => expect(isInternetAddress(ip)).toBe(false));
