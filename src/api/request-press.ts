import { createHash } from 'node:crypto';
import { z } from 'zod';
import { exceptionIdOf } from '../actions/triage/add-exception';
import { Refusal } from '../domain/alerts/transitions';
import { isPending } from '../domain/measures/approval';
import { canonicalJson } from '../domain/text/canonical-json';
import { approvalIdOf } from '../presses/approvals';
import { pressIdOf } from '../presses/press';
import type { ApiDeps, ApiPress } from './api-deps';
import type { Caller } from './auth/authenticate';
import { Problem } from './problem';
import type { Answer } from './route';
import { time } from './schemas/common';
import { approvalOf, approvalSchema } from './schemas/measure';

export const pressSchema = z
  .object({
    id: z.string(),
    state: z
      .enum(['pending', 'asked', 'done', 'refused', 'failed'])
      .describe('asked: it waits for the approval of another person'),
    text: z.string().describe('What it answers, as in the console'),
    action: z.string(),
    alertId: z.string().nullable(),
    requestedAt: time,
    exceptionId: z.string().nullable().describe('The exception that it added'),
    approval: approvalSchema.nullable(),
  })
  .meta({
    id: 'Press',
    description: 'A requested action and what became of it. Kept for a day, for its caller.',
    examples: [
      {
        id: 'press-4K7M2Q9X1B',
        state: 'pending',
        text: '',
        action: 'isolate',
        alertId: 'RW-4K7M2Q9X1B',
        requestedAt: '2026-11-26T08:05:00.000Z',
        exceptionId: null,
        approval: null,
      },
    ],
  });

interface Requested {
  /** Empty for an exception. */
  alertId: string;
  action: string;
  input: Record<string, unknown>;
  caller: Caller;
  idempotencyKey: string;
}

const digest = (...parts: string[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url');

/**
 * Queues a press, once for each idempotency key of a caller. Whether it is allowed is decided when it is performed.
 * @param check throws a problem if a new press makes no sense; a repeated one is not checked again
 */
export async function requestPress(
  { alertId, action, input, caller, idempotencyKey }: Requested,
  check: () => Promise<void>,
  deps: ApiDeps,
): Promise<Answer> {
  const nonce = `api.${digest(caller.key, idempotencyKey)}`;
  const request = digest(alertId, action, canonicalJson(input));
  let taken = await deps.presses.find(nonce);
  if (!taken) {
    await check();
    const pressId = pressIdOf(alertId, action, nonce);
    const at = new Date(deps.now()).toISOString();
    taken = await deps.presses.take(nonce, request, { pressId, caller: caller.key, action, alertId, at });
  }
  if (taken.request !== request)
    throw new Problem('key-reused', 'Use a new Idempotency-Key for a new request.');
  const { press } = taken;
  // A request that was interrupted before, or is repeated while it is queued. The queue keeps one of each id.
  if (!(await deps.outcomeOf(press.pressId))) {
    await deps.press({ alertId, action, by: caller.presser, input, nonce }).catch((error) => {
      if (error instanceof Refusal) throw new Problem('not-ready', error.message);
      throw error;
    });
  }
  const location = `/api/v1/presses/${press.pressId}`;
  return { status: 202, body: await pressAnswer(press, deps), headers: { location } };
}

const adding = new Set(['add_exception', 'create_exception']);

/** What became of a press. */
export async function pressAnswer(press: ApiPress, deps: ApiDeps): Promise<z.output<typeof pressSchema>> {
  const { pressId, action, alertId, at } = press;
  const outcome = await deps.outcomeOf(pressId);
  const approval = outcome ? await deps.approvals.get(approvalIdOf(pressId)) : null;
  const { state, text } = stateOf(outcome, approval, deps.now());
  return {
    id: pressId,
    state,
    text,
    action,
    alertId: alertId || null,
    requestedAt: at,
    exceptionId: state === 'done' && adding.has(action) ? exceptionIdOf(pressId) : null,
    approval: approval && approvalOf(approval),
  };
}

type Outcome = Awaited<ReturnType<ApiDeps['outcomeOf']>>;
type Approved = Awaited<ReturnType<ApiDeps['approvals']['get']>>;

/** A press that waits for approval stays `asked` in the store if nobody approves it. */
function stateOf(
  outcome: Outcome,
  approval: Approved,
  now: number,
): Pick<z.output<typeof pressSchema>, 'state' | 'text'> {
  if (!outcome) return { state: 'pending', text: '' };
  if (outcome.result !== 'asked' || !approval) return { state: outcome.result, text: outcome.text };
  if (isPending(approval, now)) return { state: 'asked', text: outcome.text };
  switch (approval.state) {
    case 'declined':
    case 'cancelled':
      return { state: 'refused', text: `${approval.ended?.by.name ?? 'Somebody'} declined it.` };
    case 'asked':
    case 'expired':
      return { state: 'refused', text: `Nobody approved it by ${approval.until}. Request it again.` };
    default:
      return { state: 'pending', text: outcome.text };
  }
}
