import { assign as move } from '../alerts/transitions';
import { changeState } from './change-state';
import type { Response } from './response';

/** Takes the alert for whoever presses. */
export const assign: Response = {
  action: 'assign',
  title: 'Assign to me',
  needs: 'triage',
  permissions: [],
  run: (_, press, deps) => changeState(press, deps, (alert, by) => move(alert, by)),
};
