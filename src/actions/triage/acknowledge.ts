import { acknowledge } from '../../domain/alerts/transitions';
import type { AlertAction } from '../action';
import { changeState } from '../record';
import { defineAction } from '../registry';

defineAction<AlertAction>({
  about: 'alert',
  id: 'acknowledge',
  group: 'triage',
  name: 'Acknowledge',
  label: 'Acknowledge',
  summary: 'Shows everyone that you are handling it, and since when.',
  order: 10,
  often: true,
  style: 'primary',
  right: 'triage',
  permissions: [],
  offered: ({ alert }) => alert.state === 'new',
  run: (_, press, deps) => changeState(press, deps, acknowledge),
});
