import type { Alert } from '../alerts/alert';
import type { IsolatedInterface } from '../alerts/isolation';
import { is } from '../alerts/resource-id';
import type { Azure } from '../azure/azure';
import type { Log } from '../log';
import type { Store } from '../store/store';
import type { Queues } from './queues';

export interface WatchIsolationDeps {
  store: Store;
  azure: Pick<Azure, 'readInterface'>;
  queues: Pick<Queues, 'deliverAll'>;
  log: Log;
  now: () => number;
}

const watchedMs = 90 * 86_400_000;

/** Looks whether what is isolated still is, and says on the alert where somebody opened it by hand, or closed it again. */
export async function watchIsolation(deps: WatchIsolationDeps): Promise<void> {
  const { store, now } = deps;
  const alerts = await store.alerts.list({ limit: 5000, after: now() - watchedMs });
  for (const alert of alerts) if (alert.isolation?.status === 'isolated') await look(alert, deps);
}

async function look(alert: Alert, { store, azure, queues, log, now }: WatchIsolationDeps): Promise<void> {
  const seen = new Map<string, string | null | undefined>();
  for (const nic of alert.isolation?.interfaces ?? []) {
    try {
      const { body } = await azure.readInterface(nic.id);
      const group = body.properties.networkSecurityGroup?.id ?? null;
      seen.set(nic.id, group !== null && is(group, nic.groupId) ? undefined : group);
    } catch (error) {
      log.warn({ error, nic: nic.id }, 'could not look whether an interface is still isolated');
    }
  }
  const driftOf = (nic: IsolatedInterface) => (seen.has(nic.id) ? seen.get(nic.id) : nic.drift);
  const at = new Date(now()).toISOString();
  let changed = false;
  await store.alerts.update(alert.id, (current) => {
    if (current?.isolation?.status !== 'isolated') return null;
    const { interfaces } = current.isolation;
    const opened = interfaces.filter((nic) => nic.cut && driftOf(nic) !== nic.drift);
    if (opened.length === 0) return null;
    changed = true;
    const after = interfaces.map((nic) => (nic.cut ? { ...nic, drift: driftOf(nic) } : nic));
    const why = opened.map(
      (nic) => `${nic.id}: ${driftOf(nic) === undefined ? 'ours again' : (driftOf(nic) ?? 'no group')}`,
    );
    return {
      alert: { ...current, isolation: { ...current.isolation, interfaces: after }, updatedAt: at },
      audit: [
        {
          at,
          by: { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' },
          action: 'isolation.drift',
          alertId: current.id,
          object: current.isolation.machines[0]?.id ?? null,
          result: 'done',
          why: why.join('; '),
        },
      ],
    };
  });
  if (changed) await queues.deliverAll(store.surfaces, [alert.id]);
}
