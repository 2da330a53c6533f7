import { type Alert, summarize } from '../alerts/alert';
import { type Declaration, type DeclaredField, declarations, offered, wordsOf } from '../alerts/declarations';
import { readyExceptions } from '../alerts/ready-exceptions';
import type { ActionId } from '../config';
import { exceptionForm } from './exception-form';
import type { Field } from './form';

/** Something to press below an alert. */
export interface Action {
  id: ActionId;
  label: string;
  style?: 'primary' | 'danger';
  /** What to fill in; as it stands it does the plain action. Made when it is opened. */
  form?: () => Field[];
  /** What to choose from; the choice's value goes with the press. */
  choices?: { value: string; label: string }[];
  /** What is asked before it is done. */
  confirm?: { title: string; text: string; yes: string };
  /** Seldom pressed: a surface may fold it away. */
  minor?: true;
}

/** Most pressed first: a surface may fold what comes after the sixth. */
const order: readonly ActionId[] = [
  'acknowledge',
  'confirm_exception',
  'ask_caller',
  'release',
  'isolate',
  'add_exception',
  'close',
  'quick_exception',
  'undo_exception',
  'reopen',
  'investigate',
  'assign',
  'assign_to',
  'show_roles',
  'unlock',
  'lock',
  'restore_role',
  'revoke_role',
  'snapshot',
  'escalate',
  'isolate_with',
  'watch',
  'unwatch',
  'review_access',
  ...declarations.map(({ action }) => action),
  'add_note',
];

/** What may be pressed as the alert stands, most pressed first. */
export function actionsOf(alert: Alert, responders: boolean): Action[] {
  return possible(alert, responders).sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id));
}

function possible(alert: Alert, responders: boolean): Action[] {
  const needs = responders ? '' : ' (no responders set)';
  if (alert.state === 'closed') {
    const undo: Action[] = alert.measures.quickException
      ? [{ id: 'undo_exception', label: 'Undo exception' }]
      : [];
    return [...undo, { id: 'reopen', label: 'Reopen' }];
  }
  const actions: Action[] = [];
  if (alert.state === 'new') actions.push({ id: 'acknowledge', label: 'Acknowledge', style: 'primary' });
  if (!alert.measures.asked) actions.push({ id: 'ask_caller', label: 'Ask the caller' });
  if (alert.state === 'new' || alert.state === 'acknowledged')
    actions.push({ id: 'investigate', label: 'Investigate', minor: true });
  actions.push({ id: 'assign', label: 'Assign to me' }, assignTo, addNote);
  if (alert.measures.pendingException)
    actions.push({
      id: 'confirm_exception',
      label: `Confirm exception${needs}`,
      confirm: {
        title: 'Confirm the exception?',
        text: `It is broad: ${alert.measures.pendingException.why}.`,
        yes: 'Confirm',
      },
    });
  actions.push({ id: 'show_roles', label: 'Show roles' });
  for (const declared of offered(alert)) actions.push(actionOf(declared, alert, needs));
  actions.push(alert.measures.watch ? unwatch : watch(alert), reviewAccess);
  actions.push({
    id: 'escalate',
    label: 'Escalate',
    confirm: {
      title: `Escalate ${alert.id}?`,
      text: 'Opens an incident where RUNWATCH_CONFIG says.',
      yes: 'Escalate',
    },
  });
  const ready = readyExceptions(alert).map(({ id, label }) => ({ value: id, label }));
  if (ready.length > 0) actions.push({ id: 'quick_exception', label: `Except…${needs}`, choices: ready });
  actions.push({
    id: 'add_exception',
    label: `Add exception…${needs}`,
    form: () => exceptionForm(alert, { surface: 'runwatch', id: '', name: '' }, Date.parse(alert.updatedAt)),
    confirm: { title: 'Add exception', text: 'All that is given must hold.', yes: 'Save' },
  });
  actions.push(closeForm(alert));
  return actions;
}

function actionOf(declared: Declaration, alert: Alert, needs: string): Action {
  const { action: id, yes, danger, often, fields } = declared;
  const { button, title, asks } = wordsOf(declared, alert);
  return {
    id,
    label: `${button}${needs}`,
    ...(danger ? { style: 'danger' } : {}),
    ...(fields ? { form: () => fields.map(fieldOf) } : {}),
    confirm: { title, text: asks, yes },
    ...(often ? {} : { minor: true }),
  };
}

const fieldOf = ({ choices, many, ...field }: DeclaredField): Field => ({
  ...field,
  value: many ? '' : (choices?.[0]?.value ?? ''),
  kind: many ? 'checks' : choices ? 'choice' : 'text',
  ...(choices ? { choices: [...choices] } : {}),
  optional: true,
});

const assignTo: Action = {
  id: 'assign_to',
  label: 'Assign to…',
  form: () => [{ id: 'person', label: 'To', value: '', kind: 'person', optional: false }],
  confirm: { title: 'Assign', text: 'They are told in a direct message.', yes: 'Assign' },
  minor: true,
};

const addNote: Action = {
  id: 'add_note',
  label: 'Add note…',
  form: () => [{ id: 'text', label: 'Note', value: '', kind: 'long', optional: false }],
  confirm: { title: 'Add a note', text: 'It stands in the thread and in the audit trail.', yes: 'Add' },
  minor: true,
};

const closeForm = ({ id }: Alert): Action => ({
  id: 'close',
  label: 'Close…',
  form: () => [
    {
      id: 'as',
      label: 'As',
      value: 'benign',
      kind: 'choice',
      choices: [
        { value: 'benign', label: 'Benign: nothing was wrong' },
        { value: 'expected', label: 'Expected: it was announced or routine' },
        { value: 'true positive', label: 'True positive: it was an attack' },
      ],
      optional: false,
    },
    { id: 'note', label: 'Why', value: '', kind: 'long', optional: true },
  ],
  confirm: { title: `Close ${id}`, text: 'It can be reopened.', yes: 'Close' },
});

const watch = (alert: Alert): Action => ({
  id: 'watch',
  label: 'Watch…',
  form: () => [
    {
      id: 'who',
      label: 'Watch',
      value: 'caller',
      kind: 'checks',
      choices: [
        { value: 'caller', label: 'The caller' },
        ...(summarize(alert).machines === 1 ? [{ value: 'machine', label: 'The machine' }] : []),
        ...(alert.facts.script?.sha256 ? [{ value: 'script', label: 'The script, anywhere' }] : []),
      ],
      optional: true,
    },
    { id: 'days', label: 'Days', value: '7', kind: 'text', optional: false },
  ],
  confirm: {
    title: 'Watch',
    text: 'Everything that they do in the control plane comes into the thread, and their alerts score higher.',
    yes: 'Watch',
  },
  minor: true,
});

const unwatch: Action = { id: 'unwatch', label: 'Stop watching', minor: true };

const reviewAccess: Action = {
  id: 'review_access',
  label: 'Review access',
  minor: true,
};
