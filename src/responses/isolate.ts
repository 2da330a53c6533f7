import { createHash } from 'node:crypto';
import ipaddr from 'ipaddr.js';
import type { Alert } from '../alerts/alert';
import { declarationOf } from '../alerts/declarations';
import type { IsolatedInterface, IsolatedMachine, Isolation } from '../alerts/isolation';
import { is, parseResourceId } from '../alerts/resource-id';
import { contain, Refusal, uncontain } from '../alerts/transitions';
import { AzureError } from '../azure/errors';
import { auditOf } from './audit-of';
import { withPress } from './change-state';
import type { PressJob, Reading, Response, ResponseDeps } from './response';

/**
 * Denies every new flow of the alert's machines: one deny-all group on each interface, what was there written down
 * first. In a storm each machine has its own result: one that can't be cut off does not hold up the others.
 */
export const isolate: Response = {
  action: 'isolate',
  title: 'Isolate',
  needs: 'responder',
  permissions: declarationOf('isolate').permissions,
  run: async (alert, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const isolation = await begin(alert, press, deps);
    for (const machine of isolation.machines) {
      if (!machine.failed) await cutMachine(machine, isolation, press, deps);
    }
    await deps.store.alerts.update(press.alertId, (current) => {
      if (current?.isolation?.status !== 'isolating') return null;
      const { interfaces, machines } = current.isolation;
      const some = interfaces.some((nic) => nic.cut);
      const next = some ? contain(current, { by: press.by, at: press.at }) : current;
      const status = some ? 'isolated' : 'released';
      return {
        alert: withPress({ ...next, isolation: { ...current.isolation, status }, activity: null }, press),
        audit: [auditOf(press, current, some ? 'done' : 'failed', null, { interfaces, machines })],
      };
    });
    await deps.show(press.alertId);
    return null;
  },
  plan: async (alert, press, deps) => {
    const keep = rangeOf(press.input?.keep);
    const found = await Promise.all(targetsOf(alert).map((target) => interfacesOf(target, keep, deps)));
    const nameOf = (id: string | null) => id?.split('/').at(-1) ?? 'no group';
    return found
      .flat()
      .map(
        ({ id, before, groupId }) =>
          `attach ${nameOf(groupId)} to ${nameOf(id)}, which has ${nameOf(before)}`,
      );
  },
};

/** Puts back on every interface what isolate found there. */
export const release: Response = {
  action: 'release',
  title: 'Release',
  needs: 'responder',
  permissions: declarationOf('release').permissions,
  run: async (alert, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const isolation = await beginRelease(press, deps);
    for (const nic of isolation.interfaces) await putBack(nic, press, deps);
    await deps.store.alerts.update(press.alertId, (current) => {
      if (current?.isolation?.status !== 'releasing') return null;
      return {
        alert: withPress(
          {
            ...uncontain(current, { by: press.by, at: press.at }),
            isolation: { ...current.isolation, status: 'released' },
            activity: null,
          },
          press,
        ),
        audit: [auditOf(press, current, 'done', null, { interfaces: current.isolation.interfaces })],
      };
    });
    await deps.show(press.alertId);
    return null;
  },
};

/** Reads the machines, writes down what every interface has, and only then anything is made. */
async function begin(alert: Alert, press: PressJob, deps: ResponseDeps): Promise<Isolation> {
  if (alert.isolation?.status === 'isolated') throw new Refusal('It is already isolated.');
  if (alert.isolation?.status === 'isolating') return alert.isolation;
  const keep = rangeOf(press.input?.keep);
  const targets = targetsOf(alert);
  const alone = targets.length === 1;
  const machines: IsolatedMachine[] = [];
  const interfaces: IsolatedInterface[] = [];
  for (const target of targets) {
    try {
      const found = await interfacesOf(target, keep, deps);
      machines.push({ id: target.id, name: target.name, groupId: found[0]?.groupId ?? '' });
      interfaces.push(...found);
    } catch (error) {
      if (alone || (!(error instanceof Refusal) && !isFinal(error))) throw error;
      machines.push({ id: target.id, name: target.name, groupId: '', failed: (error as Error).message });
    }
  }
  await refuseIfHeld(interfaces, press.alertId, deps);
  if (interfaces.length === 0)
    throw new Refusal(`None of the ${machines.length} machines can be isolated: ${machines[0]?.failed}`);
  const stored = await deps.store.alerts.update(press.alertId, (current) => {
    if (!current) return null;
    if (current.isolation?.status === 'isolated') throw new Refusal('It is already isolated.');
    if (current.isolation?.status === 'isolating') return null;
    const text = `Isolating, asked by ${press.by.name}`;
    return {
      alert: {
        ...current,
        isolation: { status: 'isolating', machines, interfaces, ...(keep ? { keep } : {}) },
        activity: { action: 'isolate', text, at: press.at, failed: false },
      },
      audit: [auditOf(press, current, 'started', null, { interfaces, machines, keep })],
    };
  });
  if (!stored?.isolation) throw new Error(`Alert ${press.alertId} is gone`);
  await deps.show(press.alertId);
  return stored.isolation;
}

