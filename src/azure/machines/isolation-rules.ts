import type { SecurityRule } from '@azure/arm-network';
import { is, parseResourceId } from '../../domain/resources/resource-id';
import { toAzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';
import { waitingFor } from '../connection/long-operation';

/** Reading what a network manager allows and what is effective may take this long, ms; it is not verified then. */
const readMs = 60_000;
const mostPages = 50;

/** What makes a machine unreachable, and whether Azure confirms that it is. */
export function createIsolationRules(clients: AzureClients) {
  const placeOf = (id: string) => {
    const parsed = parseResourceId(id);
    return {
      network: clients.network(parsed?.subscriptionId ?? ''),
      resourceGroup: parsed?.resourceGroup ?? '',
      name: parsed?.chain[0]?.name ?? '',
    };
  };

  async function readRules(groupId: string): Promise<SecurityRule[] | null> {
    const { network, resourceGroup, name } = placeOf(groupId);
    try {
      return (await network.networkSecurityGroups.get(resourceGroup, name)).securityRules ?? [];
    } catch (error) {
      const failure = toAzureError(error, `security group ${name}`);
      if (failure.statusCode === 404) return null;
      throw failure;
    }
  }

  /**
   * Makes sure that the deny-all group of a region holds our rules and no others. One that was made beforehand under its
   * name, or changed since, is put right.
   * @param keep an address or range that stays allowed both ways
   */
  async function ensureDenyAll(groupId: string, location: string, keep?: string): Promise<void> {
    const { network, resourceGroup, name } = placeOf(groupId);
    if ((await whyNotDenied(groupId, keep)).length === 0) return;
    await waitingFor(`security group ${name}`, clients.operationMs, (abortSignal) =>
      network.networkSecurityGroups.beginCreateOrUpdateAndWait(
        resourceGroup,
        name,
        { location, tags: { 'managed-by': 'runwatch' }, securityRules: rulesFor(keep) },
        { abortSignal },
      ),
    );
  }

  /** Why the group does not deny everything but `keep`, in words; empty when it does. */
  async function whyNotDenied(groupId: string, keep?: string): Promise<string[]> {
    const present = await readRules(groupId);
    const name = groupId.split('/').at(-1);
    if (!present) return [`the security group ${name} is gone`];
    const wanted = rulesFor(keep).map(fingerprint);
    const found = present.map(fingerprint);
    const added = present.filter((rule) => !wanted.includes(fingerprint(rule))).map(({ name: n }) => n);
    const missing = wanted.filter((rule) => !found.includes(rule)).length;
    return [
      ...(added.length > 0
        ? [`the security group ${name} has rules that are not ours: ${added.join(', ')}`]
        : []),
      ...(missing > 0 ? [`the security group ${name} lacks ${missing} of our rules`] : []),
    ];
  }

  /**
   * Why Azure does not confirm that an interface is cut off, in words; empty when it does. What can't be read is a reason.
   * @param isRunning effective rules exist for running machines only
   */
  async function whyNotIsolated(nicId: string, groupId: string, isRunning: boolean): Promise<string[]> {
    const { network, resourceGroup, name } = placeOf(nicId);
    const nic = await network.networkInterfaces.get(resourceGroup, name);
    const notes: string[] = [];
    if (!is(nic.networkSecurityGroup?.id ?? '', groupId)) notes.push(`${name} does not have our group`);
    if (!isRunning) notes.push('the machine does not run, so Azure has no effective rules to read');
    else
      notes.push(...(await unreadable(() => whyNotEffective(nicId, groupId), `effective rules of ${name}`)));
    const subnets = (nic.ipConfigurations ?? []).flatMap(({ subnet }) => subnet?.id ?? []);
    for (const networkId of new Set(subnets.map((id) => id.replace(/\/subnets\/[^/]+$/i, ''))))
      notes.push(...(await unreadable(() => alwaysAllowed(networkId), 'network manager rules')));
    return notes;
  }

  async function whyNotEffective(nicId: string, groupId: string): Promise<string[]> {
    const { network, resourceGroup, name } = placeOf(nicId);
    const found = await waitingFor(`effective rules of ${name}`, readMs, (abortSignal) =>
      network.networkInterfaces.beginListEffectiveNetworkSecurityGroupsAndWait(resourceGroup, name, {
        abortSignal,
      }),
    );
    const ours = (found.value ?? []).find(({ networkSecurityGroup }) =>
      is(networkSecurityGroup?.id ?? '', groupId),
    );
    const rules = ours?.effectiveSecurityRules ?? [];
    const denies = (direction: string) =>
      rules.some(
        (rule) => rule.access === 'Deny' && rule.direction === direction && (rule.priority ?? 9999) <= 200,
      );
    return denies('Inbound') && denies('Outbound') ? [] : [`our group is not effective on ${name} yet`];
  }

  /** Rules of a network manager that no security group can deny. */
  async function alwaysAllowed(networkId: string): Promise<string[]> {
    const { network, resourceGroup, name } = placeOf(networkId);
    const rules: unknown[] = [];
    let skipToken: string | undefined;
    for (let page = 0; page === 0 || skipToken; page++) {
      if (page === mostPages) throw new Error(`more than ${mostPages} pages of network manager rules`);
      const found = await network.listNetworkManagerEffectiveSecurityAdminRules(
        resourceGroup,
        name,
        skipToken ? { skipToken } : {},
      );
      rules.push(...(found.value ?? []));
      skipToken = found.skipToken;
    }
    const always = rules.filter((rule) => (rule as { access?: string }).access === 'AlwaysAllow');
    return always.map((rule) => {
      const { direction, displayName, id } = rule as {
        direction?: string;
        displayName?: string;
        id?: string;
      };
      return `a network manager always allows ${direction === 'Outbound' ? 'outgoing' : 'incoming'} traffic by ${displayName ?? id?.split('/').at(-1) ?? 'a rule'}`;
    });
  }

  return { ensureDenyAll, whyNotDenied, whyNotIsolated };
}

async function unreadable(read: () => Promise<string[]>, what: string): Promise<string[]> {
  try {
    return await read();
  } catch (error) {
    const { message, remedy } = toAzureError(error, what);
    return [`${what} could not be read: ${message}${remedy ? ` (${remedy})` : ''}`];
  }
}

function rulesFor(keep: string | undefined): SecurityRule[] {
  const rule = (access: 'Allow' | 'Deny', direction: 'Inbound' | 'Outbound', range = '*'): SecurityRule => ({
    name: `${access}${direction}`,
    priority: access === 'Allow' ? 100 : 200,
    direction,
    access,
    protocol: '*',
    sourceAddressPrefix: direction === 'Inbound' ? range : '*',
    sourcePortRange: '*',
    destinationAddressPrefix: direction === 'Outbound' ? range : '*',
    destinationPortRange: '*',
  });
  const allowed = keep ? [rule('Allow', 'Inbound', keep), rule('Allow', 'Outbound', keep)] : [];
  return [...allowed, rule('Deny', 'Inbound'), rule('Deny', 'Outbound')];
}

/** All of a rule that decides what it lets through. */
const fingerprint = (rule: SecurityRule): string =>
  JSON.stringify([
    rule.priority,
    rule.direction,
    rule.access,
    rule.protocol,
    rule.sourceAddressPrefix ?? rule.sourceAddressPrefixes ?? [],
    rule.sourcePortRange ?? rule.sourcePortRanges ?? [],
    rule.destinationAddressPrefix ?? rule.destinationAddressPrefixes ?? [],
    rule.destinationPortRange ?? rule.destinationPortRanges ?? [],
    rule.sourceApplicationSecurityGroups ?? [],
    rule.destinationApplicationSecurityGroups ?? [],
  ]).toLowerCase();
