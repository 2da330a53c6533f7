import type { Azure } from '../../azure/azure';
import type { Execution } from '../../domain/techniques/execution';
import { type Finding, workerGroupOf } from '../../domain/techniques/finding';
import { plainLine } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';

/**
 * Reads whether a job or a test job runs on a hybrid worker group.
 * @see https://learn.microsoft.com/rest/api/automation/job/get
 * @see https://learn.microsoft.com/rest/api/automation/test-job/get
 */
export async function checkJob(
  { technique, resourceId }: Execution,
  { azure }: { azure: Pick<Azure, 'readProperties'> },
): Promise<Finding> {
  return findingOnJob(technique, workerGroupOf(await azure.readProperties(resourceId, '2023-11-01')));
}

/** @param group null if the job runs in Azure */
export const findingOnJob = (technique: string, group: string | null): Finding =>
  group === null
    ? { technique: null, says: t`runs in Azure, not on a machine` }
    : { technique, group, says: t`runs on the hybrid worker group ${plainLine(group, 100)}` };
