import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';

/** Answers virtual machines on Azure with their platform's secrets, although its range is public. */
const azurePlatform = '168.63.129.16';
/** IPv6 addresses that are assigned to the Internet. */
const assigned = ipaddr.IPv6.parseCIDR('2000::/3');
/** NAT64: the last four bytes are an IPv4 address. Source: RFC 6052. */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96');

/**
 * Whether a connection to this IP address leaves for the Internet, so never for the host, its networks or its
 * cloud's metadata. Unknown and reserved ranges do not.
 */
export function isInternetAddress(ip: string): boolean {
  if (!isIP(ip)) return false;
  const address = ipaddr.process(ip);
  if (address.kind() === 'ipv4') return address.range() === 'unicast' && address.toString() !== azurePlatform;
  if (address.match(nat64)) return isInternetAddress(address.toByteArray().slice(-4).join('.'));
  return address.range() === 'unicast' && address.match(assigned);
}
