import { investigate } from '../../domain/alerts/transitions';
import type { AlertAction } from '../action';
import { changeState } from '../record';
import { defineAction } from '../registry';

/** Says that somebody looks into it. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'investigate',
  group: 'triage',
  name: 'Investigate',
  label: 'Investigate',
  summary: 'Says that somebody is looking into it.',
  order: 110,
  right: 'triage',
  sameRightAs: 'assign',
  permissions: [],
  offered: ({ alert }) => alert.state === 'new' || alert.state === 'acknowledged',
  run: (_, press, deps) => changeState(press, deps, investigate),
});
