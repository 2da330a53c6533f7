import type { CallerRole } from '../../azure/access/effective-roles';
import type { Reviewed } from '../../domain/access/access-review';
import { type CallerReview, maxReviewedPeople, maxReviewedRoles } from '../../domain/access/caller-review';
import { plainLine } from '../../domain/text/plain-text';

/**
 * What an alert's page shows of an access review: the roles that let the caller run commands, and whom else
 * each assignment lets. Pure.
 * @param able everyone who can run commands in the subscription
 */
export function callerReview(
  callerId: string,
  roles: readonly CallerRole[],
  able: readonly Reviewed[],
): Omit<CallerReview, 'at' | 'by'> {
  const allowing = roles.filter((role) => role.runsCommands && !role.deniedBy);
  return {
    roles: allowing.slice(0, maxReviewedRoles).map((role) => {
      const others = able.filter(
        ({ assignmentId, principalId }) =>
          assignmentId === role.assignmentId && principalId.toLowerCase() !== callerId.toLowerCase(),
      );
      return {
        role: plainLine(role.role, 80),
        scope: plainLine(role.scope, 300),
        group: role.group && { name: plainLine(role.group.name, 80), members: role.group.members },
        since: role.since,
        until: role.until,
        eligible: role.eligible,
        condition: role.condition !== null,
        others: others
          .slice(0, maxReviewedPeople)
          .map(({ name, lastRun }) => ({ name: plainLine(name, 80), lastRun })),
        otherCount: others.length,
      };
    }),
    unrelated: roles.length - allowing.length,
    able: new Set(able.map(({ principalId }) => principalId.toLowerCase())).size,
  };
}