/**
 * Another alert that holds one of these interfaces knows what was there before; isolating it here too, and releasing it, would
 * lose that.
 */
async function refuseIfHeld(
  interfaces: readonly IsolatedInterface[],
  alertId: string,
  { store }: ResponseDeps,
): Promise<void> {
  const ids = new Set(interfaces.map(({ id }) => id.toLowerCase()));
  const holder = (await store.alerts.list({ limit: 5000 })).find(
    ({ id, isolation }) =>
      id !== alertId &&
      isolation &&
      isolation.status !== 'released' &&
      isolation.interfaces.some((nic) => nic.cut && ids.has(nic.id.toLowerCase())),
  );
  if (holder) throw new Refusal(`It is already isolated, from alert ${holder.id}. Release it there.`);
}

const targetsOf = (alert: Alert) => [
  ...new Map(alert.executions.map(({ target }) => [target.id.toLowerCase(), target])).values(),
];

function rangeOf(given: unknown): string | undefined {
  const range = String(given ?? '').trim();
  if (!range) return undefined;
  if (!ipaddr.isValidCIDR(range) && !ipaddr.isValid(range))
    throw new Refusal(`${range.slice(0, 60)} is no IP address or range such as 203.0.113.0/28.`);
  return range;
}

/** A machine's interfaces as they are, with the group that each will get. */
async function interfacesOf(
  target: { id: string; name: string; type: string },
  keep: string | undefined,
  deps: Reading,
): Promise<IsolatedInterface[]> {
  if (!is(target.type, 'Microsoft.Compute/virtualMachines')) throw new Refusal(whyNot(target));
  const machine = await deps.azure.readMachine(target.id);
  const groupId = groupIdFor(machine.id, machine.location, keep);
  const found: IsolatedInterface[] = [];
  for (const id of machine.interfaceIds) {
    const nic = await deps.azure.readInterface(id);
    const before = nic.body.properties.networkSecurityGroup?.id ?? null;
    found.push({
      id,
      machineId: target.id,
      groupId,
      before: before && is(before, groupId) ? null : before,
      cut: false,
    });
  }
  if (found.length === 0) throw new Refusal(`${target.name} has no network interface.`);
  return found;
}

/** What can't be isolated by interfaces, and what can be done instead. */
function whyNot({ name, type }: { name: string; type: string }): string {
  if (/^Microsoft\.HybridCompute\/machines/i.test(type))
    return `${name} is an Arc machine: its network is not Azure's, so it is isolated where it stands. What Azure can do: Lock it, which refuses further run commands, and Clean up what was left on it.`;
  if (/virtualMachineScaleSets/i.test(type))
    return `${name} belongs to a scale set: its interfaces are made from the set's model and come anew with each upgrade. Deallocate the instance instead; Lock the set against further run commands.`;
  return `${name} is no virtual machine of its own (${type}); it can't be isolated by its interfaces.`;
}

