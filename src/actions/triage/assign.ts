import { z } from 'zod';
import { assign, Refusal } from '../../domain/alerts/transitions';
import type { Presser } from '../../domain/people/person';
import { plainLine } from '../../domain/text/plain-text';
import { phrase, t } from '../../domain/text/translate';
import type { AlertAction } from '../action';
import { shortText } from '../input';
import { changeState } from '../record';
import { defineAction } from '../registry';

/** Assigns the alert to the presser. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'assign',
  group: 'triage',
  name: phrase('Assign to me'),
  label: phrase('Assign to me'),
  summary: phrase('Assigns the alert to you.'),
  order: 120,
  often: true,
  right: 'triage',
  permissions: [],
  offered: ({ alert }) => alert.state !== 'closed',
  run: (_, press, deps) => changeState(press, deps, (alert, by) => assign(alert, by.by, by)),
});

/** Assigns the alert to someone else and notifies them. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'assign_to',
  group: 'triage',
  name: phrase('Assign'),
  label: ({ alert }) => (alert.assignee ? t`Reassign…` : t`Assign to…`),
  summary: phrase('Assigns it to someone else and sends them a direct message.'),
  order: 130,
  right: 'triage',
  sameRightAs: 'assign',
  confirm: {
    title: phrase('Assign'),
    text: phrase('Runwatch sends them a direct message.'),
    yes: phrase('Assign'),
  },
  fields: () => [{ id: 'person', label: t`To`, value: '', kind: 'person', optional: false }],
  input: z.strictObject({ person: shortText.min(1) }),
  permissions: [],
  offered: ({ alert }) => alert.state !== 'closed',
  run: async (_, press, deps) => {
    const given = plainLine(press.input?.person, 100);
    if (!given) throw new Refusal(t`Choose a person to assign it to.`);
    const person: Presser = await deps.personOf(press.by.surface, given);
    await changeState(press, deps, (alert, by) => assign(alert, person, by));
    await deps.tell(person, t`${press.by.name} assigned ${press.alertId} to you.`, press.pressId);
    return null;
  },
});
