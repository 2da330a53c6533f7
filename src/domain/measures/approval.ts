import type { Presser } from '../people/person';

/** How long an approval is waited for, ms: a response to an attack is wanted soon, an exception by the next shift. */
export const approvalHoldsMs = 15 * 60_000;
export const exceptionApprovalHoldsMs = 86_400_000;

export interface Decision {
  by: Presser;
  at: string;
  /** The press that decided; only that press carries out what was approved. */
  press: string;
  /** By a key of RUNWATCH_SECRET over the approval and the rest of this. */
  signature: string;
}

/**
 * What one person asked for and another must approve. What is asked never changes: whoever wants something else asks anew,
 * under another id.
 */
export interface Approval<Job = unknown> {
  id: string;
  rev: number;
  state: 'asked' | 'approved' | 'carried out' | 'declined' | 'cancelled' | 'expired';
  /** Null where it is about no alert. */
  alertId: string | null;
  action: string;
  /** What is asked for, in words. */
  what: string;
  /** Why one person is not enough. */
  why: string;
  by: Presser;
  at: string;
  /** RFC 3339. */
  until: string;
  /** How many people must approve: two where a command or an application asked. */
  needed: 1 | 2;
  /** A digest of what it would be done to, when it was asked for; null where the action and its input say it all. */
  pin: string | null;
  /** The press that asked, as it was signed. */
  job: Job;
  /** By a key of RUNWATCH_SECRET over all of this that never changes. */
  signature: string;
  approvals: Decision[];
  ended?: { by: Presser; at: string } | undefined;
}

export const isWaiting = (approval: Approval, now: number): boolean =>
  approval.state === 'asked' && Date.parse(approval.until) > now;
