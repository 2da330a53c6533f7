import { z } from 'zod';

/** Roles and people that are stored; there may be more. */
export const maxReviewedRoles = 30;
export const maxReviewedPeople = 20;

const role = z.object({
  role: z.string(),
  scope: z.string(),
  /** The group that grants it, with the number of its members if known; null if assigned directly. */
  group: z.object({ name: z.string(), members: z.number().nullable() }).nullable(),
  /** When it was assigned, RFC 3339; null if unknown. */
  since: z.string().nullable(),
  /** When a PIM activation ends, RFC 3339. */
  until: z.string().nullable(),
  /** Eligible in PIM, not active. */
  eligible: z.boolean(),
  condition: z.boolean(),
  /** Others who can run commands by the same assignment, and when each last did (RFC 3339). */
  others: z.array(z.object({ name: z.string(), lastRun: z.string().nullable() })).max(maxReviewedPeople),
  /** Number of all others. */
  otherCount: z.number().int().nonnegative(),
});

/** By which roles an alert's caller can run such a command, and what removing each would affect. */
export const callerReviewSchema = z.object({
  at: z.string(),
  by: z.string(),
  roles: z.array(role).max(maxReviewedRoles),
  /** Roles of the caller that do not allow it. */
  unrelated: z.number().int().nonnegative(),
  /** Everyone who can run commands in the subscription. */
  able: z.number().int().nonnegative(),
});
export type CallerReview = z.output<typeof callerReviewSchema>;
