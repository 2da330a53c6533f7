import { plainLine } from '../text/plain-text';
import { countryName, t } from '../text/translate';
import { summarize } from './alert';
import type { Known } from './join-facts';

/** "203.0.113.24 (AS64500 Contoso Telecom, Germany)"; empty if the log has no address. */
export function addressText(alert: Known): string {
  const [ip, ...where] = addressParts(alert);
  return ip ? `${ip}${where.length > 0 ? ` (${where.join(', ')})` : ''}` : '';
}

/** The caller's address and where it is, such as Azure's region, the network and the country; empty without an address. */
export function addressParts(alert: Known): string[] {
  const { ip } = summarize(alert).caller;
  if (!ip) return [];
  const { azure, asn, country } = alert.facts.addresses?.[ip] ?? {};
  return [
    plainLine(ip, 45),
    azure
      ? [t`Azure`, plainLine(azure.region, 40), plainLine(azure.service, 60)].filter(Boolean).join(' ')
      : '',
    asn ? asnText(asn) : '',
    country ? countryName(country) : '',
  ].filter(Boolean);
}

const asnText = ({ number, name }: { number: number; name: string }): string =>
  [`AS${number}`, plainLine(name, 60)].filter(Boolean).join(' ');

/** The network operator of the caller's address: "AS64500 Contoso Telecom". */
export function networkOf(alert: Known): string {
  const { ip } = summarize(alert).caller;
  const asn = ip ? alert.facts.addresses?.[ip]?.asn : null;
  return asn ? asnText(asn) : '';
}
