import { z } from 'zod';
import { upnOf } from '../../domain/activity/activity-event';
import { type Alert, summarize } from '../../domain/alerts/alert';
import { firstName } from '../../domain/alerts/caller-name';
import { close, Refusal } from '../../domain/alerts/transitions';
import type { Asked } from '../../domain/alerts/triage';
import { runwatchActor } from '../../domain/people/person';
import { plainLine } from '../../domain/text/plain-text';
import { redact } from '../../domain/text/redact';
import { phrase, t, timeText, translate } from '../../domain/text/translate';
import type { ActionDeps, AlertAction, PressJob } from '../action';
import { auditOf } from '../audit-of';
import { record } from '../record';
import { defineAction } from '../registry';

/**
 * Sends the caller a direct message asking whether it was them. For an application, asks the first owner who
 * is in chat.
 */
defineAction<AlertAction>({
  about: 'alert',
  id: 'ask_caller',
  group: 'triage',
  name: phrase('Ask the caller'),
  label: ({ alert }) => {
    const name = firstName(alert);
    if (name) return t`Ask ${name}`;
    return summarize(alert).caller.type === 'User' ? t`Ask the caller` : t`Ask the owner`;
  },
  summary: phrase(
    'Asks the caller, or an owner of the application, in a direct message: yes, no, it was automation. “No” makes the alert critical and pages.',
  ),
  order: 30,
  often: true,
  right: 'triage',
  permissions: [],
  offered: ({ alert }) => !alert.triage.asked && alert.state !== 'closed' && addressesOf(alert).length > 0,
  run: async ({ alert }, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const { asked } = alert.triage;
    if (asked)
      throw new Refusal(
        t`${asked.name} was already asked${asked.answer ? t` and answered ${translate(asked.answer)}` : ''}.`,
      );
    const { caller, target, startedAt } = summarize(alert);
    const emails = addressesOf(alert);
    if (emails.length === 0) throw new Refusal(t`No email address is known for the caller or an owner.`);
    const when = timeText(startedAt);
    const text = t`Did you run this on ${plainLine(target.name, 80)} at ${when}? (${summarize(alert).technique.title}, as ${plainLine(caller.name, 100)})`;
    let person: Awaited<ReturnType<typeof deps.askPerson>> = null;
    for (const email of emails) person ??= await deps.askPerson(email, alert.id, text);
    if (!person)
      throw new Refusal(
        t`No Slack or Teams user has the email ${emails.map((email) => plainLine(email, 100)).join(t` or `)}.`,
      );
    const now: Asked = { at: press.at, userId: person.id, name: person.name, answer: null, answeredAt: null };
    await record(press, deps, () => ({ asked: now }));
    return null;
  },
});

/** Email addresses of the caller, or of an application's owners. */
function addressesOf(alert: Alert): string[] {
  const upn = upnOf(summarize(alert).caller);
  if (upn) return [upn];
  return (alert.facts.who?.owners ?? []).filter((owner) => owner.includes('@')).slice(0, 5);
}

/**
 * The asked person's answer. Only the first counts. It closes an alert only if configured, because an
 * attacker may control the account. "No" makes the alert critical and opens an incident.
 */
defineAction<AlertAction>({
  about: 'alert',
  id: 'answer',
  group: 'triage',
  name: phrase('Answer'),
  label: phrase('Answer'),
  order: 500,
  right: 'asked',
  input: z.strictObject({
    answer: z.enum([phrase('yes'), phrase('no'), phrase('automation')]),
    note: z.string().max(500).optional(),
  }),
  permissions: [],
  // Only shown in the question that the caller received.
  offered: () => false,
  run: async ({ alert: question }, pressed, deps) => {
    const alertId = question.mergedInto ?? question.id;
    const press = { ...pressed, alertId };
    const { asked } = question.triage;
    if (!asked || asked.userId !== press.by.id) throw new Refusal(t`Someone else was asked this question.`);
    const given = press.input?.answer as NonNullable<Asked['answer']>;
    const note = (await redact(plainLine(press.input?.note, 500))).text;
    await record(press, deps, (current) => {
      const before = current.triage.asked;
      if (before?.answer)
        throw new Refusal(t`You already answered ${before.answer}. Only the first answer counts.`);
      return { asked: { ...asked, answer: given, answeredAt: press.at, ...(note ? { note } : {}) } };
    });
    await deps.rescore(alertId);
    if (given === 'no') await deps.page(alertId, t`${asked.name} says it was not them`);
    if (deps.answersThatClose.includes(given)) await closeAsExpected(alertId, asked.name, given, press, deps);
    return t`Thank you. The security team can see your answer.`;
  },
});

async function closeAsExpected(
  alertId: string,
  name: string,
  answer: string,
  press: PressJob,
  { store, show }: ActionDeps,
): Promise<void> {
  const by = runwatchActor;
  await store.alerts.update(alertId, (alert) => {
    if (!alert || alert.state === 'closed') return null;
    const note = t`${plainLine(name, 80)} answered ${translate(answer)}, which closes alerts by configuration`;
    const closed = close(alert, 'expected', { by, at: press.at, note });
    return { alert: closed, audit: [{ ...auditOf({ ...press, action: 'close', by }, alert, 'done', note) }] };
  });
  await show(alertId);
}
