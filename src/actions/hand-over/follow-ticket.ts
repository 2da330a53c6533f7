import { z } from 'zod';
import type { Alert } from '../../domain/alerts/alert';
import { followTicket, placeOf, type TicketReport } from '../../domain/alerts/ticket-state';
import { phrase, t } from '../../domain/text/translate';
import type { ActionDeps, FreeAction } from '../action';
import { auditOf } from '../audit-of';
import { withPress } from '../record';
import { defineAction } from '../registry';
import { openers } from './incidents';

export const ticketReportSchema = z.strictObject({
  ticket: z.string().min(1).max(300),
  state: z.enum(['open', 'acknowledged', 'closed']),
  at: z.iso.datetime(),
  status: z.string().max(100).optional(),
  person: z.string().max(80).optional(),
});

/**
 * Takes over an incident's state from the system where Runwatch opened it. It can acknowledge, close and reopen that
 * alert, and is audited as such.
 */
defineAction<FreeAction>({
  about: 'ticket',
  id: 'follow_ticket',
  group: 'hand over',
  name: phrase('Follow ticket'),
  right: 'triage',
  input: ticketReportSchema,
  permissions: [],
  run: async (press, deps) => {
    const report: TicketReport = ticketReportSchema.parse(press.input);
    const tracked = await alertOf(press.alertId, press.by.id, report.ticket, deps);
    if (!tracked) return t`No alert has this ticket.`;
    const needsTwo = deps.config.policy.fourEyes ?? [];
    let isChanged = false;
    await deps.store.alerts.update(tracked, (alert) => {
      const followed = alert && followTicket(alert, report, press, (action) => !needsTwo.includes(action));
      isChanged = Boolean(followed);
      if (!alert || !followed) return null;
      const { action } = followed;
      const as = { ...press, action: action ?? press.action, alertId: alert.id };
      return {
        alert: withPress(followed.alert, press),
        audit: action ? [auditOf(as, alert, 'done', null, { place: press.by.id, ...report })] : [],
      };
    });
    if (isChanged) await deps.show(tracked);
    return null;
  },
});

const maxMerges = 5;

/** The alert that has the ticket now: alerts that became part of another one hand their tickets over. */
async function alertOf(
  alertId: string,
  place: string,
  ticket: string,
  { store, config }: ActionDeps,
): Promise<string | null> {
  const { escalation } = config.policy;
  const where = escalation ? openers.find(({ id }) => id === place)?.where(escalation) : null;
  if (!where) return null;
  let found: string | null = null;
  let next: Alert | null = await store.alerts.get(alertId);
  for (let i = 0; next && i < maxMerges; i++) {
    if (placeOf(next, place, ticket)?.where === where) found = next.id;
    next = next.mergedInto ? await store.alerts.get(next.mergedInto) : null;
  }
  return found;
}
