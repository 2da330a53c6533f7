import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { AzureError } from '../../azure/connection/azure-error';
import { summarize } from '../../domain/alerts/alert';
import { contain, Refusal, uncontain } from '../../domain/alerts/transitions';
import { isHeld, type Measure } from '../../domain/measures/measure';
import { is, parseResourceId } from '../../domain/resources/resource-id';
import { plainLine } from '../../domain/text/plain-text';
import { counted, phrase, t } from '../../domain/text/translate';
import { shortText } from '../input';
import { defineMeasureAction } from '../measures/measure-action';
import type { MeasureKind, Step } from '../measures/measure-kind';
import { machineSubjects } from '../measures/measure-record';
import { retryOnConflict } from '../retry-on-conflict';
import { isOneMachine, lastPart, machinesOf, targetWords, typeOf } from '../targets';

interface Nic {
  id: string;
  /** Id of the security group attached before ours; null if there was none. */
  before: string | null;
  /** Our group was already attached without a measure on record, so the earlier group is unknown. */
  unknown?: true;
  /** The group that release left in place, because someone else had changed it. */
  left?: string | null;
}

interface Isolation {
  machineId: string;
  /** Empty in records of an older version. */
  location: string;
  /** The deny-all group that is attached. */
  groupId: string;
  /** An address range that stays allowed in both directions, for forensics. */
  keep?: string | undefined;
  interfaces: Nic[];
}

const groupOf = (body: { properties: { networkSecurityGroup?: { id: string } | null } }): string | null =>
  body.properties.networkSecurityGroup?.id ?? null;
const nameOrNone = (id: string | null) => (id ? lastPart(id) : t`no group`);

const withNic = (before: Record<string, unknown>, changed: Nic): Record<string, unknown> => ({
  ...before,
  interfaces: (before as unknown as Isolation).interfaces.map((nic) =>
    nic.id === changed.id ? changed : nic,
  ),
});

/**
 * Denies every new flow of a machine with one deny-all group on each interface. Each interface's prior group
 * is saved first, and undo reattaches exactly that group.
 */
