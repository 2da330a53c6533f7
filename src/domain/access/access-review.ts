/** A principal that is allowed an action, and the role that allows it. */
export interface PermittedPrincipal {
  principalId: string;
  principalType: string;
  name: string;
  /** The group that grants the role; null if assigned directly. */
  group: string | null;
  role: string;
  scope: string;
  assignmentId: string;
  condition: string | null;
}

/** A principal that can run commands in a subscription, and its last run. */
export interface Reviewed extends PermittedPrincipal {
  /** RFC 3339; null if there was none in the last 90 days. */
  lastRun: string | null;
}

export interface Review {
  id: string;
  scope: string;
  rows: Reviewed[];
  /** Rows whose assignment was revoked from this review. */
  revoked: number[];
  /** Changes made from this review, as text. */
  said: string[];
}
