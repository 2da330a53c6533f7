import type { Alert } from '../alerts/alert';
import type { Execution } from '../techniques/execution';
import type { MatchFacts } from './exception';

/**
 * Tags and script from enrichment. Enrichment covers only an alert's first machine, so exceptions by tag or
 * script never match the others.
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
