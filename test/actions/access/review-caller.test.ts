import { callerReview } from '../../../src/actions/access/review-caller';
import type { CallerRole } from '../../../src/azure/access/effective-roles';
import type { Reviewed } from '../../../src/domain/access/access-review';
import { callerReviewSchema } from '../../../src/domain/access/caller-review';

const role: CallerRole = {
  role: 'Virtual Machine Contributor',
  scope: '/subscriptions/s',
  assignmentId: 'a',
  principalId: 'g',
  principalType: 'Group',
  group: { id: 'g', name: 'ops-oncall', members: 2 },
  condition: null,
  since: '2026-11-17T10:00:00.000Z',
  until: null,
  eligible: false,
  runsCommands: true,
  deniedBy: null,
  denyNotEvaluated: null,
};
const able = (principalId: string, assignmentId: string, lastRun: string | null = null): Reviewed => ({
  principalId,
  principalType: 'User',
  name: principalId.toUpperCase(),
  group: null,
  role: 'r',
  scope: '/subscriptions/s',
  assignmentId,
  condition: null,
  lastRun,
});

test('names the roles that allow it, and whom else each assignment lets', () => {
  const others = [
    able('DANA', 'a'),
    able('lee', 'a', '2026-11-20T10:00:00.000Z'),
    able('kim', 'b'),
    able('kim', 'c'),
  ];
  const roles = [role, { ...role, runsCommands: false }, { ...role, deniedBy: 'A deny' }];
  expect(callerReview('dana', roles, others)).toEqual({
    roles: [
      {
        role: 'Virtual Machine Contributor',
        scope: '/subscriptions/s',
        group: { name: 'ops-oncall', members: 2 },
        since: '2026-11-17T10:00:00.000Z',
        until: null,
        eligible: false,
        condition: false,
        others: [{ name: 'LEE', lastRun: '2026-11-20T10:00:00.000Z' }],
        otherCount: 1,
      },
    ],
    unrelated: 2,
    able: 3,
  });
});

test('what is stored is bounded', () => {
  const roles = Array.from({ length: 100 }, () => role);
  const others = Array.from({ length: 1000 }, (_, i) => able(`p${i}`, 'a'));
  const review = callerReview('dana', roles, others);
  expect(review.roles[0]?.otherCount).toBe(1000);
  const stored = { ...review, at: '2026-11-20T10:00:00.000Z', by: 'Sam' };
  expect(callerReviewSchema.parse(stored)).toEqual(stored);
});
