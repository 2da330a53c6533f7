import { plainLine } from '../text/plain-text';
import type { Alert } from './alert';
import type { Severity, SeverityChange } from './severity';

const keptChanges = 20;
const rank: Record<Severity, number> = { low: 0, medium: 1, high: 2, critical: 3 };

export const isRaised = ({ from, to }: SeverityChange): boolean => rank[to] > rank[from];

/** Notes on a shown alert that its severity changed. @param before as it was stored, if it was */
export function withSeverityChange(before: Alert | null, after: Alert, at: string): Alert {
  if (!before?.announced || before.severity === after.severity) return after;
  const known = new Set(before.reasons.map(({ text }) => text));
  const reasons = after.reasons.map(({ text }) => text).filter((text) => !known.has(text));
  const change: SeverityChange = { at, from: before.severity, to: after.severity, reasons };
  return { ...after, severityChanges: [...after.severityChanges, change].slice(-keptChanges) };
}

/** "raised from medium to critical: 12 machines in 3 minutes". */
export const severityChangeText = (change: SeverityChange): string => {
  const why = change.reasons.slice(0, 3).map((reason) => plainLine(reason, 100));
  return `${isRaised(change) ? 'raised' : 'lowered'} from ${change.from} to ${change.to}${why.length > 0 ? `: ${why.join(', ')}` : ''}`;
};
