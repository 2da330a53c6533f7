import type { WorkerGroupFacts } from '../../domain/alerts/facts';
import { workerGroupIdOf } from '../../domain/alerts/join-facts';
import { phrase } from '../../domain/text/translate';
import type { Part } from './enrichment-part';
import { readEach } from './read-each';

/** The machines of the hybrid worker groups that jobs run on. */
export const workers: Part = {
  what: phrase('the hybrid workers'),
  endsInTime: true,
  ask: async (alert, { azure }, late) => {
    const ids = new Set(alert.executions.flatMap((execution) => workerGroupIdOf(execution) ?? []));
    const asked = [...ids].filter((id) => !alert.facts.workerGroups?.[id.toLowerCase()]);
    const { answers, missing } = await readEach(workers.what, asked, azure.hybridWorkers, late);
    if (answers.length === 0) return { missing };
    const workerGroups = Object.fromEntries(
      answers.map(([id, { names, more }]): [string, WorkerGroupFacts] => [
        id.toLowerCase(),
        { machines: names, more },
      ]),
    );
    return { workerGroups, missing };
  },
};