const isolation: MeasureKind<Isolation> = {
  kind: 'isolation',
  name: phrase('Isolate'),
  undoName: phrase('Release'),
  stateInForce: phrase('isolated'),
  subjects: machineSubjects,
  prepare: async (target, press, { azure }, alert, earlier) => {
    refuseUnsupportedTypes(target.name, typeOf(alert, target.id));
    const keep = rangeOf(press.input?.keep);
    const machine = await azure.readMachine(target.id);
    const groupId = groupIdFor(machine.id, machine.location, keep);
    const interfaces = await Promise.all(
      machine.interfaceIds.map(async (id): Promise<Nic> => {
        const before = groupOf((await azure.readInterface(id)).body);
        if (before === null || !isOurs(before)) return { id, before };
        const known = earlier?.interfaces.find((nic) => is(nic.id, id));
        return known ?? { id, before: null, unknown: true };
      }),
    );
    if (interfaces.length === 0) throw new Refusal(t`${target.name} has no network interfaces.`);
    return { machineId: target.id, location: machine.location, groupId, keep, interfaces };
  },
  steps: ({ machineId, groupId, location, keep, interfaces }) => [
    {
      words: t`make sure ${lastPart(groupId)} denies everything`,
      run: async ({ azure }) =>
        azure.ensureDenyAll(groupId, location || (await azure.readMachine(machineId)).location, keep),
    },
    ...interfaces.map(
      ({ id, before }): Step => ({
        words: t`attach ${lastPart(groupId)} to ${lastPart(id)}, which has ${nameOrNone(before)}`,
        run: ({ azure, measure, save }) =>
          retryOnConflict(async () => {
            const nic = await azure.readInterface(id);
            const present = groupOf(nic.body);
            if (present !== null && is(present, groupId)) return;
            if (present === null || !isOurs(present))
              await save(withNic(measure.before, { id, before: present }));
            await azure.setGroup(nic, groupId);
          }),
      }),
    ),
  ],
  says: ({ interfaces, keep }) =>
    t`Isolated: new connections of ${counted(interfaces.length, 'its interface', 'its # interfaces')} are denied${keep ? t`, but for ${plainLine(keep, 50)}` : ''}.`,
  undo: {
    steps: ({ interfaces }) =>
      interfaces.map(
        ({ id, before, unknown }): Step => ({
          words: unknown ? t`leave ${lastPart(id)}` : t`restore ${nameOrNone(before)} on ${lastPart(id)}`,
          run: ({ azure, measure, save }) =>
            retryOnConflict(async () => {
              const nic = await interfaceOrNone(azure, id);
              if (!nic) return;
              const present = groupOf(nic.body);
              const ours = present !== null && isOurs(present);
              const asBefore =
                present === before || (present !== null && before !== null && is(present, before));
              if (ours && !unknown) return azure.setGroup(nic, before);
              if (ours || !asBefore)
                await save(
                  withNic(measure.before, { id, before, ...(unknown ? { unknown } : {}), left: present }),
                );
            }),
        }),
      ),
    says: ({ interfaces }) => {
      const left = interfaces.filter((nic) => nic.left !== undefined);
      if (left.length === 0) return t`Released: every interface has its original security group.`;
      const names = left.map(({ id, left: has }) => t`${lastPart(id)} (has ${nameOrNone(has ?? null)} now)`);
      return t`Released, except ${names.join(', ')}, left unchanged because ${left.some((nic) => nic.unknown) ? t`the original group is unknown` : t`someone else changed it`}.`;
    },
  },
  check: async ({ machineId, groupId, keep, interfaces }, { azure }) => {
    const notes = await azure.whyNotDenied(groupId, keep);
    const { power, interfaceIds } = await azure.readMachine(machineId);
    for (const { id } of interfaces)
      notes.push(...(await azure.whyNotIsolated(id, groupId, power === 'running')));
    notes.push(...added(interfaceIds, interfaces));
    return { verified: notes.length === 0, notes: [...new Set(notes)] };
  },
  drift: async ({ machineId, groupId, keep, interfaces }, { azure }) => {
    const opened: string[] = [];
    const gone: string[] = [];
    for (const { id } of interfaces) {
      const nic = await interfaceOrNone(azure, id);
      if (!nic) gone.push(t`the interface ${lastPart(id)} no longer exists`);
      const present = nic ? groupOf(nic.body) : groupId;
      if (present === null || !is(present, groupId))
        opened.push(t`${lastPart(id)} (now ${nameOrNone(present)})`);
    }
    const rules = await azure.whyNotDenied(groupId, keep);
    const parts = [
      ...(opened.length > 0 ? [t`${opened.join(', ')} no longer has our group`] : []),
      ...gone,
      ...added(await interfacesOrNone(azure, machineId), interfaces),
      ...rules,
    ];
    return parts.length > 0 ? parts.join('; ') : null;
  },
  differs: ({ keep }, press) => {
    const wanted = rangeOf(press.input?.keep);
    return wanted === keep
      ? null
      : t`It is already isolated, ${keep ? t`except for ${keep}` : t`with no allowed range`}. Release it first.`;
  },
  summary: (measures, alert) => {
    const { machines } = summarize(alert);
    const [first] = measures;
    if (machines === 1 || !first) return null;
    const kept = new Set(measures.map(({ before }) => (before as unknown as Isolation).keep ?? ''));
    const [only = ''] = kept;
    const keep = kept.size === 1 ? only : t`the ranges kept reachable`;
    const open = measures.length < machines ? t` Sessions already open go on.` : '';
    return t`Isolated: new connections of ${measures.length} of ${machines} machines are denied${keep ? t`, but for ${plainLine(keep, 50)}` : ''}.${open}`;
  },
  onDone: contain,
  onUndone: uncontain,
};

/** Interfaces of the machine that are not isolated. */
const added = (present: readonly string[], interfaces: readonly Nic[]): string[] =>
  present
    .filter((id) => !interfaces.some((nic) => is(nic.id, id)))
    .map((id) => t`the interface ${lastPart(id)} was added and is not isolated`);

type Azure = Parameters<NonNullable<MeasureKind['check']>>[1]['azure'];

const orIfMissing =
  <T>(fallback: T) =>
  (error: unknown): T => {
    if (error instanceof AzureError && error.statusCode === 404) return fallback;
    throw error;
  };

/** Null if the interface no longer exists, so there is nothing to restore. */
const interfaceOrNone = (azure: Azure, id: string) => azure.readInterface(id).catch(orIfMissing(null));

