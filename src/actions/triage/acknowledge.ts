import { acknowledge } from '../../domain/alerts/transitions';
import { phrase } from '../../domain/text/translate';
import type { AlertAction } from '../action';
import { changeState } from '../record';
import { defineAction } from '../registry';

defineAction<AlertAction>({
  about: 'alert',
  id: 'acknowledge',
  group: 'triage',
  name: phrase('Acknowledge'),
  label: phrase('Acknowledge'),
  summary: phrase('Shows everyone that you are handling it, and since when.'),
  order: 10,
  often: true,
  style: 'primary',
  right: 'triage',
  permissions: [],
  offered: ({ alert }) => alert.state === 'new',
  run: (_, press, deps) => changeState(press, deps, acknowledge),
});
