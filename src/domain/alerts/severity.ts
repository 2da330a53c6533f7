import { phrase } from '../text/translate';
export const severities = [phrase('low'), phrase('medium'), phrase('high'), phrase('critical')] as const;
export type Severity = (typeof severities)[number];
export const mostUrgentFirst = severities.toReversed();

export interface Reason {
  /** "technique", or the name of the points. Absent in alerts stored before 0.2. */
  id?: string;
  points: number;
  text: string;
  /** When it became known, if that was after the alert was shown. */
  addedAt?: string;
}

/** A reason that was added, removed or changed after the alert was shown. */
export interface ReasonChange {
  id: string;
  kind: 'added' | 'removed' | 'changed';
  text: string;
  /** The text of a changed reason before. */
  was?: string;
  /** What it adds to the score. Absent if unknown. */
  points?: number;
}

/** A change of a shown alert's score, or of the reasons for it. */
export interface ScoreChange {
  at: string;
  /** `score` is null if unknown. */
  from: { score: number | null; severity: Severity };
  to: { score: number | null; severity: Severity };
  reasons: ReasonChange[];
}

/** Minimum score of each severity. Elastic's medium is 47, which falls into the middle band. */
export const severityFrom = { critical: 90, high: 70, medium: 40 } as const;

export function severityOf(score: number): Severity {
  if (score >= severityFrom.critical) return 'critical';
  if (score >= severityFrom.high) return 'high';
  if (score >= severityFrom.medium) return 'medium';
  return 'low';
}
