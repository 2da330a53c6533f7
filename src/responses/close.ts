import type { ClosedAs } from '../alerts/alert';
import { close as closeMove, reopen as reopenMove } from '../alerts/transitions';
import { changeState } from './change-state';
import type { Response } from './response';

const reasons: readonly ClosedAs[] = ['true positive', 'benign', 'expected'];

export const close: Response = {
  action: 'close',
  title: 'Close',
  needs: 'triage',
  permissions: [],
  run: (_, press, deps) => {
    const as = reasons.find((reason) => reason === press.input?.as) ?? 'benign';
    return changeState(press, deps, (alert, move) => closeMove(alert, as, move));
  },
};

export const reopen: Response = {
  action: 'reopen',
  title: 'Reopen',
  needs: 'triage',
  permissions: [],
  run: (_, press, deps) => changeState(press, deps, (alert, move) => reopenMove(alert, move)),
};
