import { z } from 'zod';
import type { Alert } from '../../domain/alerts/alert';
import { Refusal } from '../../domain/alerts/transitions';
import type { Escalation, EscalationPlace } from '../../domain/alerts/triage';
import { redactSecrets } from '../../domain/text/redactor';
import type { ActionDeps, AlertAction, CheckedPress } from '../action';
import { auditOf } from '../audit-of';
import { FinalError, isPassing } from '../carry-out';
import { shortText } from '../input';
import { record } from '../record';
import { defineAction } from '../registry';
import { type Opener, openers } from './incidents';

/** Opens an incident wherever RUNWATCH_CONFIG's `escalation` says; each place is noted before and after, so that none has two. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'escalate',
  group: 'hand over',
  name: 'Escalate',
  label: 'Escalate',
  order: 200,
  often: true,
  right: 'triage',
  confirm: {
    title: ({ alert }) => `Escalate ${alert.id}?`,
    text: 'Opens an incident where RUNWATCH_CONFIG says.',
    yes: 'Escalate',
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
      throw new Refusal('Nothing is set to escalate to: set escalation in RUNWATCH_CONFIG.');
    const known = alert.triage.escalation;
    const isOpened = (id: string) => known?.places.find((place) => place.id === id)?.state === 'opened';
    if (known && wanted.every(({ opener }) => isOpened(opener.id)))
      throw new Refusal(`It is already escalated, by ${known.by.name}.`);
    const failures: string[] = [];
    let passing: unknown = null;
    for (const { opener, where } of wanted) {
      try {
        const failure = await openOnce(opener, where, press, deps, escalation);
        if (failure) failures.push(failure);
      } catch (error) {
        passing ??= error;
      }
    }
    if (passing !== null) throw passing;
    if (failures.length > 0) throw new FinalError(failures.join('; '));
    await record(press, deps, ({ triage }) => ({ escalation: triage.escalation ?? null }));
    return null;
  },
});

/** Opens an incident at one place, unless it has one; answers why it has none. */
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
      const places = [...others, { id: opener.id, where, ...place }];
      return {
        alert: { ...alert, triage: { ...alert.triage, escalation: { ...before, places } } },
        audit:
          place.state === 'failed' ? [auditOf(press, alert, 'failed', place.reason ?? null, { where })] : [],
      };
    });
  const alert = (await store.alerts.get(press.alertId)) as Alert;
  const present = alert.triage.escalation?.places.find(({ id }) => id === opener.id);
  if (present?.state === 'opened') return null;
  const unknown = `It is not known whether ${where} opened an incident: its answer never came. Look there before you escalate again`;
  const failed = async (reason: string) => {
    await set({ state: 'failed', link: '', reason });
    await show(press.alertId);
    return `${where}: ${reason}`;
  };
  if (present?.state === 'asked' && !opener.repeatable) return failed(unknown);
  await set({ state: 'asked', link: '' });
  try {
    const link = await opener.open(alert, escalation, deps);
    if (link === null) return failed('it can not be opened from here');
    await set({ state: 'opened', link });
    await show(press.alertId);
    return null;
  } catch (error) {
    const { message } = error as Error;
    if (!opener.repeatable && !/answered \d+/.test(message)) return failed(unknown);
    const notTaken = opener.repeatable || /answered (429|503)\b/.test(message);
    const failure = await failed(redactSecrets(message));
    if (isPassing(error) && notTaken && !press.lastTry) throw error;
    return failure;
  }
}
