import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

const localRanges: readonly string[] = [
  'private',
  'uniqueLocal',
  'loopback',
  'linkLocal',
  'carrierGradeNat',
  'unspecified',
];

/** Whether it is an IP address that is one and the same place everywhere. */
export const isPublicAddress = (ip: string): boolean =>
  isIP(ip) !== 0 && !localRanges.includes(ipaddr.process(ip).range());
