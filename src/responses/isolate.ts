import { type Alert, summarize } from '../alerts/alert';
import type { IsolatedInterface, Isolation } from '../alerts/isolation';
import { is, parseResourceId } from '../alerts/resource-id';
import { contain, Refusal, uncontain } from '../alerts/transitions';
import { AzureError } from '../azure/errors';
import { auditOf } from './audit-of';
import { withPress } from './change-state';
import type { PressJob, Response, ResponseDeps } from './response';

const permissions = [
  'Microsoft.Compute/virtualMachines/read',
  'Microsoft.Network/networkInterfaces/read',
  'Microsoft.Network/networkInterfaces/write',
  'Microsoft.Network/networkSecurityGroups/read',
  'Microsoft.Network/networkSecurityGroups/write',
  'Microsoft.Network/networkSecurityGroups/join/action',
  'Microsoft.Network/virtualNetworks/subnets/join/action',
  'Microsoft.Network/publicIPAddresses/join/action',
] as const;

/** Denies every new flow of a machine: one deny-all group on each interface, what was there written down first. */
export const isolate: Response = {
  action: 'isolate',
  title: 'Isolate',
  needs: 'responder',
  permissions,
  run: async (alert, press, deps) => {
    const done = alert.pressesDone.includes(press.pressId);
    if (done) return null;
    const isolation = await begin(alert, press, deps);
    for (const nic of isolation.interfaces) {
      if (!nic.cut) await cut(isolation, nic.id, press, deps);
    }
    await deps.store.alerts.update(press.alertId, (current) => {
      if (current?.isolation?.status !== 'isolating') return null;
      const contained = contain(current, { by: press.by, at: press.at });
      const { interfaces } = current.isolation;
      return {
        alert: withPress(
          { ...contained, isolation: { ...current.isolation, status: 'isolated' }, activity: null },
          press,
        ),
        audit: [auditOf(press, current, 'done', null, { interfaces })],
      };
    });
    await deps.show(press.alertId);
    return null;
  },
};

/** Puts back on every interface what isolate found there. */
export const release: Response = {
  action: 'release',
  title: 'Release',
  needs: 'responder',
  permissions,
  run: async (alert, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const isolation = await beginRelease(press, deps);
    for (const nic of isolation.interfaces) await putBack(isolation, nic, press, deps);
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

/** Reads the machine, writes down what every interface has, and only then makes the group. */
async function begin(alert: Alert, press: PressJob, deps: ResponseDeps): Promise<Isolation> {
  const { target } = summarize(alert);
  if (!is(target.type, 'Microsoft.Compute/virtualMachines')) {
    throw new Refusal(
      `${target.name} is no virtual machine of its own (${target.type}); it can't be isolated by its interfaces.`,
    );
  }
  if (alert.isolation?.status === 'isolated') throw new Refusal(`${target.name} is already isolated.`);
  const machine = await deps.azure.readMachine(target.id);
  const group = groupIdFor(machine.id, machine.location);
  const found: IsolatedInterface[] = [];
  for (const id of machine.interfaceIds) {
    const nic = await deps.azure.readInterface(id);
    const before = nic.body.properties.networkSecurityGroup?.id ?? null;
    found.push({ id, before: before && is(before, group) ? null : before, cut: false });
  }
  if (found.length === 0) throw new Refusal(`${target.name} has no network interface.`);
  const stored = await deps.store.alerts.update(press.alertId, (current) => {
    if (!current) return null;
    if (current.isolation?.status === 'isolated') throw new Refusal(`${target.name} is already isolated.`);
    if (current.isolation?.status === 'isolating') return null;
    return {
      alert: {
        ...current,
        isolation: { status: 'isolating', machineId: machine.id, groupId: group, interfaces: found },
        activity: {
          action: 'isolate',
          text: `Isolating, asked by ${press.by.name}`,
          at: press.at,
          failed: false,
        },
      },
      audit: [auditOf(press, current, 'started', null, { interfaces: found })],
    };
  });
  if (!stored?.isolation) throw new Error(`Alert ${press.alertId} is gone`);
  await deps.show(press.alertId);
  await deps.azure.ensureDenyAll(stored.isolation.groupId, machine.location);
  return stored.isolation;
}

/** One group a region and resource group: shared by the machines there, never edited once made. */
function groupIdFor(machineId: string, location: string): string {
  const { subscriptionId, resourceGroup } = parseResourceId(machineId) ?? {
    subscriptionId: '',
    resourceGroup: '',
  };
  return `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}/providers/Microsoft.Network/networkSecurityGroups/runwatch-isolation-${location.toLowerCase().replace(/[^a-z0-9]/g, '')}`;
}

async function cut(isolation: Isolation, nicId: string, press: PressJob, deps: ResponseDeps): Promise<void> {
  await untilNobodyElseWrites(async () => {
    const nic = await deps.azure.readInterface(nicId);
    const before = nic.body.properties.networkSecurityGroup?.id ?? null;
    if (!before || !is(before, isolation.groupId)) {
      await remember(nicId, { before }, press, deps);
      await deps.azure.setGroup(nic, isolation.groupId);
    }
    await remember(nicId, { cut: true }, press, deps);
  });
}

async function beginRelease(press: PressJob, deps: ResponseDeps): Promise<Isolation> {
  const stored = await deps.store.alerts.update(press.alertId, (current) => {
    if (!current) return null;
    const status = current.isolation?.status;
    if (!current.isolation || status === 'released')
      throw new Refusal('The machine is not isolated, so there is nothing to release.');
    if (status === 'releasing') return null;
    return {
      alert: {
        ...current,
        isolation: { ...current.isolation, status: 'releasing' },
        activity: {
          action: 'release',
          text: `Releasing, asked by ${press.by.name}`,
          at: press.at,
          failed: false,
        },
      },
      audit: [auditOf(press, current, 'started', null, { interfaces: current.isolation.interfaces })],
    };
  });
  if (!stored?.isolation) throw new Error(`Alert ${press.alertId} is gone`);
  await deps.show(press.alertId);
  return stored.isolation;
}

async function putBack(
  isolation: Isolation,
  { id, before }: IsolatedInterface,
  press: PressJob,
  deps: ResponseDeps,
): Promise<void> {
  await untilNobodyElseWrites(async () => {
    const nic = await deps.azure.readInterface(id);
    const now = nic.body.properties.networkSecurityGroup?.id ?? null;
    const ours = now !== null && is(now, isolation.groupId);
    const asBefore = now === before || (now !== null && before !== null && is(now, before));
    if (ours) await deps.azure.setGroup(nic, before);
    await remember(id, { cut: false, left: !ours && !asBefore }, press, deps);
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

/** If-Match failed or another operation runs: read again and decide again. */
async function untilNobodyElseWrites(attempt: () => Promise<void>): Promise<void> {
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
