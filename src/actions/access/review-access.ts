import { principalsWithAccess, rolesOf } from '../../azure/access/effective-roles';
import type { Review, Reviewed } from '../../domain/access/access-review';
import { summarize } from '../../domain/alerts/alert';
import { Refusal } from '../../domain/alerts/transitions';
import { isHeld, measureIdOf } from '../../domain/measures/measure';
import { plainLine } from '../../domain/text/plain-text';
import { dayText, phrase, t } from '../../domain/text/translate';
import type { NoticeAction } from '../../store/deliveries';
import type { ActionDeps, AlertAction, CheckedPress, FreeAction } from '../action';
import { auditOf } from '../audit-of';
import { choiceInput } from '../input';
import { carryOut, undoAll } from '../measures/carry-out';
import type { MeasureKind } from '../measures/measure-kind';
import { defineAction } from '../registry';
import { callerReview } from './review-caller';
import { assignmentTarget, roleAssignment } from './revoke-role';

const runCommand = 'Microsoft.Compute/virtualMachines/runCommand/action';
const lookbackDays = 90;

/** Lists who can run commands in a subscription. Principals with no run in the last 90 days come first. */
export async function reviewAccess(
  subscriptionId: string,
  now: number,
  { azure, store }: Pick<ActionDeps, 'azure' | 'store'>,
): Promise<Reviewed[]> {
  const scope = `/subscriptions/${subscriptionId}`;
  const able = await principalsWithAccess(runCommand, scope, subscriptionId, azure);
  const rows = await Promise.all(
    able.map(async (one) => {
      const past = await store.history.before(one.principalId.toLowerCase(), now);
      const last = past.findLast((entry) => !entry.refused);
      return { ...one, lastRun: last ? new Date(last.at).toISOString() : null };
    }),
  );
  return rows.sort((a, b) => ((a.lastRun ?? '') < (b.lastRun ?? '') ? -1 : 1));
}

/** The review as text for a chat message. */
export function reviewLines({ scope, rows, said }: Review): string {
  const never = rows.filter((row) => row.lastRun === null).length;
  const shown = rows.slice(0, 30);
  return [
    t`Access review of ${plainLine(scope, 120)}: ${rows.length} can run commands; ${never} of them did not in the last ${lookbackDays} days.`,
    ...shown.map(
      (row) =>
        t`• ${plainLine(row.name, 60)} (${row.principalType}): ${plainLine(row.role, 60)} at ${plainLine(row.scope, 120)}${row.group ? t` through ${plainLine(row.group, 60)}` : ''}, ${row.lastRun ? t`last on ${dayText(row.lastRun)}` : t`never`}`,
    ),
    ...(rows.length > shown.length
      ? [t`… and ${rows.length - shown.length} more: runwatch access-review --csv`]
      : []),
    ...said,
  ].join('\n');
}

/**
 * Posts who can run commands in the alert's subscription, with a menu of assignments to revoke. The alert's page
 * shows the caller's part of it.
 */
defineAction<AlertAction>({
  about: 'alert',
  id: 'review_access',
  group: 'triage',
  name: phrase('Review access'),
  label: phrase('Review access'),
  summary: phrase(
    'Posts who can run commands in this subscription and when they last did, with a menu that revokes an assignment and another that restores it. The alert’s page shows what lets the caller do it.',
  ),
  order: 230,
  right: 'triage',
  sameRightAs: 'show_roles',
  permissions: [
    'Microsoft.Authorization/roleAssignments/read',
    'Microsoft.Authorization/roleDefinitions/read',
  ],
  offered: ({ alert }) => alert.state !== 'closed',
  run: async ({ alert }, press, deps) => {
    const { caller, target } = summarize(alert);
    const { subscriptionId } = target;
    const [rows, roles] = await Promise.all([
      reviewAccess(subscriptionId, deps.now(), deps),
      caller.id ? rolesOf(caller.id, target.id, subscriptionId, deps.azure) : [],
    ]);
    if (caller.id)
      await deps.store.reviews.putOfCaller(alert.id, {
        ...callerReview(caller.id, roles, rows),
        at: press.at,
        by: plainLine(press.by.name, 80),
      });
    await deps.postReview(reviewOf(`notice-access-${press.pressId}`, subscriptionId, rows));
    await deps.store.audit.append([auditOf(press, alert, 'done')], press.pressId);
    return null;
  },
});

export const reviewOf = (id: string, subscriptionId: string, rows: Reviewed[]): Review => ({
  id,
  scope: `/subscriptions/${subscriptionId}`,
  rows,
  revoked: [],
  said: [],
});

