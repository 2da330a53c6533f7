import { z } from 'zod';
import { Refusal } from '../../domain/alerts/transitions';
import { phrase, t, translate } from '../../domain/text/translate';
import type { AlertAction, CheckedPress } from '../action';
import { auditOf } from '../audit-of';
import { shortText, someOf } from '../input';
import { actionOf, defineAction } from '../registry';
import { isOneMachine, targetWords } from '../targets';

const choices = [
  { value: 'lock', label: phrase('Lock it: no more run commands') },
  { value: 'detach_ip', label: phrase('Detach its public IPs') },
  { value: 'restart', label: phrase('Restart it to end open sessions: memory is lost') },
  { value: 'deallocate', label: phrase('Stop it: nothing runs, memory is lost') },
];
/** Run in this order: the lock must come last, because it blocks the other changes. */
const partOrder = ['isolate', 'detach_ip', 'restart', 'deallocate', 'lock'];

const partsOf = (input: Record<string, unknown>): string[] => {
  const chosen = String(input.also ?? '').split(',');
  return partOrder.filter((id) => id === 'isolate' || chosen.includes(id));
};

/** Isolates and runs the selected actions. Each part has its own audit entries and its own undo. */
defineAction<AlertAction>({
  about: 'alert',
  id: 'isolate_with',
  group: 'contain',
  name: phrase('Isolate with options'),
  label: phrase('Isolate with options…'),
  order: 210,
  style: 'danger',
  right: 'responder',
  confirm: {
    title: (view) => t`Isolate ${targetWords(view)}?`,
    text: phrase(
      'Attaches a deny-all security group to every interface and runs the selected actions. Each can be undone separately, except a restart.',
    ),
    yes: phrase('Isolate'),
  },
  fields: () => [
    {
      id: 'also',
      label: t`Also`,
      value: '',
      kind: 'checks',
      choices: choices.map(({ value, label }) => ({ value, label: translate(label) })),
      optional: true,
    },
    {
      id: 'keep',
      label: t`Keep reachable from`,
      hint: t`An IP address or range for forensics, e.g. 203.0.113.0/28`,
      value: '',
      kind: 'text',
      optional: true,
    },
  ],
  input: z.strictObject({
    also: someOf(choices.map(({ value }) => value)).optional(),
    keep: shortText.optional(),
  }),
  permissions: [],
  parts: partsOf,
  offered: (view, now) => isOneMachine(view) && partOf('isolate').offered(view, now),
  run: async (_, press, deps) => {
    const answers: string[] = [];
    let done = 0;
    for (const id of partsOf(press.input ?? {})) {
      const alert = await deps.store.alerts.get(press.alertId);
      if (!alert) return null;
      const own: CheckedPress = {
        ...press,
        action: id,
        pressId: `${press.pressId}.${id}`,
        input: id === 'isolate' ? { keep: press.input?.keep } : {},
      };
      try {
        const answer = await partOf(id).run(await deps.store.measures.viewOf(alert), own, deps);
        if (answer) answers.push(answer);
        done++;
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        answers.push(`${partOf(id).name}: ${error.message}`);
        await deps.store.audit.append([auditOf(own, alert, 'refused', error.message)], own.pressId);
      }
    }
    if (done === 0) throw new Refusal(answers.join('\n'));
    return answers.length > 0 ? answers.join('\n') : null;
  },
});

const partOf = (id: string) => actionOf(id) as AlertAction;
