import { z } from 'zod';
import type { Alert } from '../../domain/alerts/alert';
import { ticketStateOf } from '../../domain/alerts/ticket-state';
import { Refusal } from '../../domain/alerts/transitions';
import type { Escalation, EscalationPlace } from '../../domain/alerts/triage';
import { redactSecrets } from '../../domain/text/redactor';
import { phrase, t } from '../../domain/text/translate';
import type { ActionDeps, AlertAction, CheckedPress } from '../action';
import { auditOf } from '../audit-of';
import { shortText } from '../input';
import { isTransient, PermanentError } from '../measures/failures';
import { record } from '../record';
import { defineAction } from '../registry';
import { type Opener, openers } from './incidents';
import { trustedLink } from './trusted-link';

/**
 * Opens an incident at each place in RUNWATCH_CONFIG's `escalation`. Each is recorded before and after, so
 * none gets two.
 */
defineAction<AlertAction>({
  about: 'alert',
  id: 'escalate',
  group: 'hand over',
  name: phrase('Escalate'),
  label: phrase('Escalate'),
  order: 200,
  often: true,
  right: 'triage',
  confirm: {
    title: ({ alert }) => t`Escalate ${alert.id}?`,
    text: phrase('Creates an incident in the systems configured in RUNWATCH_CONFIG.'),
    yes: phrase('Escalate'),
  },
  input: z.strictObject({ why: shortText.optional() }),
  permissions: ['Microsoft.SecurityInsights/incidents/read', 'Microsoft.SecurityInsights/incidents/write'],
  offered: ({ alert }) => alert.state !== 'closed',
  run: async ({ alert }, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const { escalation } = deps.config.policy;
    const wanted = openers.flatMap((opener) => {
      const where = escalation ? opener.where(escalation) : null;
      return where === null ? [] : [{ opener, where }];
    });
    if (!escalation || wanted.length === 0)
      throw new Refusal(t`Escalation isn’t configured. Set escalation in RUNWATCH_CONFIG.`);
    const known = alert.triage.escalation;
    const isOpened = (id: string) => known?.places.find((place) => place.id === id)?.state === 'opened';
    if (known && wanted.every(({ opener }) => isOpened(opener.id)))
      throw new Refusal(t`${known.by.name} already escalated this.`);
    const failures: string[] = [];
    let transientError: unknown = null;
    for (const { opener, where } of wanted) {
      try {
        const failure = await openOnce(opener, where, press, deps, escalation);
        if (failure) failures.push(failure);
      } catch (error) {
        transientError ??= error;
      }
    }
    if (transientError !== null) throw transientError;
    if (failures.length > 0) throw new PermanentError(failures.join('; '));
    await record(press, deps, ({ triage }) => ({ escalation: triage.escalation ?? null }));
    return null;
  },
});

/** Opens an incident at one place unless it has one. Returns why it failed, or null. */
async function openOnce(
  opener: Opener,
  where: string,
  press: CheckedPress,
  deps: ActionDeps,
  escalation: NonNullable<ActionDeps['config']['policy']['escalation']>,
): Promise<string | null> {
  const { store, show } = deps;
  const set = (place: Omit<EscalationPlace, 'id' | 'where'>) =>
    store.alerts.update(press.alertId, (alert) => {
      if (!alert) return null;
      const before: Escalation = alert.triage.escalation ?? { at: press.at, by: press.by, places: [] };
      const others = before.places.filter(({ id }) => id !== opener.id);
      // The place may report a change before its answer is stored.
      const mine = before.places.find(({ id }) => id === opener.id);
      const reported = mine?.remote ? { remote: mine.remote, synced: mine.synced } : {};
      const places = [...others, { id: opener.id, where, ...place, ...reported }];
      return {
        alert: { ...alert, triage: { ...alert.triage, escalation: { ...before, places } } },
        audit:
          place.state === 'failed' ? [auditOf(press, alert, 'failed', place.reason ?? null, { where })] : [],
      };
    });
  const alert = (await store.alerts.get(press.alertId)) as Alert;
  const present = alert.triage.escalation?.places.find(({ id }) => id === opener.id);
  if (present?.state === 'opened') return null;
  // What the place has been told is the alert's state before it is asked: only later changes are told.
  const isAsked = present?.state === 'asked';
  const synced = isAsked ? present.synced : ticketStateOf(alert);
  let ticket = isAsked ? present.ticket : (opener.ticketOf(alert) ?? undefined);
  const known = () => ({ synced, ...(ticket ? { ticket } : {}) });
  const unknown = t`${where} did not respond, so the result is unknown. Check for an incident there before you escalate again`;
  const failed = async (reason: string) => {
    await set({ state: 'failed', link: '', reason, ...known() });
    await show(press.alertId);
    return `${where}: ${reason}`;
  };
  if (present?.state === 'asked' && !opener.repeatable) return failed(unknown);
  if (ticket) await store.tickets.note(opener.id, ticket, alert.id);
  await set({ state: 'asked', link: '', ...known() });
  try {
    const opened = await opener.open(alert, escalation, deps);
    if (opened === null) return failed(t`no connected chat can create a channel`);
    const { link } = opened;
    ticket ??= opened.ticket;
    if (ticket) await store.tickets.note(opener.id, ticket, alert.id);
    await set({ state: 'opened', link, url: trustedLink(link, opener.hosts(escalation)), ...known() });
    await show(press.alertId);
    return null;
  } catch (error) {
    const { message } = error as Error;
    if (!opener.repeatable && !/answered \d+/.test(message)) return failed(unknown);
    const notAccepted = opener.repeatable || /answered (429|503)\b/.test(message);
    const failure = await failed(redactSecrets(message));
    if (isTransient(error) && notAccepted && !press.lastTry) throw error;
    return failure;
  }
}
