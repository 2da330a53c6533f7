import { failureOf } from '../../azure/connection/azure-error';
import { type Alert, summarize } from '../../domain/alerts/alert';
import type { Facts } from '../../domain/alerts/facts';
import type { GuestEvidence, GuestLogs } from '../../domain/evidence/guest';
import { placesOf, treeOf } from '../../domain/evidence/process-tree';
import {
  completeAfterMs,
  dueAt,
  type Failure,
  losesTables,
  readingOf,
  type Window,
} from '../../domain/evidence/reading';
import { is } from '../../domain/resources/resource-id';
import { redact } from '../../domain/text/redact';
import { phrase } from '../../domain/text/translate';
import type { EnrichDeps } from './enrichment-part';

const minute = 60_000;
const beforeMs = minute;
const afterMs = 15 * minute;
/** Of several commands on one machine, those in the hour after the first. */
const longestMs = 60 * minute;
/** Of a burst, the first machines. Each costs up to six queries. */
export const maxGuests = 5;

/** What an alert keeps of a machine, at most about 30 KB. */
const kept = { processes: 40, logons: 15, connections: 25, command: 400, remote: 260 };

const machineTypes = [
  'Microsoft.Compute/virtualMachines',
  'Microsoft.Compute/virtualMachineScaleSets/virtualMachines',
  'Microsoft.HybridCompute/machines',
];

interface Guest {
  id: string;
  window: Window;
  completeAt: number;
}

/** The machines where commands ran, with the time around them. */
function guestsOf(alert: Alert): Guest[] {
  const { executions, refused } = summarize(alert);
  if (refused) return [];
  const ran = executions.filter(({ target }) => machineTypes.some((type) => is(target.type, type)));
  const machines = [...Map.groupBy(ran, ({ target }) => target.id.toLowerCase())].slice(0, maxGuests);
  return machines.map(([id, own]) => {
    const starts = own.map(({ startedAt }) => Date.parse(startedAt));
    const first = Math.min(...starts);
    const to = Math.min(Math.max(...starts) + afterMs, first + longestMs);
    const window = { from: new Date(first - beforeMs).toISOString(), to: new Date(to).toISOString() };
    return { id, window, completeAt: to - afterMs + completeAfterMs };
  });
}

/** When a machine's logs are to be read next, ms; null if never. */
export function guestsDueAt(alert: Alert, { workspaceId }: Pick<EnrichDeps, 'workspaceId'>): number | null {
  if (!workspaceId) return null;
  const due = guestsOf(alert)
    .map(({ id, window, completeAt }) => dueAt(alert.facts.guest?.[id], window, completeAt))
    .filter((at) => at !== null);
  return due.length > 0 ? Math.min(...due) : null;
}

/** Reads the logs of the alert's machines that are due. */
export async function readGuests(alert: Alert, { azure, workspaceId }: EnrichDeps): Promise<Facts> {
  if (!workspaceId) return {};
  const now = azure.clock.now();
  const due = guestsOf(alert).filter(({ id, window, completeAt }) => {
    const at = dueAt(alert.facts.guest?.[id], window, completeAt);
    return at !== null && at <= now;
  });
  const found = await Promise.all(
    due.map(async ({ id, window, completeAt }): Promise<[string, GuestEvidence]> => {
      const before = alert.facts.guest?.[id];
      const reading = (failed: Failure[]) => readingOf(window, completeAt, failed, now, before);
      try {
        const logs = await azure.evidence.guest(workspaceId, id, window);
        const kept = before && losesTables(before.tables, logs.failed) ? before : await shownOf(logs);
        return [id, { ...kept, ...reading(logs.failed) }];
      } catch (error) {
        const failed = [failureOf(phrase('guest evidence'), error)];
        return [id, { ...(before ?? nothing), ...reading(failed) }];
      }
    }),
  );
  return found.length > 0 ? { guest: Object.fromEntries(found) } : {};
}

type Shown = Omit<GuestEvidence, keyof ReturnType<typeof readingOf>>;

const nothing: Shown = {
  tables: [],
  processes: [],
  logons: [],
  connections: [],
  counts: { processes: 0, byCommand: 0, logons: 0, connections: 0 },
  cut: false,
  redacted: [],
};

/** What is kept of the logs. Secrets are redacted before anything is stored. */
async function shownOf({ starts, logons, connections, tables, cut }: GuestLogs): Promise<Shown> {
  const tree = treeOf(starts);
  const redacted = new Set<string>();
  const clean = async (text: string, max = kept.command) => {
    if (!text) return '';
    const found = await redact(text);
    for (const kind of found.kinds) redacted.add(kind);
    return found.text.slice(0, max);
  };
  const processes = await Promise.all(
    tree.slice(0, kept.processes).map(async ({ start, depth, origin }) => ({
      at: start.at,
      name: start.name,
      commandLine: await clean(start.commandLine),
      account: start.account,
      depth,
      parent: depth === 0 ? start.parentName : '',
      origin,
    })),
  );
  const places = await Promise.all(
    placesOf(connections, tree)
      .slice(0, kept.connections)
      .map(async (place) => ({ ...place, remote: await clean(place.remote, kept.remote) })),
  );
  return {
    tables,
    processes,
    logons: logons.slice(0, kept.logons).map(({ table: _, ...logon }) => logon),
    connections: places,
    counts: {
      processes: tree.length,
      byCommand: tree.filter(({ origin }) => origin === 'command').length,
      logons: logons.length,
      connections: connections.length,
    },
    cut,
    redacted: [...redacted],
  };
}
