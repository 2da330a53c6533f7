import { type Alert, summarize } from './alert';
import { machineFactsOf, scriptFactsOf } from './join-facts';

/** The account that the commands ran as; null if unknown or different. */
export function accountOf(alert: Pick<Alert, 'executions' | 'exceptionOf' | 'facts'>): string | null {
  const { executions, technique } = summarize(alert);
  if (technique.account === 'none') return null;
  const accounts = new Set<string | null>();
  for (const execution of executions) {
    const os = machineFactsOf(alert, execution)?.os;
    accounts.add(
      scriptFactsOf(alert, execution)?.runAs ?? (os ? { Linux: 'root', Windows: 'SYSTEM' }[os] : null),
    );
    if (accounts.size > 1) return null;
  }
  return [...accounts][0] ?? null;
}
