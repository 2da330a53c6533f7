import { shortDigest } from '../alerts/digest';
import type { Exception } from '../alerts/exception';
import { assessException } from '../alerts/exception-policy';
import { readyExceptions } from '../alerts/ready-exceptions';
import { Refusal, reopen } from '../alerts/transitions';
import { recentAlerts } from './add-exception';
import { auditOf } from './audit-of';
import { withPress } from './change-state';
import type { Response } from './response';
import { saveException } from './save-exception';

const day = 86_400_000;

/** Saves a ready-made exception at once, the presser as its owner, and closes the alert; Undo takes both back. */
export const quickException: Response = {
  action: 'quick_exception',
  title: 'Exception',
  needs: 'responder',
  permissions: [],
  run: async (alert, press, deps) => {
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
    const { refused, needsApproval } = assessException(exception, {
      now: Date.parse(press.at),
      maxDays: deps.maxExceptionDays,
      alerts: await recentAlerts(deps),
      by: press.by,
    });
    if (refused) throw new Refusal(`${refused}.`);
    if (needsApproval)
      throw new Refusal(
        `One person may not add it: ${needsApproval}. Use Add exception, where a second can confirm.`,
      );
    await saveException(exception, ready.label, press, deps, { quickException: exception.id });
    return null;
  },
};

/** Takes back the exception that was saved by one press, and opens the alert again. */
export const undoException: Response = {
  action: 'undo_exception',
  title: 'Undo exception',
  needs: 'responder',
  permissions: [],
  run: async (alert, press, { store, show }) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const id = alert.measures.quickException;
    if (!id) throw new Refusal('There is no exception to undo.');
    await store.exceptions.remove(id);
    await store.alerts.update(press.alertId, (current) => {
      if (!current || current.pressesDone.includes(press.pressId)) return null;
      const opened =
        current.state === 'closed'
          ? reopen(current, { by: press.by, at: press.at, note: `exception ${id} undone` })
          : current;
      return {
        alert: withPress({ ...opened, measures: { ...opened.measures, quickException: null } }, press),
        audit: [{ ...auditOf(press, current, 'done'), object: id }],
      };
    });
    await show(press.alertId);
    return null;
  },
};
