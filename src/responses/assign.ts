import type { Presser } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { assign as move, Refusal } from '../alerts/transitions';
import { changeState } from './change-state';
import type { Response } from './response';

/** Takes the alert for whoever presses. */
export const assign: Response = {
  action: 'assign',
  title: 'Assign to me',
  needs: 'triage',
  permissions: [],
  run: (_, press, deps) => changeState(press, deps, (alert, by) => move(alert, by.by, by)),
};

/** Gives the alert to somebody else, and tells them. */
export const assignTo: Response = {
  action: 'assign_to',
  title: 'Assign',
  needs: 'triage',
  permissions: [],
  run: async (_, press, deps) => {
    const given = plainLine(press.input?.person, 100);
    if (!given) throw new Refusal('Choose somebody to assign it to.');
    const person: Presser = await deps.personOf(press.by.surface, given);
    await changeState(press, deps, (alert, by) => move(alert, person, by));
    await deps.tell(person, `${press.by.name} assigned ${press.alertId} to you.`, press.pressId);
    return null;
  },
};
