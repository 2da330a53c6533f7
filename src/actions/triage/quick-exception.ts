import { Refusal, reopen } from '../../domain/alerts/transitions';
import type { Exception } from '../../domain/exceptions/exception';
import { presetExceptions } from '../../domain/exceptions/preset-exceptions';
import { shortDigest } from '../../domain/text/short-digest';
import { phrase, t } from '../../domain/text/translate';
import type { AlertAction } from '../action';
import { auditOf } from '../audit-of';
import { choiceInput } from '../input';
import { withPress } from '../record';
import { defineAction } from '../registry';
import { assess } from './add-exception';
import { saveException } from './save-exception';

const day = 86_400_000;

/** Saves a preset exception owned by the presser, and closes the alert. Undo reverts both. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'quick_exception',
  group: 'triage',
  name: phrase('Exception'),
  label: phrase('Quick exception…'),
  summary: phrase(
    'Saves a preset exception: this caller on this machine for a day, a week or a month, or this script anywhere, or like alerts that were closed as benign. It doesn’t suppress critical alerts.',
  ),
  order: 75,
  often: true,
  right: 'responder',
  sameRightAs: 'add_exception',
  choices: ({ alert }) => presetExceptions(alert).map(({ id, label }) => ({ value: id, label })),
  input: choiceInput,
  permissions: [],
  offered: ({ alert }) => alert.state !== 'closed' && presetExceptions(alert).length > 0,
  run: async ({ alert }, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const ready = presetExceptions(alert).find((candidate) => candidate.id === press.input?.choice);
    if (!ready) throw new Refusal(t`That exception no longer fits this alert.`);
    if (alert.state === 'closed') throw new Refusal(t`${alert.id} is already closed.`);
    const owner = press.by.email ?? press.by.name;
    const exception: Exception = {
      id: `ex-${shortDigest(press.pressId).toLowerCase()}`,
      match: { ...ready.match, ...(press.allowedIn ? { subscription: [...press.allowedIn] } : {}) },
      reason: ready.reason,
      owner,
      expires: new Date(Date.parse(press.at) + ready.days * day).toISOString(),
      createdBy: owner,
      createdAt: press.at,
    };
    const { refused, needsApproval } = await assess(exception, press, deps);
    if (refused) throw new Refusal(`${refused}.`);
    if (needsApproval)
      throw new Refusal(
        t`This needs a second person's approval: ${needsApproval}. Use Add exception to request it.`,
      );
    await saveException(exception, ready.label, press, deps, { quickException: exception.id });
    return null;
  },
});

/** Removes the exception that a quick exception saved, and reopens the alert. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'undo_exception',
  group: 'triage',
  name: phrase('Undo exception'),
  label: phrase('Undo exception'),
  summary: phrase('Removes the exception and reopens the alert.'),
  order: 80,
  often: true,
  right: 'responder',
  sameRightAs: 'add_exception',
  undoes: 'quick_exception',
  whenClosed: true,
  permissions: [],
  offered: ({ alert }) => alert.state === 'closed' && Boolean(alert.triage.quickException),
  run: async ({ alert }, press, { store, show }) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const id = alert.triage.quickException;
    if (!id) throw new Refusal(t`There is no exception to undo.`);
    const audit = { ...auditOf(press, alert, 'done'), object: id };
    await store.exceptions.remove(id, [audit], press.pressId);
    await store.alerts.update(press.alertId, (current) => {
      if (!current || current.pressesDone.includes(press.pressId)) return null;
      const opened =
        current.state === 'closed'
          ? reopen(current, { by: press.by, at: press.at, note: t`exception ${id} undone` })
          : current;
      return {
        alert: withPress({ ...opened, triage: { ...opened.triage, quickException: null } }, press),
      };
    });
    await show(press.alertId);
    return null;
  },
});
