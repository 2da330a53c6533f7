/** See `severityOf` for the scores. */
export type Severity = 'low' | 'medium' | 'high' | 'critical';

export interface Reason {
  points: number;
  text: string;
}
