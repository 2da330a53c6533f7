import { z } from 'zod';
import type { ClosedAs } from '../../domain/alerts/alert';
import { close, Refusal, reopen } from '../../domain/alerts/transitions';
import type { AlertView } from '../../domain/measures/alert-view';
import { isHeld } from '../../domain/measures/measure';
import { phrase, t, translate } from '../../domain/text/translate';
import type { AlertAction } from '../action';
import { longText } from '../input';
import { changeState } from '../record';
import { defineAction, kindOf } from '../registry';

const reasons: readonly { value: ClosedAs; label: string }[] = [
  { value: phrase('benign'), label: phrase('Benign: nothing was wrong') },
  { value: phrase('expected'), label: phrase('Expected: announced or routine') },
  { value: phrase('true positive'), label: phrase('True positive: it was an attack') },
];
const maxNames = 5;

/** The measures that stay in force after closing, such as "Isolate on vm-web-01, vm-web-02 and 22 more". */
export function measuresInForce({ measures }: AlertView): string[] {
  const byKind = new Map<string, string[]>();
  for (const { kind, name } of measures.filter(isHeld)) byKind.set(kind, [...(byKind.get(kind) ?? []), name]);
  return [...byKind].map(([kind, names]) => {
    const more = names.length > maxNames ? t` and ${names.length - maxNames} more` : '';
    return t`${translate(kindOf(kind)?.name ?? kind)} on ${names.slice(0, maxNames).join(', ')}${more}`;
  });
}

defineAction<AlertAction>({
  about: 'alert',
  id: 'close',
  group: 'triage',
  name: phrase('Close'),
  label: phrase('Close…'),
  summary: phrase(
    'Closes it as benign, expected or a true positive, with a note. The dialog lists the measures that stay in force. They can be undone after closing.',
  ),
  order: 70,
  often: true,
  right: 'triage',
  confirm: {
    title: ({ alert }) => t`Close ${alert.id}?`,
    text: (view) => {
      const held = measuresInForce(view);
      return held.length > 0
        ? t`Stays in force: ${held.join('; ')}. You can undo this after closing.`
        : t`It can be reopened.`;
    },
    yes: phrase('Close'),
  },
  fields: () => [
    {
      id: 'as',
      label: t`As`,
      value: '',
      kind: 'choice',
      choices: reasons.map(({ value, label }) => ({ value, label: translate(label) })),
      optional: false,
    },
    { id: 'note', label: t`Why`, value: '', kind: 'long', optional: true },
  ],
  input: z.strictObject({
    as: z.enum(reasons.map(({ value }) => value) as [ClosedAs, ...ClosedAs[]]).optional(),
    note: longText.optional(),
  }),
  permissions: [],
  offered: ({ alert }) => alert.state !== 'closed',
  run: (_, press, deps) => {
    const as = reasons.find(({ value }) => value === press.input?.as)?.value;
    if (!as) throw new Refusal(t`Choose why it is closed: benign, expected or true positive.`);
    return changeState(press, deps, (alert, move) => close(alert, as, move));
  },
});

defineAction<AlertAction>({
  about: 'alert',
  id: 'reopen',
  group: 'triage',
  name: phrase('Reopen'),
  label: phrase('Reopen'),
  summary: phrase('Reopens it as acknowledged.'),
  order: 90,
  often: true,
  right: 'triage',
  whenClosed: true,
  permissions: [],
  offered: ({ alert }) => alert.state === 'closed' && !alert.mergedInto,
  run: (_, press, deps) => changeState(press, deps, reopen),
});
