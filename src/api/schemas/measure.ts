import { z } from 'zod';
import type { Approval } from '../../domain/measures/approval';
import type { Measure } from '../../domain/measures/measure';
import { actorOf, actorSchema, time } from './common';

export const measureSchema = z
  .object({
    id: z.string(),
    kind: z.string().describe('`isolation`, `lock`, `role` and others'),
    target: z.string().describe('Id of the machine, assignment or account'),
    name: z.string().describe('Name of the target'),
    revision: z.int(),
    state: z
      .enum(['doing', 'in force', 'done', 'drifted', 'failed', 'undoing', 'undone'])
      .describe('drifted: someone changed it manually. done: completed, with nothing to undo'),
    action: z.string().describe('Id of the action that requested it'),
    by: actorSchema,
    approvedBy: actorSchema.nullable(),
    requestedAt: time,
    changedAt: time,
    alerts: z.array(z.string()).describe('Ids of the alerts that requested it'),
    steps: z.array(z.object({ text: z.string(), state: z.enum(['waiting', 'asked', 'done']) })),
    text: z.string().describe('The result as text'),
    reason: z.string().nullable().describe('Why it failed, or what was changed manually'),
    checked: z
      .object({ at: time, verified: z.boolean(), notes: z.array(z.string()) })
      .nullable()
      .describe('Whether Azure confirms that it is in force'),
  })
  .meta({ id: 'Measure', description: 'A change that Runwatch made in Azure.' });

export const measureOf = (measure: Measure): z.output<typeof measureSchema> => ({
  id: measure.id,
  kind: measure.kind,
  target: measure.target,
  name: measure.name,
  revision: measure.rev,
  state: measure.state,
  action: measure.action,
  by: actorOf(measure.by),
  approvedBy: measure.approvedBy ? actorOf(measure.approvedBy) : null,
  requestedAt: measure.at,
  changedAt: measure.changedAt,
  alerts: measure.alerts,
  steps: measure.steps.map(({ words, state }) => ({ text: words, state })),
  text: measure.says,
  reason: measure.reason ?? null,
  checked: measure.checked
    ? { at: measure.checked.at, verified: measure.checked.verified, notes: measure.checked.notes }
    : null,
});

export const approvalSchema = z
  .object({
    id: z.string(),
    revision: z.int(),
    state: z.enum(['asked', 'approved', 'carried out', 'declined', 'cancelled', 'expired']),
    alertId: z.string().nullable(),
    action: z.string(),
    what: z.string().describe('The request as text'),
    why: z.string().describe('Why one person is not enough'),
    by: actorSchema,
    requestedAt: time,
    until: time.describe('When it expires'),
    needed: z.int().describe('How many people must approve it: two if an application requested it'),
    approvals: z.array(z.object({ by: actorSchema, at: time })),
    ended: z.object({ by: actorSchema, at: time }).nullable(),
  })
  .meta({
    id: 'Approval',
    description: 'A request that another person must approve, in a chat or in the console.',
  });

export const approvalOf = (approval: Approval): z.output<typeof approvalSchema> => ({
  id: approval.id,
  revision: approval.rev,
  state: approval.state,
  alertId: approval.alertId,
  action: approval.action,
  what: approval.what,
  why: approval.why,
  by: actorOf(approval.by),
  requestedAt: approval.at,
  until: approval.until,
  needed: approval.needed,
  approvals: approval.approvals.map(({ by, at }) => ({ by: actorOf(by), at })),
  ended: approval.ended ? { by: actorOf(approval.ended.by), at: approval.ended.at } : null,
});
