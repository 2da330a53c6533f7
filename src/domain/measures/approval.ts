import type { Presser } from '../people/person';

/**
 * How long a request stays open, in ms. A response to an attack is urgent; an exception can wait for the
 * next shift.
 */
export const approvalTimeoutMs = 15 * 60_000;
export const exceptionApprovalTimeoutMs = 86_400_000;

export interface Decision {
  by: Presser;
  at: string;
  /** The press that approved. Only this press carries out the request. */
  press: string;
  /** Covers the approval id and the other fields, by a key derived from RUNWATCH_SECRET. */
  signature: string;
}

/**
 * A request that another person must approve. Its content never changes; a changed request gets a new id.
 */
export interface Approval<Job = unknown> {
  id: string;
  rev: number;
  state: 'asked' | 'approved' | 'carried out' | 'declined' | 'cancelled' | 'expired';
  /** Null if it is not about an alert. */
  alertId: string | null;
  action: string;
  /** The request as text. */
  what: string;
  /** Why it needs approval. */
  why: string;
  by: Presser;
  at: string;
  /** RFC 3339. */
  until: string;
  /** Required approvals: two if a command or an application requested it. */
  needed: 1 | 2;
  /** A digest of the targets at the time of the request; null if the action and input fully define it. */
  pin: string | null;
  /** The original signed press. */
  job: Job;
  /** Covers all fields that never change, by a key derived from RUNWATCH_SECRET. */
  signature: string;
  approvals: Decision[];
  ended?: { by: Presser; at: string } | undefined;
}

export const isPending = (approval: Approval, now: number): boolean =>
  approval.state === 'asked' && Date.parse(approval.until) > now;
