import { acknowledge as move } from '../alerts/transitions';
import { changeState } from './change-state';
import type { Response } from './response';

export const acknowledge: Response = {
  action: 'acknowledge',
  title: 'Acknowledge',
  needs: 'triage',
  permissions: [],
  run: (_, press, deps) => changeState(press, deps, (alert, by) => move(alert, by)),
};
