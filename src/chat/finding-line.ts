import { type Alert, summarize } from '../domain/alerts/alert';
import { workerGroupIdOf } from '../domain/alerts/join-facts';
import type { Execution } from '../domain/techniques/execution';
import { plainLine } from '../domain/text/plain-text';
import { t } from '../domain/text/translate';
import type { Inline } from './inline';

const shownFindings = 3;
const shownMachines = 10;

/** What was found out where the log alone does not tell, with the machines that run a job. Null for the rest. */
export function findingLine(alert: Alert): Inline[] | null {
  const texts = new Set(
    summarize(alert).executions.flatMap((execution) => textOf(execution, alert.facts) ?? []),
  );
  if (texts.size === 0) return null;
  const more = texts.size - shownFindings;
  return [[...[...texts].slice(0, shownFindings), ...(more > 0 ? [t`${more} more`] : [])].join(' · ')];
}

function textOf(execution: Execution, { workerGroups }: Alert['facts']): string | null {
  if (!execution.finding) return null;
  const says = plainLine(execution.finding.says, 300);
  const group = workerGroups?.[workerGroupIdOf(execution)?.toLowerCase() ?? ''];
  if (!group) return says;
  const names = group.machines.slice(0, shownMachines).map((name) => plainLine(name, 64));
  const isMore = group.more || group.machines.length > shownMachines;
  return names.length === 0
    ? t`${says} (no machines)`
    : `${says} (${names.join(', ')}${isMore ? t` and more` : ''})`;
}
