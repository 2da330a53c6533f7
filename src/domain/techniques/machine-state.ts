import { z } from 'zod';
import type { machineContent } from './stored-script';

const changeKind = z.enum(['user-data', 'gallery-application']);
/** Techniques that a machine's write may turn out to be. */
export type MachineChangeKind = z.output<typeof changeKind>;

/** Something changed between two readings. Times are ms since 1970, Azure's time. */
export interface MachineChange {
  from: number;
  to: number;
  what: MachineChangeKind[];
}

/** What a machine runs, as it was last read. It has keyed hashes only: user data may hold short secrets. */
export interface MachineState {
  /** Which key the hashes were made with. */
  key: string;
  firstReadAt: number;
  /** When the last reading began. */
  readAt: number;
  userData: string | null;
  applications: string[];
  /** The latest, oldest first. */
  changes: MachineChange[];
}

const hash = z.string().max(200);
const time = z.number().nonnegative();
const stateSchema = z.object({
  key: hash,
  firstReadAt: time,
  readAt: time,
  userData: hash.nullable(),
  applications: z.array(hash).max(50),
  changes: z.array(z.object({ from: time, to: time, what: z.array(changeKind).max(2) })).max(10),
});

/** A stored state; null if it is damaged, so that the next reading is a first one. */
export function readMachineState(text: string): MachineState | null {
  try {
    return stateSchema.parse(JSON.parse(text));
  } catch {
    return null;
  }
}

/** Hashes with keys derived from RUNWATCH_SECRET. */
export interface ContentHashes {
  /** Names the current key. */
  key: string;
  /** Names the keys whose hashes `matches` knows. */
  keys: readonly string[];
  hash: (text: string) => string;
  matches: (text: string, hash: string) => boolean;
}

export type MachineContent = ReturnType<typeof machineContent>;

/** Azure allows 25 applications on a machine. */
const maxApplications = 50;
const maxChanges = 10;

/**
 * The state after a reading that began at `from` and ended at `to`. A state under an unknown key says nothing. A
 * reading that began before the last one changes nothing.
 */
export function afterReading(
  known: MachineState | null,
  { userData, applications }: MachineContent,
  { from, to }: { from: number; to: number },
  hashes: ContentHashes,
): MachineState {
  const before = known && hashes.keys.includes(known.key) ? known : null;
  if (before && from < before.readAt) return before;
  const now = {
    key: hashes.key,
    readAt: from,
    userData: userData === null ? null : hashes.hash(userData),
    applications: applications.slice(0, maxApplications).map(hashes.hash),
  };
  if (!before) return { ...now, firstReadAt: to, changes: [] };
  const isSame =
    userData === null || before.userData === null
      ? userData === before.userData
      : hashes.matches(userData, before.userData);
  const isAttached = applications
    .slice(0, maxApplications)
    .some((application) => !before.applications.some((hash) => hashes.matches(application, hash)));
  const what: MachineChangeKind[] = [
    ...(isSame ? [] : ['user-data' as const]),
    ...(isAttached ? ['gallery-application' as const] : []),
  ];
  const change = { from: before.readAt, to, what };
  const changes = what.length > 0 ? [...before.changes, change].slice(-maxChanges) : before.changes;
  return { ...now, firstReadAt: before.firstReadAt, changes };
}

/** Azure's clock is known this well, ms. */
const clockToleranceMs = 2000;

/**
 * What changed in the readings around a write, and since when; null if there was no reading before it. Other writes in
 * the same time may have made the change.
 */
export function changesAround(
  { firstReadAt, changes }: MachineState,
  write: { startedAt: number; endedAt: number },
): { what: MachineChangeKind[]; since: number } | null {
  const around = changes.filter(
    ({ from, to }) => from - clockToleranceMs <= write.endedAt && to + clockToleranceMs >= write.startedAt,
  );
  if (around.length === 0 && firstReadAt > write.startedAt) return null;
  return {
    what: [...new Set(around.flatMap(({ what }) => what))],
    since: around.reduce((min, { from }) => Math.min(min, from), write.startedAt),
  };
}
