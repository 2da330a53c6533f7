import { summarize } from '../../domain/alerts/alert';
import type { AddressFacts, Facts } from '../../domain/alerts/facts';
import { isPublicAddress } from '../../domain/network/public-address';
import { phrase } from '../../domain/text/translate';
import type { Part } from './enrichment-part';
import { readEach } from './read-each';

/** Addresses of an alert's caller that are looked up. */
const maxAddresses = 10;

/** Shows where the caller's addresses are: in Azure, in which network and in which country. */
export const address: Part = {
  what: phrase("the caller's address"),
  endsInTime: true,
  ask: async (alert, { azure, geo }, late) => {
    const { executions, target } = summarize(alert);
    const known = alert.facts.addresses ?? {};
    const own = new Set(
      executions.flatMap(({ caller: { ip } }) => (ip && isPublicAddress(ip) && !known[ip] ? [ip] : [])),
    );
    const asked = [...own].slice(0, maxAddresses - Object.keys(known).length);
    if (asked.length === 0) return {};
    const read = <T>(what: string, ask: (ip: string) => Promise<T>) => readEach(what, asked, ask, late);
    const [ranges, networks, countries] = await Promise.all([
      read(phrase("Azure's address ranges"), (ip) => azure.azureAddress(ip, target.subscriptionId)),
      read(phrase("the address's network"), geo.asn),
      read(phrase("the address's country"), geo.country),
    ]);
    const [azureOf, asnOf, countryOf] = [
      new Map(ranges.answers),
      new Map(networks.answers),
      new Map(countries.answers),
    ];
    const addresses = asked.map((ip): [string, AddressFacts] => [
      ip,
      { azure: azureOf.get(ip) ?? null, asn: asnOf.get(ip) ?? null, country: countryOf.get(ip) ?? null },
    ]);
    const missing = [...ranges.missing, ...networks.missing, ...countries.missing];
    return { addresses: { ...known, ...Object.fromEntries(addresses) }, missing } satisfies Facts;
  },
};
