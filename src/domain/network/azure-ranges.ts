import { isIP } from 'node:net';
import { setImmediate } from 'node:timers/promises';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';

/**
 * A service tag: the addresses of an Azure service, in one region if `region` is set. "AzureCloud" tags cover
 * all addresses of a region.
 * @see https://learn.microsoft.com/rest/api/virtualnetwork/service-tags/list
 */
export const serviceTagSchema = z.object({
  name: z.string().max(200),
  properties: z.object({
    region: z.string().max(100).nullish(),
    systemService: z.string().max(200).nullish(),
    addressPrefixes: z.array(z.string().max(50)).max(100_000).default([]),
  }),
});
export type ServiceTag = z.output<typeof serviceTagSchema>;

/** Where in Azure an address is. */
export interface AzureAddress {
  /** Such as "westeurope"; null if no tag of its names one. */
  region: string | null;
  /** Such as "AzureDevOps": the service with the smallest range that has the address; null if unknown. */
  service: string | null;
}

/** Microsoft publishes about 80,000 prefixes. More than this are not kept. */
const maxPrefixes = 300_000;

/** Prefixes that are read before other work goes on: some 5 ms. */
const atOnce = 500;

/** Finds the tags of an address. Null if it is in none of Azure's ranges. Reading all prefixes takes a second. */
export async function createAzureRanges(
  tags: readonly ServiceTag[],
): Promise<(ip: string) => AzureAddress | null> {
  /** Tags by network, by "ipv4/24" and such. */
  const networks = new Map<string, Map<string, ServiceTag[]>>();
  let count = 0;
  for (const tag of tags) {
    for (const prefix of tag.properties.addressPrefixes) {
      if (++count > maxPrefixes) break;
      if (count % atOnce === 0) await setImmediate();
      const parsed = parsedPrefix(prefix);
      if (!parsed) continue;
      const [address, bits] = parsed;
      const size = `${address.kind()}/${bits}`;
      const ofSize = networks.get(size) ?? new Map<string, ServiceTag[]>();
      networks.set(size, ofSize);
      const network = networkOf(address, bits);
      const known = ofSize.get(network);
      if (known) known.push(tag);
      else ofSize.set(network, [tag]);
    }
  }
  const sizes = [...networks.keys()].sort((a, b) => bitsOf(b) - bitsOf(a));
  return (ip) => {
    if (!isIP(ip)) return null;
    const address = ipaddr.process(ip);
    const found = sizes
      .filter((size) => size.startsWith(`${address.kind()}/`))
      .flatMap((size) => networks.get(size)?.get(networkOf(address, bitsOf(size))) ?? []);
    if (found.length === 0) return null;
    const first = (name: 'region' | 'systemService') =>
      found.map(({ properties }) => properties[name]).find(Boolean) ?? null;
    return { region: first('region'), service: first('systemService') };
  };
}

function parsedPrefix(prefix: string): [ipaddr.IPv4 | ipaddr.IPv6, number] | null {
  try {
    return ipaddr.parseCIDR(prefix);
  } catch {
    return null;
  }
}

const bitsOf = (size: string) => Number(size.slice(size.indexOf('/') + 1));

/** The first bits of an address, as text. */
const networkOf = (address: ipaddr.IPv4 | ipaddr.IPv6, bits: number): string => {
  const bytes = address.toByteArray();
  const whole = bytes.slice(0, bits >> 3);
  const rest = bits & 7;
  return [...whole, ...(rest ? [(bytes[bits >> 3] ?? 0) >> (8 - rest)] : [])].join('.');
};
