import type { Alert } from '../alerts/alert';
import type { Execution } from '../techniques/execution';
import type { MatchFacts } from './exception';

/**
 * Tags and script, as far as enrichment found them. It looks at an alert's first machine only, so of the others nothing is
 * known, and no exception by tag or script covers them.
 */
export function matchFactsOf(
  { facts, executions }: Pick<Alert, 'facts' | 'executions'>,
  execution: Pick<Execution, 'key'>,
): MatchFacts {
  if (execution.key !== executions[0]?.key) return {};
  const { machine, script } = facts;
  return {
    ...(machine ? { tags: machine.tags } : {}),
    ...(script?.sha256 ? { script: { sha256: script.sha256, text: script.text ?? '' } } : {}),
  };
}