/** One group a region, resource group and range: shared by the machines there, never edited once made. */
function groupIdFor(machineId: string, location: string, keep: string | undefined): string {
  const { subscriptionId = '', resourceGroup = '' } = parseResourceId(machineId) ?? {};
  const region = location.toLowerCase().replace(/[^a-z0-9]/g, '');
  const range = keep ? `-${createHash('sha256').update(keep).digest('hex').slice(0, 8)}` : '';
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Network/networkSecurityGroups/runwatch-isolation-${region}${range}`;
}

/** A refusal of Azure's that trying again does not mend. */
const isFinal = (error: unknown) =>
  error instanceof AzureError &&
  error.statusCode >= 400 &&
  error.statusCode < 500 &&
  error.statusCode !== 429;

/** In a storm a machine that Azure refuses is named and left; alone, its failure is the action's. */
async function cutMachine(
  machine: IsolatedMachine,
  { machines, interfaces, keep }: Isolation,
  press: PressJob,
  deps: ResponseDeps,
): Promise<void> {
  try {
    const { location } = await deps.azure.readMachine(machine.id);
    await deps.azure.ensureDenyAll(machine.groupId, location, keep);
    for (const nic of interfaces) {
      if (nic.machineId === machine.id && !nic.cut) await cut(nic, press, deps);
    }
  } catch (error) {
    if (machines.length === 1 || !isFinal(error)) throw error;
    await rememberMachine(machine.id, (error as Error).message, press, deps);
  }
}

async function cut({ id, groupId }: IsolatedInterface, press: PressJob, deps: ResponseDeps): Promise<void> {
  await untilNobodyElseWrites(async () => {
    const nic = await deps.azure.readInterface(id);
    const before = nic.body.properties.networkSecurityGroup?.id ?? null;
    if (!before || !is(before, groupId)) {
      await remember(id, { before }, press, deps);
      await deps.azure.setGroup(nic, groupId);
    }
    await remember(id, { cut: true }, press, deps);
  });
}

async function beginRelease(press: PressJob, deps: ResponseDeps): Promise<Isolation> {
  const stored = await deps.store.alerts.update(press.alertId, (current) => {
    if (!current) return null;
    const status = current.isolation?.status;
    if (!current.isolation || status === 'released')
      throw new Refusal('The machine is not isolated, so there is nothing to release.');
    if (status === 'releasing') return null;
    const text = `Releasing, asked by ${press.by.name}`;
    return {
      alert: {
        ...current,
        isolation: { ...current.isolation, status: 'releasing' },
        activity: { action: 'release', text, at: press.at, failed: false },
      },
      audit: [auditOf(press, current, 'started', null, { interfaces: current.isolation.interfaces })],
    };
  });
  if (!stored?.isolation) throw new Error(`Alert ${press.alertId} is gone`);
  await deps.show(press.alertId);
  return stored.isolation;
}

async function putBack(
  { id, groupId, before }: IsolatedInterface,
  press: PressJob,
  deps: ResponseDeps,
): Promise<void> {
  await untilNobodyElseWrites(async () => {
    const nic = await deps.azure.readInterface(id);
    const now = nic.body.properties.networkSecurityGroup?.id ?? null;
    const ours = now !== null && is(now, groupId);
    const asBefore = now === before || (now !== null && before !== null && is(now, before));
    if (ours) await deps.azure.setGroup(nic, before);
    const left = !ours && !asBefore;
    await remember(id, { cut: false, left, drift: left ? now : undefined }, press, deps);
  });
}

async function remember(
  nicId: string,
  facts: Partial<IsolatedInterface>,
  press: PressJob,
  deps: ResponseDeps,
): Promise<void> {
  await deps.store.alerts.update(press.alertId, (current) => {
    if (!current?.isolation) return null;
    const interfaces = current.isolation.interfaces.map((nic) =>
      nic.id === nicId ? { ...nic, ...facts } : nic,
    );
    if (JSON.stringify(interfaces) === JSON.stringify(current.isolation.interfaces)) return null;
    return { alert: { ...current, isolation: { ...current.isolation, interfaces } } };
  });
}

async function rememberMachine(
  machineId: string,
  failed: string,
  press: PressJob,
  deps: ResponseDeps,
): Promise<void> {
  await deps.store.alerts.update(press.alertId, (current) => {
    if (!current?.isolation) return null;
    const machines = current.isolation.machines.map((machine) =>
      machine.id === machineId ? { ...machine, failed } : machine,
    );
    return { alert: { ...current, isolation: { ...current.isolation, machines } } };
  });
}

/** If-Match failed or another operation runs: read again and decide again. */
export async function untilNobodyElseWrites(attempt: () => Promise<void>): Promise<void> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const raced = error instanceof AzureError && (error.statusCode === 412 || error.statusCode === 409);
      if (!raced || tries >= 5) throw error;
      await new Promise((done) => setTimeout(done, 100 * tries));
    }
  }
}
