import { z } from 'zod';
import { assign, Refusal } from '../../domain/alerts/transitions';
import type { Presser } from '../../domain/people/person';
import { plainLine } from '../../domain/text/plain-text';
import type { AlertAction } from '../action';
import { shortText } from '../input';
import { changeState } from '../record';
import { defineAction } from '../registry';

/** Takes the alert for whoever presses. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'assign',
  group: 'triage',
  name: 'Assign to me',
  label: 'Assign to me',
  summary: 'Takes the alert for you.',
  order: 120,
  often: true,
  right: 'triage',
  permissions: [],
  offered: ({ alert }) => alert.state !== 'closed',
  run: (_, press, deps) => changeState(press, deps, (alert, by) => assign(alert, by.by, by)),
});

/** Gives the alert to somebody else, and tells them. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'assign_to',
  group: 'triage',
  name: 'Assign',
  label: 'Assign to…',
  summary: 'Gives it to somebody else, who is told in a direct message.',
  order: 130,
  right: 'triage',
  sameRightAs: 'assign',
  confirm: { title: 'Assign', text: 'They are told in a direct message.', yes: 'Assign' },
  fields: () => [{ id: 'person', label: 'To', value: '', kind: 'person', optional: false }],
  input: z.strictObject({ person: shortText.min(1) }),
  permissions: [],
  offered: ({ alert }) => alert.state !== 'closed',
  run: async (_, press, deps) => {
    const given = plainLine(press.input?.person, 100);
    if (!given) throw new Refusal('Choose somebody to assign it to.');
    const person: Presser = await deps.personOf(press.by.surface, given);
    await changeState(press, deps, (alert, by) => assign(alert, person, by));
    await deps.tell(person, `${press.by.name} assigned ${press.alertId} to you.`, press.pressId);
    return null;
  },
});
