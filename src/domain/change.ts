/** What can change, as it appears in the feed, at the API and in webhooks. Part of the published contract. */
export const changeKinds = [
  'alert.raised',
  'alert.changed',
  'alert.closed',
  'measure.changed',
  'approval.changed',
  'exception.changed',
  'notice.posted',
] as const;
export type ChangeKind = (typeof changeKinds)[number];

/** A stored change. What changed is read by its id, in its present state. */
export interface Change {
  /** Its place in the feed: unique, ascending and stable. */
  cursor: string;
  kind: ChangeKind;
  /** Id of the alert, measure, approval, exception or notice. */
  id: string;
  /** The revision that the change stored; 0 for what has no revisions. */
  rev: number;
  /** When it was stored, ms. */
  at: number;
}
