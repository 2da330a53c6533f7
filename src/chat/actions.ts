import { type Alert, summarize } from '../alerts/alert';
import { declarations, offered, titleOf } from '../alerts/declarations';
import { plainLine } from '../alerts/plain-text';
import { readyExceptions } from '../alerts/ready-exceptions';
import { scopeLabel } from '../alerts/scope-label';
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
  const { target, machines } = summarize(alert);
  const name = plainLine(target.name, 60);
  const needs = responders ? '' : ' (no responders set)';
  if (alert.state === 'closed') {
    const undo: Action[] = alert.measures.quickException
      ? [{ id: 'undo_exception', label: 'Undo exception' }]
      : [];
    return [...undo, { id: 'reopen', label: 'Reopen' }];
  }
  const actions: Action[] = [];
  if (alert.state === 'new') actions.push({ id: 'acknowledge', label: 'Acknowledge', style: 'primary' });
  const isolated = alert.isolation?.status === 'isolated' || alert.isolation?.status === 'isolating';
  if (isolated || alert.isolation?.status === 'releasing') {
    actions.push({
      id: 'release',
      label: `Release${needs}`,
      confirm: {
        title: `Release ${name}?`,
        text: 'Puts back on every interface exactly the security group that was there before.',
        yes: 'Release',
      },
    });
  }
  if ((!isolated || alert.activity?.failed) && alert.isolation?.status !== 'releasing') {
    const all = machines > 1 ? `all ${machines} machines` : name;
    actions.push({
      id: 'isolate',
      label: `${machines > 1 ? 'Isolate all' : 'Isolate'}…${needs}`,
      style: 'danger',
      confirm: {
        title: `Isolate ${all}?`,
        text: 'Attaches a deny-all security group to every interface. It does not end sessions already open, and does not stop further run commands. Release puts back what was there.',
        yes: 'Isolate',
      },
    });
    if (machines === 1) actions.push(isolateWith(name, needs));
  }
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
  if (machines === 1) actions.push(...machineActions(alert, name, needs));
  actions.push(...roleActions(alert, needs));
  for (const declared of offered(alert)) {
    const { action: id, label, asks: text, yes, danger, fields = [] } = declared;
    const form = () => fields.map((field): Field => ({ ...field, value: '', kind: 'text', optional: true }));
    actions.push({
      id,
      label: `${label}${needs}`,
      ...(danger ? { style: 'danger' as const } : {}),
      ...(fields.length > 0 ? { form } : {}),
      confirm: { title: titleOf(declared, alert), text, yes },
      minor: true,
    });
  }
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

function machineActions(alert: Alert, name: string, needs: string): Action[] {
  const { lock, snapshots } = alert.measures;
  const locking: Action =
    lock?.status === 'locked'
      ? {
          id: 'unlock',
          label: `Unlock${needs}`,
          confirm: {
            title: `Unlock ${name}?`,
            text: 'Removes the lock that this alert put on.',
            yes: 'Unlock',
          },
        }
      : {
          id: 'lock',
          label: `Lock…${needs}`,
          confirm: {
            title: `Lock ${name}?`,
            text: 'A ReadOnly lock refuses every change and every run command, for everyone who may not delete locks. It does not end what already runs.',
            yes: 'Lock',
          },
        };
  if (snapshots?.length && snapshots.every((s) => s.done)) return [locking];
  const confirm = {
    title: `Snapshot ${name}?`,
    text: 'Takes an incremental snapshot of every disk, tagged and locked against deletion. It does not keep memory.',
    yes: 'Snapshot',
  };
  return [locking, { id: 'snapshot', label: `Snapshot…${needs}`, confirm }];
}

function roleActions(alert: Alert, needs: string): Action[] {
  const { revocation } = alert.measures;
  if (revocation?.status === 'revoked' || revocation?.status === 'revoking') {
    return [
      {
        id: 'restore_role',
        label: `Restore role${needs}`,
        confirm: {
          title: 'Restore the role?',
          text: `Puts back ${plainLine(revocation.role, 80)} for the same principal at the same scope.`,
          yes: 'Restore',
        },
      },
    ];
  }
  const { grant, group } = alert.facts.access ?? {};
  if (!grant?.assignmentId || !grant.scope) return [];
  const others = group
    ? ` It hits everyone in group ${plainLine(group.name, 60)}${group.members === null ? '' : ` (${group.members} members)`}.`
    : '';
  return [
    {
      id: 'revoke_role',
      label: `Revoke role…${needs}`,
      style: 'danger',
      confirm: {
        title: 'Revoke the role?',
        text: `Removes ${plainLine(grant.role, 60)} at ${scopeLabel(grant.scope)}.${others} Tokens already issued may work for some minutes.`,
        yes: 'Revoke',
      },
    },
  ];
}

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

const isolateWith = (name: string, needs: string): Action => ({
  id: 'isolate_with',
  label: `Isolate with more…${needs}`,
  form: () => [
    {
      id: 'also',
      label: 'Also',
      value: '',
      kind: 'checks',
      choices: [
        { value: 'lock', label: 'Lock it: no further run command' },
        { value: 'detach_ip', label: 'Detach its public addresses' },
        { value: 'restart', label: 'End open sessions by a restart: memory is lost' },
        { value: 'deallocate', label: 'Stop it: nothing runs, memory is lost' },
      ],
      optional: true,
    },
    {
      id: 'keep',
      label: 'Keep reachable from',
      hint: 'An address or range for forensics, e.g. 203.0.113.0/28',
      value: '',
      kind: 'text',
      optional: true,
    },
  ],
  confirm: {
    title: `Isolate ${name}`,
    text: 'Attaches a deny-all security group to every interface, and does what is ticked. Each part can be undone by itself, but for a restart.',
    yes: 'Isolate',
  },
  minor: true,
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
