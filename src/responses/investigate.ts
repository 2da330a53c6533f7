import { investigate as move } from '../alerts/transitions';
import { changeState } from './change-state';
import type { Response } from './response';

/** Says that somebody looks into it. */
export const investigate: Response = {
  action: 'investigate',
  title: 'Investigate',
  needs: 'triage',
  permissions: [],
  run: (_, press, deps) => changeState(press, deps, (alert, by) => move(alert, by)),
};
