import type { SecurityRule } from '@azure/arm-network';
import { is, parseResourceId } from '../../domain/resources/resource-id';
import { t } from '../../domain/text/translate';
import { toAzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';
import { runOperation } from '../connection/long-operation';

/** Timeout for reading effective rules, ms. After it, isolation stays unverified. */
const readMs = 60_000;
const maxPages = 50;

/** Security rules that isolate a machine, and checks that Azure applies them. */
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
   * Ensures that a region's deny-all group contains exactly our rules. Overwrites a group that was changed,
   * or that someone else created under this name.
   * @param keep an address or range that stays allowed in both directions
   */
  async function ensureDenyAll(groupId: string, location: string, keep?: string): Promise<void> {
    const { network, resourceGroup, name } = placeOf(groupId);
    if ((await whyNotDenied(groupId, keep)).length === 0) return;
    await runOperation(`security group ${name}`, clients.operationMs, (abortSignal) =>
      network.networkSecurityGroups.beginCreateOrUpdateAndWait(
        resourceGroup,
        name,
        { location, tags: { 'managed-by': 'runwatch' }, securityRules: rulesFor(keep) },
        { abortSignal },
      ),
    );
  }

  /** Reasons why the group does not deny everything except `keep`; empty if it does. */
  async function whyNotDenied(groupId: string, keep?: string): Promise<string[]> {
    const present = await readRules(groupId);
    const name = groupId.split('/').at(-1);
    if (!present) return [t`the security group ${name} is gone`];
    const wanted = rulesFor(keep).map(fingerprint);
    const found = present.map(fingerprint);
    const added = present.filter((rule) => !wanted.includes(fingerprint(rule))).map(({ name: n }) => n);
    const missing = wanted.filter((rule) => !found.includes(rule)).length;
    return [
      ...(added.length > 0 ? [t`the security group ${name} has unexpected rules: ${added.join(', ')}`] : []),
      ...(missing > 0 ? [t`the security group ${name} is missing ${missing} of Runwatch’s rules`] : []),
    ];
  }

  /**
   * Reasons why Azure does not confirm that an interface is isolated; empty if it does. A failed read is a
   * reason.
   * @param isRunning effective rules exist only for running machines
   */
  async function whyNotIsolated(nicId: string, groupId: string, isRunning: boolean): Promise<string[]> {
    const { network, resourceGroup, name } = placeOf(nicId);
    const nic = await network.networkInterfaces.get(resourceGroup, name);
    const notes: string[] = [];
    if (!is(nic.networkSecurityGroup?.id ?? '', groupId))
      notes.push(t`${name} does not have Runwatch’s security group`);
    if (!isRunning) notes.push(t`the machine is not running, so Azure has no effective rules to read`);
    else
      notes.push(
        ...(await orReadError(() => whyNotEffective(nicId, groupId), t`effective rules of ${name}`)),
      );
    const subnets = (nic.ipConfigurations ?? []).flatMap(({ subnet }) => subnet?.id ?? []);
    for (const networkId of new Set(subnets.map((id) => id.replace(/\/subnets\/[^/]+$/i, ''))))
      notes.push(...(await orReadError(() => alwaysAllowRules(networkId), t`network manager rules`)));
    return notes;
  }

  async function whyNotEffective(nicId: string, groupId: string): Promise<string[]> {
    const { network, resourceGroup, name } = placeOf(nicId);
    const found = await runOperation(`effective rules of ${name}`, readMs, (abortSignal) =>
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
    return denies('Inbound') && denies('Outbound')
      ? []
      : [t`Runwatch’s security group is not effective on ${name} yet`];
  }

  /** Network manager rules that override security groups. */
  async function alwaysAllowRules(networkId: string): Promise<string[]> {
    const { network, resourceGroup, name } = placeOf(networkId);
    const rules: unknown[] = [];
    let skipToken: string | undefined;
    for (let page = 0; page === 0 || skipToken; page++) {
      if (page === maxPages) throw new Error(`more than ${maxPages} pages of network manager rules`);
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
      return t`a network manager always allows ${direction === 'Outbound' ? t`outgoing` : t`incoming`} traffic by ${displayName ?? id?.split('/').at(-1) ?? t`a rule`}`;
    });
  }

  return { ensureDenyAll, whyNotDenied, whyNotIsolated };
}

async function orReadError(read: () => Promise<string[]>, what: string): Promise<string[]> {
  try {
    return await read();
  } catch (error) {
    const { message, remedy } = toAzureError(error, what);
    return [t`${what} could not be read: ${message}${remedy ? ` (${remedy})` : ''}`];
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

/** The fields that decide which traffic a rule matches. */
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
