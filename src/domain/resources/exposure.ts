import ipaddr from 'ipaddr.js';

/** A security rule, as far as it decides whether the internet may come in. */
export interface Rule {
  priority: number;
  direction: string;
  access: string;
  protocol: string;
  sources: string[];
  ports: string[];
}

/** SSH, RDP, WinRM. */
export const managementPorts = [22, 3389, 5985, 5986] as const;

/**
 * The management ports that the internet reaches through every one of the groups (subnet's and interface's). A group
 * denies what no rule of its own allows (its default rules); where there is no group at all nothing is denied.
 */
export function openPorts(groups: readonly (readonly Rule[])[]): string[] {
  return managementPorts.filter((port) => groups.every((rules) => allows(rules, port))).map(String);
}

function allows(rules: readonly Rule[], port: number): boolean {
  const inbound = rules
    .filter((rule) => rule.direction === 'Inbound')
    .sort((a, b) => a.priority - b.priority);
  const first = inbound.find(
    (rule) =>
      /^(\*|tcp)$/i.test(rule.protocol) &&
      rule.sources.some(isInternet) &&
      rule.ports.some((range) => holds(range, port)),
  );
  return first?.access === 'Allow';
}

/** Any source from which strangers come: everything, the Internet tag, or a public range wider than a /8. */
function isInternet(source: string): boolean {
  if (source === '*' || /^internet$/i.test(source)) return true;
  if (!ipaddr.isValidCIDR(source)) return false;
  return ipaddr.parseCIDR(source)[1] < 8;
}

function holds(range: string, port: number): boolean {
  if (range === '*') return true;
  const [from = 0, to = from] = range.split('-').map(Number);
  return port >= from && port <= to;
}