const interfacesOrNone = (azure: Azure, machineId: string): Promise<readonly string[]> =>
  azure.readMachine(machineId).then(({ interfaceIds }) => interfaceIds, orIfMissing([] as string[]));

const permissions = [
  'Microsoft.Compute/virtualMachines/read',
  'Microsoft.Network/networkInterfaces/read',
  'Microsoft.Network/networkInterfaces/write',
  'Microsoft.Network/networkInterfaces/effectiveNetworkSecurityGroups/action',
  'Microsoft.Network/networkSecurityGroups/read',
  'Microsoft.Network/networkSecurityGroups/write',
  'Microsoft.Network/networkSecurityGroups/join/action',
  'Microsoft.Network/virtualNetworks/listNetworkManagerEffectiveSecurityAdminRules/action',
  'Microsoft.Network/virtualNetworks/subnets/join/action',
  'Microsoft.Network/publicIPAddresses/join/action',
] as const;

/** The others have no network interfaces. Of these, isolation refuses some and names an alternative. */
const machineType = /\/(virtualMachines|virtualMachineScaleSets|machines|managedClusters)$/i;

defineMeasureAction({
  id: 'isolate',
  group: 'contain',
  label: (view) => t`Isolate ${targetWords(view)}…`,
  order: 50,
  often: true,
  style: 'danger',
  confirm: {
    text: (view) =>
      t`${isOneMachine(view) ? '' : t`On ${targetWords(view)}: `}Attaches a deny-all security group to every interface. It doesn't end open sessions or stop further run commands. Release restores the original groups.`,
    yes: phrase('Isolate'),
  },
  input: z.strictObject({ keep: shortText.optional() }),
  permissions,
  kind: isolation,
  targets: machinesOf,
  fits: ({ alert }) => summarize(alert).executions.some(({ target }) => machineType.test(target.type)),
  undo: {
    id: 'release',
    label: phrase('Release isolation…'),
    order: 40,
    often: true,
    confirm: {
      text: phrase('Restores the original security group on every interface.'),
      yes: phrase('Release'),
    },
    permissions,
  },
});

/** Whether any of the alert's machines is isolated or about to be. */
export const hasIsolation = (measures: readonly Measure[]): boolean =>
  measures.some((one) => one.kind === 'isolation' && isHeld(one));

export function rangeOf(given: unknown): string | undefined {
  const range = String(given ?? '').trim();
  if (!range) return undefined;
  if (!ipaddr.isValidCIDR(range) && !ipaddr.isValid(range))
    throw new Refusal(
      t`${range.slice(0, 60)} is not an IP address or range. Use a form such as 203.0.113.0/28.`,
    );
  return range;
}

/** Refuses machines that can't be isolated through their interfaces, and suggests what to do instead. */
function refuseUnsupportedTypes(name: string, type: string): void {
  if (!type || is(type, 'Microsoft.Compute/virtualMachines')) return;
  if (/^Microsoft\.HybridCompute\/machines/i.test(type))
    throw new Refusal(
      t`${name} is an Arc machine. Azure doesn't control its network, so isolate it on-site. You can still Lock it to block further run commands, and Clean up what was left on it.`,
    );
  if (/virtualMachineScaleSets/i.test(type))
    throw new Refusal(
      t`${name} belongs to a scale set, and each upgrade recreates its interfaces. Stop the instance instead, and lock the scale set to block further run commands.`,
    );
  throw new Refusal(
    t`${name} is not a standalone virtual machine (${type}), so it can't be isolated through its interfaces.`,
  );
}

const prefix = 'runwatch-isolation-';
const isOurs = (groupId: string) => lastPart(groupId).toLowerCase().startsWith(prefix);

/** One group per region, resource group and allowed range, shared by the machines there. */
function groupIdFor(machineId: string, location: string, keep: string | undefined): string {
  const { subscriptionId = '', resourceGroup = '' } = parseResourceId(machineId) ?? {};
  const region = location.toLowerCase().replace(/[^a-z0-9]/g, '');
  const range = keep ? `-${createHash('sha256').update(keep).digest('hex').slice(0, 8)}` : '';
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Network/networkSecurityGroups/${prefix}${region}${range}`;
}
