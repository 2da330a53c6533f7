import type { Review, Reviewed } from '../alerts/access-review';
import { type Alert, summarize } from '../alerts/alert';
import type { Revocation } from '../alerts/measures';
import { plainLine } from '../alerts/plain-text';
import { Refusal } from '../alerts/transitions';
import { whoCan } from '../azure/effective-roles';
import type { ActionId } from '../config';
import type { NoticeAction } from '../store/deliveries';
import { auditOf } from './audit-of';
import type { PressJob, Response, ResponseDeps } from './response';

const runCommand = 'Microsoft.Compute/virtualMachines/runCommand/action';
const lookedBackDays = 90;

/** Who can run commands in a subscription, those who never did in 90 days first. */
export async function reviewAccess(
  subscriptionId: string,
  now: number,
  { azure, store }: Pick<ResponseDeps, 'azure' | 'store'>,
): Promise<Reviewed[]> {
  const scope = `/subscriptions/${subscriptionId}`;
  const able = await whoCan(runCommand, scope, subscriptionId, azure);
  const rows = await Promise.all(
    able.map(async (one) => {
      const past = await store.history.before(one.principalId.toLowerCase(), now);
      const last = past.findLast((entry) => !entry.refused);
      return { ...one, lastRun: last ? new Date(last.at).toISOString() : null };
    }),
  );
  return rows.sort((a, b) => ((a.lastRun ?? '') < (b.lastRun ?? '') ? -1 : 1));
}

/** In words, for a chat. */
export function reviewLines({ scope, rows, said }: Review): string {
  const never = rows.filter((row) => row.lastRun === null).length;
  const shown = rows.slice(0, 30);
  return [
    `Access review of ${plainLine(scope, 120)}: ${rows.length} can run commands, ${never} of them never did in ${lookedBackDays} days.`,
    ...shown.map(
      (row) =>
        `• ${plainLine(row.name, 60)} (${row.principalType}): ${plainLine(row.role, 60)} at ${plainLine(row.scope, 120)}${row.group ? ` through ${plainLine(row.group, 60)}` : ''}, ${row.lastRun ? `last on ${row.lastRun.slice(0, 10)}` : 'never'}`,
    ),
    ...(rows.length > shown.length
      ? [`… and ${rows.length - shown.length} more: runwatch access-review --csv`]
      : []),
    ...said,
  ].join('\n');
}

/** Posts who can run commands in the alert's subscription, with a choice of assignments to revoke. */
export const reviewAccessNow: Response = {
  action: 'review_access',
  title: 'Review access',
  needs: 'triage',
  permissions: [
    'Microsoft.Authorization/roleAssignments/read',
    'Microsoft.Authorization/roleDefinitions/read',
  ],
  run: async (alert: Alert, press, deps) => {
    const { subscriptionId } = summarize(alert).target;
    const rows = await reviewAccess(subscriptionId, deps.now(), deps);
    await deps.postReview(reviewOf(`notice-access-${press.pressId}`, subscriptionId, rows));
    await deps.store.audit.append([auditOf(press, alert, 'done')], press.pressId);
    return null;
  },
};

export const reviewOf = (id: string, subscriptionId: string, rows: Reviewed[]): Review => ({
  id,
  scope: `/subscriptions/${subscriptionId}`,
  rows,
  revoked: [],
  said: [],
});

/** A message's menus: what may be revoked, and what was and may be put back. A choice is a row's number and the review. */
export function reviewMenus({ id, rows, revoked }: Review): NoticeAction[] {
  const choices = (wanted: (index: number) => boolean) =>
    rows
      .map((row, index) => ({
        value: `${index} ${id}`,
        label: plainLine(`${row.lastRun ? '' : 'Never used: '}${row.name}, ${row.role}`, 75),
        wanted: wanted(index),
      }))
      .filter((choice) => choice.wanted)
      .slice(0, 100)
      .map(({ value, label }) => ({ value, label }));
  const left = choices((index) => !revoked.includes(index));
  const gone = choices((index) => revoked.includes(index));
  return [
    ...(left.length > 0 ? [{ id: 'revoke_listed', label: 'Revoke…', value: '', choices: left }] : []),
    ...(gone.length > 0 ? [{ id: 'restore_listed', label: 'Restore…', value: '', choices: gone }] : []),
  ];
}

export const isListed = (action: ActionId): boolean =>
  action === 'revoke_listed' || action === 'restore_listed';

/** Takes away, or puts back, one assignment that a review listed. Answers what came of it. */
export async function changeListed(press: PressJob, deps: ResponseDeps): Promise<string> {
  const [number = '', reviewId = ''] = String(press.input?.choice ?? '').split(' ');
  const index = Number(number);
  const review = await deps.store.reviews.get(reviewId);
  const row = review?.rows[index];
  if (!review || !row) throw new Refusal('That review is no longer kept; ask for a new one.');
  const isRevoke = press.action === 'revoke_listed';
  const what = `${plainLine(row.role, 60)} of ${plainLine(row.group ?? row.name, 60)} at ${plainLine(row.scope, 120)}`;
  if (isRevoke) await revoke(row, deps);
  else await putBack(row.assignmentId, deps);
  const said = `${plainLine(press.by.name, 80)} ${isRevoke ? 'revoked' : 'restored'} ${what}.`;
  const others = review.revoked.filter((other) => review.rows[other]?.assignmentId !== row.assignmentId);
  const same = review.rows.flatMap((other, i) => (other.assignmentId === row.assignmentId ? [i] : []));
  await deps.postReview({
    ...review,
    revoked: isRevoke ? [...others, ...same] : others,
    said: [...review.said.filter((line) => line !== said), said],
  });
  const audit = { ...auditOf(press, null, 'done', said), object: `${row.scope} ${row.assignmentId}` };
  await deps.store.audit.append([audit], press.pressId);
  return said;
}

async function revoke(
  { scope, assignmentId: name, role }: Reviewed,
  { azure, store }: ResponseDeps,
): Promise<void> {
  const known = await store.revocations.get(name);
  const unfinished = known?.status === 'revoking' ? known : null;
  const properties = unfinished?.properties ?? (await azure.readAssignment(scope, name));
  if (!properties) throw new Refusal('That assignment is gone already.');
  const keep = await azure.whyKeep(scope, name, properties);
  if (keep) throw new Refusal(`It is not revoked: ${keep}.`);
  const revocation: Revocation = { status: 'revoking', scope, name, role, properties };
  await store.revocations.put(revocation);
  await azure.removeAssignment(scope, name);
  await store.revocations.put({ ...revocation, status: 'revoked' });
}

async function putBack(name: string, { azure, store }: ResponseDeps): Promise<void> {
  const revocation = await store.revocations.get(name);
  if (!revocation) throw new Refusal('Runwatch did not revoke that assignment.');
  await azure.putAssignment(revocation.scope, name, revocation.properties);
  await store.revocations.put({ ...revocation, status: 'restored' });
}

/** Every subscription's review, once a month. */
export async function reviewAll(deps: ResponseDeps, now: () => number): Promise<void> {
  const month = new Date(now()).toISOString().slice(0, 7);
  for (const { id } of await deps.store.polls.subscriptions()) {
    const rows = await reviewAccess(id, now(), deps);
    await deps.postReview(reviewOf(`notice-access-${id}-${month}`, id, rows));
  }
}