/**
 * A message's menus: assignments to revoke, and revoked ones to restore. A choice's value is the row number
 * and the review's id.
 */
export function reviewMenus({ id, rows, revoked }: Review): NoticeAction[] {
  const choices = (wanted: (index: number) => boolean) =>
    rows
      .map((row, index) => ({
        value: `${index} ${id}`,
        label: plainLine(`${row.lastRun ? '' : t`Never used: `}${row.name}, ${row.role}`, 75),
        wanted: wanted(index),
      }))
      .filter((choice) => choice.wanted)
      .slice(0, 100)
      .map(({ value, label }) => ({ value, label }));
  const left = choices((index) => !revoked.includes(index));
  const gone = choices((index) => revoked.includes(index));
  return [
    ...(left.length > 0 ? [{ id: 'revoke_listed', label: t`Revoke…`, value: '', choices: left }] : []),
    ...(gone.length > 0 ? [{ id: 'restore_listed', label: t`Restore…`, value: '', choices: gone }] : []),
  ];
}

/** The review and row that a menu choice names; null if the review has expired. */
async function chosen(
  press: Pick<CheckedPress, 'input'>,
  { store }: Pick<ActionDeps, 'store'>,
): Promise<{ review: Review; row: Reviewed } | null> {
  const [number = '', reviewId = ''] = String(press.input?.choice ?? '').split(' ');
  const review = await store.reviews.get(reviewId);
  const row = review?.rows[Number(number)];
  return review && row ? { review, row } : null;
}

/** Revokes or restores one assignment that a review listed. Returns the text that describes the result. */
async function changeListedAssignment(
  press: CheckedPress,
  way: 'do' | 'undo',
  deps: ActionDeps,
): Promise<string> {
  const found = await chosen(press, deps);
  if (!found) throw new Refusal(t`That review has expired. Request a new one.`);
  const { review, row } = found;
  const what = t`${plainLine(row.role, 60)} of ${plainLine(row.group ?? row.name, 60)} at ${plainLine(row.scope, 120)}`;
  const target = assignmentTarget(row.scope, row.assignmentId, row.role);
  const kind = roleAssignment as unknown as MeasureKind;
  const known = await deps.store.measures.get(measureIdOf(kind.kind, target.id));
  if (way === 'undo' && !(known && (isHeld(known) || known.press === press.pressId)))
    throw new Refusal(t`Runwatch did not revoke that assignment.`);
  const [outcome] =
    way === 'do'
      ? await carryOut(kind, [target], press, null, deps)
      : await undoAll(kind, known ? [known] : [], press, deps);
  if (!outcome || outcome.result === 'refused' || outcome.result === 'failed')
    throw new Refusal(outcome?.text ?? t`The change failed.`);
  const said =
    way === 'do'
      ? t`${plainLine(press.by.name, 80)} revoked ${what}.`
      : t`${plainLine(press.by.name, 80)} restored ${what}.`;
  const others = review.revoked.filter((other) => review.rows[other]?.assignmentId !== row.assignmentId);
  const same = review.rows.flatMap((other, i) => (other.assignmentId === row.assignmentId ? [i] : []));
  await deps.postReview({
    ...review,
    revoked: way === 'do' ? [...others, ...same] : others,
    said: [...review.said.filter((line) => line !== said), said],
  });
  return said;
}

const listed = {
  about: 'review',
  group: 'access',
  right: 'responder',
  input: choiceInput,
  permissions: [],
  place: async (press, deps) => {
    const found = await chosen(press, deps);
    return { subscriptionId: found?.review.scope.split('/')[2] ?? '' };
  },
} satisfies Partial<FreeAction>;

defineAction<FreeAction>({
  ...listed,
  id: 'revoke_listed',
  name: phrase('Revoke role'),
  sameRightAs: 'revoke_role',
  run: (press, deps) => changeListedAssignment(press, 'do', deps),
});

defineAction<FreeAction>({
  ...listed,
  id: 'restore_listed',
  name: phrase('Restore role'),
  sameRightAs: 'restore_role',
  run: (press, deps) => changeListedAssignment(press, 'undo', deps),
});

/** Posts a review of every subscription. The month in the notice id keeps it to one a month. */
export async function postAllReviews(deps: ActionDeps, now: () => number): Promise<void> {
  const month = new Date(now()).toISOString().slice(0, 7);
  for (const { id } of await deps.store.polls.subscriptions()) {
    const rows = await reviewAccess(id, now(), deps);
    await deps.postReview(reviewOf(`notice-access-${id}-${month}`, id, rows));
  }
}
