import { plainLine } from '../text/plain-text';
import type { Alert } from './alert';
import type { Reason, Severity, SeverityChange } from './severity';

const keptChanges = 20;
const rank: Record<Severity, number> = { low: 0, medium: 1, high: 2, critical: 3 };

export const isRaised = ({ from, to }: SeverityChange): boolean => rank[to] > rank[from];

/** Notes which reasons a shown alert got later, and that its severity changed. @param before as it was stored */
export function withLaterChanges(before: Alert | null, after: Alert, at: string): Alert {
  if (!before?.announced) return after;
  const known = new Map(before.reasons.map((reason) => [reason.id, reason]));
  const reasons = after.reasons.map((reason): Reason => {
    const addedAt = known.has(reason.id) ? known.get(reason.id)?.addedAt : at;
    return addedAt ? { ...reason, addedAt } : reason;
  });
  if (before.severity === after.severity) return { ...after, reasons };
  const change: SeverityChange = {
    at,
    from: before.severity,
    to: after.severity,
    reasons: reasons
      .filter(({ id }) => !known.has(id))
      .sort((a, b) => Math.abs(b.points) - Math.abs(a.points))
      .map(({ text }) => text),
  };
  return { ...after, reasons, severityChanges: [...after.severityChanges, change].slice(-keptChanges) };
}

/** "raised from medium to critical: 12 machines in 3 minutes". */
export const severityChangeText = (change: SeverityChange): string => {
  const why = change.reasons.slice(0, 3).map((reason) => plainLine(reason, 100));
  return `${isRaised(change) ? 'raised' : 'lowered'} from ${change.from} to ${change.to}${why.length > 0 ? `: ${why.join(', ')}` : ''}`;
};
