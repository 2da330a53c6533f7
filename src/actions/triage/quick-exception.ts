import { Refusal, reopen } from '../../domain/alerts/transitions';
import type { Exception } from '../../domain/exceptions/exception';
import { readyExceptions } from '../../domain/exceptions/ready-exceptions';
import { shortDigest } from '../../domain/text/short-digest';
import type { AlertAction } from '../action';
import { auditOf } from '../audit-of';
import { aChoice } from '../input';
import { withPress } from '../record';
import { defineAction } from '../registry';
import { assess } from './add-exception';
import { saveException } from './save-exception';

const day = 86_400_000;

/** Saves a ready-made exception at once, the presser as its owner, and closes the alert; Undo takes both back. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'quick_exception',
  group: 'triage',
  name: 'Exception',
  label: 'Except…',
  summary:
    'One press: this caller on this machine for a day, a week or a month, or this script anywhere. It does not suppress critical scores.',
  order: 75,
  often: true,
  right: 'responder',
  sameRightAs: 'add_exception',
  choices: ({ alert }) => readyExceptions(alert).map(({ id, label }) => ({ value: id, label })),
  input: aChoice,
  permissions: [],
  offered: ({ alert }) => alert.state !== 'closed' && readyExceptions(alert).length > 0,
  run: async ({ alert }, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const ready = readyExceptions(alert).find((candidate) => candidate.id === press.input?.choice);
    if (!ready) throw new Refusal('That exception does not fit this alert any more.');
    if (alert.state === 'closed') throw new Refusal(`${alert.id} is closed already.`);
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
        `One person may not add it: ${needsApproval}. Use Add exception, where a second can approve.`,
      );
    await saveException(exception, ready.label, press, deps, { quickException: exception.id });
    return null;
  },
});

/** Takes back the exception that was saved by one press, and opens the alert again. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'undo_exception',
  group: 'triage',
  name: 'Undo exception',
  label: 'Undo exception',
  summary: 'Removes that exception and opens the alert again.',
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
    if (!id) throw new Refusal('There is no exception to undo.');
    const audit = { ...auditOf(press, alert, 'done'), object: id };
    await store.exceptions.remove(id, [audit], press.pressId);
    await store.alerts.update(press.alertId, (current) => {
      if (!current || current.pressesDone.includes(press.pressId)) return null;
      const opened =
        current.state === 'closed'
          ? reopen(current, { by: press.by, at: press.at, note: `exception ${id} undone` })
          : current;
      return {
        alert: withPress({ ...opened, triage: { ...opened.triage, quickException: null } }, press),
      };
    });
    await show(press.alertId);
    return null;
  },
});
