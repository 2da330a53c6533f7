import type { Redis } from 'ioredis';
import { type Check, readCheck, writeCheck } from '../../domain/techniques/check-record';
import { mergeExecutions } from '../../domain/techniques/execution';
import type { Finding } from '../../domain/techniques/finding';
import { type MachineState, readMachineState } from '../../domain/techniques/machine-state';
import { keys } from '../keys';
import { updateValues } from '../redis/update-values';

const day = 86_400;
/** Events arrive within hours, and failed reads are repeated for days. */
const keepChecksSeconds = 7 * day;
/** A write after that is a first reading again. */
const keepStatesSeconds = 90 * day;
/** As long as timelines keep events. */
const keepNotesSeconds = 6 * 3600;

/** Executions that have to be confirmed, what was found out, and what machines run as last read. */
export function createChecksStore(redis: Redis) {
  const update = (names: readonly string[], change: (key: string, known: Check | null) => Check) =>
    updateValues(redis, names, keys.check, keepChecksSeconds, (key, before) =>
      writeCheck(change(key, readCheck(before))),
    );

  return {
    /** Merges executions into what is known of them, and returns all of it. */
    async note(seen: readonly Omit<Check, 'finding'>[]): Promise<Check[]> {
      const byKey = new Map(seen.map((check) => [check.execution.key, check]));
      const noted = new Map<string, Check>();
      await update([...byKey.keys()], (key, known) => {
        const { execution, group } = byKey.get(key) as Omit<Check, 'finding'>;
        const check: Check = known
          ? {
              execution: mergeExecutions(known.execution, execution),
              group: known.group ?? group,
              finding: known.finding,
            }
          : { execution, group, finding: null };
        noted.set(key, check);
        return check;
      });
      return [...noted.values()];
    },

    /** The first finding stays. */
    async settle(findings: readonly { check: Check; finding: Finding }[]): Promise<void> {
      const byKey = new Map(findings.map((each) => [each.check.execution.key, each]));
      await update([...byKey.keys()], (key, known) => {
        const { check, finding } = byKey.get(key) as { check: Check; finding: Finding };
        const current = known ?? check;
        return { ...current, finding: current.finding ?? finding };
      });
    },

    /** Changes a machine's state and returns the new one. */
    async updateMachine(
      machineId: string,
      change: (known: MachineState | null) => MachineState,
    ): Promise<MachineState> {
      let state: MachineState | null = null;
      await updateValues(redis, [machineId], keys.machineState, keepStatesSeconds, (_, before) => {
        state = change(readMachineState(before));
        return JSON.stringify(state);
      });
      return state as unknown as MachineState;
    },

    /** Keeps a line for events on timelines. */
    async addNotes(notes: readonly { eventId: string; says: string }[]): Promise<void> {
      const writes = redis.pipeline();
      for (const { eventId, says } of notes)
        writes.set(keys.checkNote(eventId), says.slice(0, 500), 'EX', keepNotesSeconds);
      await writes.exec();
    },

    /** The lines of those events that have one. */
    async notesOf(eventIds: readonly string[]): Promise<Map<string, string>> {
      if (eventIds.length === 0) return new Map();
      const found = await redis.mget(eventIds.map(keys.checkNote));
      return new Map(eventIds.flatMap((id, index) => (found[index] ? [[id, found[index]]] : [])));
    },
  };
}
export type ChecksStore = ReturnType<typeof createChecksStore>;
