import pLimit from 'p-limit';
import type { Azure } from '../../azure/azure';
import { AzureError } from '../../azure/connection/azure-error';
import { detectTechnique } from '../../domain/techniques/catalogue';
import type { Check } from '../../domain/techniques/check-record';
import { alertingOf, type Detections } from '../../domain/techniques/detections';
import type { Execution } from '../../domain/techniques/execution';
import { type Finding, workerGroupIn } from '../../domain/techniques/finding';
import type { ContentHashes, MachineState } from '../../domain/techniques/machine-state';
import { plainLine } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';
import type { ChecksStore } from '../../store/events/checks-store';
import { checkJob, findingOnJob } from './check-job';
import { findingOnMachine, readMachineState } from './check-machine';

export interface ConfirmDeps {
  azure: Pick<Azure, 'readProperties' | 'clock' | 'byPriority'>;
  checks: ChecksStore;
  hashes: ContentHashes;
  detections: Detections;
}

/** Concurrent reads of one job. */
const concurrency = 16;
/** Alerts are read first. */
const priority = 0;

/**
 * Leaves out executions that did not run code on a machine, or are not known to: those whose record alone does not
 * tell are read in Azure, once they ended. What was found out is kept, so that the answer stays the same when an
 * event arrives late or the job is repeated.
 * @returns `failed` if a read has to be repeated
 */
export async function confirmExecutions(
  executions: readonly Execution[],
  deps: ConfirmDeps,
): Promise<{ confirmed: Execution[]; failed: unknown }> {
  const isSure = ({ operation }: Execution) => alertingOf(operation, deps.detections) !== 'confirmed';
  const asked = executions.filter((execution) => !isSure(execution));
  if (asked.length === 0) return { confirmed: [...executions], failed: null };
  const checks = await deps.checks.note(asked.map(withoutContent));
  const open = checks.filter(({ finding, execution }) => !finding && mayHaveRun(execution));
  const { found, failed } = await findOut(open, deps);
  const settled = checks.flatMap((check) => {
    const finding = check.finding ?? found.get(check);
    return finding ? [{ check, finding }] : [];
  });
  await deps.checks.settle(settled);
  await deps.checks.addNotes(
    settled.flatMap(({ check, finding: { says } }) =>
      check.execution.eventIds.map((eventId) => ({ eventId, says })),
    ),
  );
  const confirmed = settled.flatMap(({ check: { execution }, finding }) =>
    finding.technique ? [{ ...execution, technique: finding.technique, finding }] : [],
  );
  return { confirmed: [...executions.filter(isSure), ...confirmed], failed };
}

const readsJob = ({ operation }: Execution) => detectTechnique(operation)?.technique.check?.reads === 'job';

/** Azure fails a machine's write after its application ran and failed. A job that failed was not created. */
const mayHaveRun = (execution: Execution) =>
  execution.status === 'succeeded' ||
  (execution.status === 'failed' && !execution.refused && !readsJob(execution));

/** Request and answer may be large and hold secrets. Only the group's name is kept of them. */
const withoutContent = (execution: Execution): Omit<Check, 'finding'> => ({
  execution: { ...execution, requestBody: null, message: null },
  group: workerGroupIn(execution.requestBody),
});

/** Several writes of one machine share a reading. */
async function findOut(
  checks: readonly Check[],
  deps: ConfirmDeps,
): Promise<{ found: Map<Check, Finding>; failed: unknown }> {
  const limit = pLimit(concurrency);
  const states = new Map<string, Promise<MachineState>>();
  const stateOf = ({ target }: Execution) => {
    const id = target.id.toLowerCase();
    const state = states.get(id) ?? limit(() => readMachineState(target, deps));
    states.set(id, state);
    return state;
  };
  const found = new Map<Check, Finding>();
  let failed: unknown = null;
  const find = async (check: Check) => {
    const { execution } = check;
    const isJob = readsJob(execution);
    try {
      const finding = isJob
        ? await limit(() => checkJob(check, deps))
        : findingOnMachine(execution, await stateOf(execution), deps);
      found.set(check, finding);
    } catch (error) {
      if (isFinal(error)) found.set(check, unread(check, isJob, error));
      else failed = error;
    }
  };
  await deps.azure.byPriority(priority, () => Promise.all(checks.map(find)));
  return { found, failed };
}

/** Azure would answer the same again. */
const isFinal = (error: unknown): error is AzureError =>
  error instanceof AzureError && [400, 403, 404].includes(error.statusCode);

function unread({ execution, group }: Check, isJob: boolean, { statusCode, remedy }: AzureError): Finding {
  if (isJob && group) return findingOnJob(execution.technique, group);
  const why = statusCode === 404 ? t`no longer in Azure` : plainLine(remedy, 200);
  return {
    technique: null,
    says: isJob
      ? t`unknown where it runs: ${why}`
      : t`unknown whether user data or applications changed: ${why}`,
  };
}
