import { investigate } from '../../domain/alerts/transitions';
import { phrase } from '../../domain/text/translate';
import type { AlertAction } from '../action';
import { changeState } from '../record';
import { defineAction } from '../registry';

defineAction<AlertAction>({
  about: 'alert',
  id: 'investigate',
  group: 'triage',
  name: phrase('Investigate'),
  label: phrase('Investigate'),
  summary: phrase('Shows that someone is investigating.'),
  order: 110,
  right: 'triage',
  sameRightAs: 'assign',
  permissions: [],
  offered: ({ alert }) => alert.state === 'new' || alert.state === 'acknowledged',
  run: (_, press, deps) => changeState(press, deps, investigate),
});
