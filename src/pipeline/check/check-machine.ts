import type { Azure } from '../../azure/azure';
import { is, type Target } from '../../domain/resources/resource-id';
import { techniqueOf } from '../../domain/techniques/catalogue';
import { type Detections, isOn } from '../../domain/techniques/detections';
import type { Execution } from '../../domain/techniques/execution';
import type { Finding } from '../../domain/techniques/finding';
import {
  afterReading,
  type ContentHashes,
  changesAround,
  type MachineState,
} from '../../domain/techniques/machine-state';
import { machineContent } from '../../domain/techniques/stored-script';
import { t, timeText } from '../../domain/text/translate';
import type { ChecksStore } from '../../store/events/checks-store';

export interface CheckMachineDeps {
  azure: Pick<Azure, 'readProperties' | 'clock'>;
  checks: ChecksStore;
  hashes: ContentHashes;
  detections: Detections;
}

/** Reads a machine, compares it with the last reading, and keeps hashes of what it runs. */
export async function readMachineState(
  { id, type }: Target,
  { azure, checks, hashes }: CheckMachineDeps,
): Promise<MachineState> {
  const from = azure.clock.now();
  const { script } = techniqueOf('user-data');
  const resources = script.where === 'resource' ? script.resources : [];
  const resource = resources.find((each) => is(each.type, type));
  if (!resource) throw new Error(`${type} keeps no user data`);
  const content = machineContent(await azure.readProperties(id, resource.apiVersion, resource.expand));
  const to = azure.clock.now();
  return checks.updateMachine(id.toLowerCase(), (known) =>
    afterReading(known, content, { from, to }, hashes),
  );
}

/** What a machine's write changed of what the machine runs. */
export function findingOnMachine(
  execution: Execution,
  state: MachineState,
  { detections }: Pick<CheckMachineDeps, 'detections'>,
): Finding {
  const customData = /virtualMachineScaleSets$/i.test(execution.target.type)
    ? t` · custom data can’t be read`
    : '';
  const changes = changesAround(state, {
    startedAt: Date.parse(execution.startedAt),
    endedAt: Date.parse(execution.lastEventAt),
  });
  if (!changes)
    return {
      technique: null,
      says: t`unknown whether user data or applications changed: first reading${customData}`,
    };
  const { what, since } = changes;
  const technique = what.find((each) => isOn(each, detections)) ?? null;
  if (what.length === 0) return { technique, says: t`user data and applications unchanged${customData}` };
  const at = timeText(new Date(since).toISOString());
  const changed = what.includes('user-data') ? [t`user data changed`] : [];
  const attached = what.includes('gallery-application') ? [t`an application was attached`] : [];
  return { technique, says: t`${[...changed, ...attached].join(', ')} since ${at}${customData}` };
}
