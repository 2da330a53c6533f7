import type { Grant } from './activity-event';

/** What enrichment found out; a part that is absent has not been asked yet, and a fault says why it is missing. */
export interface Facts {
  access?: Access;
  missing?: Missing[];
}

export interface Missing {
  /** The part that could not be had, in the reader's words: "role assignments". */
  what: string;
  why: string;
}

/** How the caller could do it. */
export interface Access {
  /** The way in: from the log's evidence, or worked out from role assignments. */
  grant: Grant | null;
  source: 'log' | 'resolved' | 'unknown';
  /** Every assignment of the caller that grants the operation on the target. */
  ways: AccessWay[];
}

export interface AccessWay {
  role: string;
  scope: string;
  assignmentId: string;
  principalId: string;
  principalType: string;
}
