import { plainLine } from '../text/plain-text';
import { type Alert, summarize } from './alert';

/** The caller's display name if known, else the name in the log. */
export const callerName = (alert: Pick<Alert, 'executions' | 'facts'>, max = 60): string =>
  plainLine(alert.facts.who?.name, max) || plainLine(summarize(alert).caller.name, max);

/** How a person is addressed: "Dana". Null for applications, and for people without a known name. */
export function firstName(alert: Pick<Alert, 'executions' | 'facts'>): string | null {
  const { caller } = summarize(alert);
  const name = plainLine(alert.facts.who?.name, 60);
  return caller.type === 'User' && name && !name.includes('@') ? (name.split(' ')[0] ?? null) : null;
}
