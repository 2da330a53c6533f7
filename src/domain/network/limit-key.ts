import ipaddr from 'ipaddr.js';

/**
 * Under what requests of an address are counted: the address, or for IPv6 its /64, all addresses of which one host may
 * use.
 */
export function limitKeyOf(ip: string | undefined): string {
  if (!ip || !ipaddr.isValid(ip)) return 'unknown';
  const address = ipaddr.process(ip);
  return address.kind() === 'ipv4'
    ? address.toString()
    : `${ipaddr.IPv6.networkAddressFromCIDR(`${address}/64`)}/64`;
}
