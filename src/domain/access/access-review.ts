/** A principal that can do an action, and through what. */
export interface Able {
  principalId: string;
  principalType: string;
  name: string;
  /** The group whose member it is. */
  group: string | null;
  role: string;
  scope: string;
  assignmentId: string;
  condition: string | null;
}

/** Somebody who can run commands in a subscription, and when they last did. */
export interface Reviewed extends Able {
  /** RFC 3339; null: never in the 90 days that are known. */
  lastRun: string | null;
}

export interface Review {
  id: string;
  scope: string;
  rows: Reviewed[];
  /** Rows whose assignment was revoked from this review. */
  revoked: number[];
  /** What was done from it, in words. */
  said: string[];
}
