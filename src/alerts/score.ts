import { type Alert, summarize } from './alert';

export type Severity = 'low' | 'medium' | 'high' | 'critical';

export interface Reason {
  points: number;
  text: string;
}

/** Points per reason; RUNWATCH_CONFIG's `score` overrides any of them. */
export const defaultPoints = {
  failed: -15,
  refused: -20,
  burst: 15,
};
export type Points = Record<keyof typeof defaultPoints, number>;

/** Severity begins at these scores: Elastic's medium is 47, so the middle band holds it. */
export const severityFrom = { critical: 90, high: 70, medium: 40 } as const;

export function severityOf(score: number): Severity {
  if (score >= severityFrom.critical) return 'critical';
  if (score >= severityFrom.high) return 'high';
  if (score >= severityFrom.medium) return 'medium';
  return 'low';
}

/** Scores an alert from 0 to 100; the reasons' points add up to the score unless it was held at an end. */
export function scoreOf(
  alert: Pick<Alert, 'executions' | 'facts'>,
  points: Points = defaultPoints,
): { score: number; severity: Severity; reasons: Reason[] } {
  const { technique, status, refused, machines } = summarize(alert);
  const reasons: Reason[] = [{ points: technique.baseScore, text: technique.title }];
  if (refused) reasons.push({ points: points.refused, text: 'refused by Azure: nothing ran' });
  else if (status === 'failed') reasons.push({ points: points.failed, text: 'failed' });
  if (machines > 1) reasons.push({ points: points.burst, text: `${machines} machines` });
  const sum = reasons.reduce((total, reason) => total + reason.points, 0);
  const score = Math.max(0, Math.min(100, sum));
  return { score, severity: severityOf(score), reasons };
}
