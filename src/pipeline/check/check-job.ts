import type { Azure } from '../../azure/azure';
import type { Check } from '../../domain/techniques/check-record';
import { createdAtOf, type Finding, workerGroupOf } from '../../domain/techniques/finding';
import { plainLine } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';

/** Azure's clocks agree this well, ms. */
const clockToleranceMs = 2000;

/**
 * Reads whether a job or a test job runs on a hybrid worker group. A runbook has only its latest test job.
 * @see https://learn.microsoft.com/rest/api/automation/job/get
 * @see https://learn.microsoft.com/rest/api/automation/test-job/get
 */
export async function checkJob(
  { execution: { technique, resourceId, lastEventAt }, group }: Pick<Check, 'execution' | 'group'>,
  { azure }: { azure: Pick<Azure, 'readProperties'> },
): Promise<Finding> {
  const properties = await azure.readProperties(resourceId, '2023-11-01');
  const createdAt = createdAtOf(properties);
  if (createdAt === null || createdAt <= Date.parse(lastEventAt) + clockToleranceMs)
    return findingOnJob(technique, workerGroupOf(properties));
  if (group) return findingOnJob(technique, group);
  return { technique: null, says: t`unknown where it runs: a later test job replaced it` };
}

/** @param group null if the job runs in Azure */
export const findingOnJob = (technique: string, group: string | null): Finding =>
  group === null
    ? { technique: null, says: t`runs in Azure, not on a machine` }
    : { technique, group, says: t`runs on the hybrid worker group ${plainLine(group, 100)}` };
