/**
 * A parsed Azure Resource Manager id. `chain` has the type/name pairs below the provider, outermost first.
 */
export interface ResourceId {
  subscriptionId: string;
  resourceGroup: string;
  provider: string;
  chain: { type: string; name: string }[];
}

/** Parses an ARM resource id; null if it is not a resource in a resource group. */
export function parseResourceId(id: string): ResourceId | null {
  const parts = id.split('/').filter((part) => part !== '');
  if (parts.length < 8 || !is(parts[0], 'subscriptions') || !is(parts[2], 'resourceGroups')) return null;
  if (!is(parts[4], 'providers')) return null;
  const chain: ResourceId['chain'] = [];
  for (let i = 6; i + 1 < parts.length; i += 2) {
    if (is(parts[i], 'providers')) break;
    chain.push({ type: parts[i] ?? '', name: parts[i + 1] ?? '' });
  }
  return {
    subscriptionId: (parts[1] ?? '').toLowerCase(),
    resourceGroup: parts[3] ?? '',
    provider: parts[5] ?? '',
    chain,
  };
}

export interface Target {
  /** Full ARM id of the machine, in Azure's letter case. */
  id: string;
  name: string;
  /** ARM type in its documented case, e.g. Microsoft.Compute/virtualMachines. */
  type: string;
  resourceGroup: string;
  subscriptionId: string;
}

/** The ARM type of the first `depth` parts of an id. */
export const typeOf = (id: ResourceId, depth = id.chain.length): string =>
  [id.provider, ...id.chain.slice(0, depth).map((pair) => pair.type)].join('/');

/**
 * Whether `scope` equals or contains `id`. Root ("/") contains everything. Management groups always count as
 * containing it, because names don't show their hierarchy.
 */
export function covers(scope: string, id: string): boolean {
  const above = scope.toLowerCase().replace(/\/+$/, '');
  const below = id.toLowerCase();
  if (above === '' || above.startsWith('/providers/microsoft.management/managementgroups/')) return true;
  return below === above || below.startsWith(`${above}/`);
}

export const is = (a: string | undefined, b: string | undefined): boolean =>
  a !== undefined && b !== undefined && a.toLowerCase() === b.toLowerCase();
