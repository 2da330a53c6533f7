import type { Alert } from '../alerts/alert';
import { machineFactsOf, scriptFactsOf } from '../alerts/join-facts';
import type { Execution } from '../techniques/execution';
import type { MatchFacts } from './exception';

/** The tags of the execution's machine, and its script. */
export function matchFactsOf(
  alert: Pick<Alert, 'facts'>,
  execution: Pick<Execution, 'key' | 'target'>,
): MatchFacts {
  const machine = machineFactsOf(alert, execution);
  const script = scriptFactsOf(alert, execution);
  return {
    ...(machine ? { tags: machine.tags } : {}),
    ...(script?.sha256 ? { script } : {}),
  };
}
