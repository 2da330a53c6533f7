import ipaddr from 'ipaddr.js';

/** The parts of a security rule that decide access from the internet. */
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
 * The management ports reachable from the internet through all of the groups (subnet's and interface's). A
 * group denies what none of its own rules allows, by its default rules. With no group at all, nothing is
 * denied.
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

/** Whether the source covers the internet: any source, the Internet tag, or a range wider than a /8. */
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
