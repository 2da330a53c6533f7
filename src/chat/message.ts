import { type Alert, summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { readyExceptions } from '../alerts/ready-exceptions';
import { scopeLabel } from '../alerts/scope-label';
import { lastChange } from '../alerts/transitions';
import type { ActionId } from '../config';
import { exceptionForm, type FormField } from './exception-form';
import { factsOf } from './fact-lines';
import { type ThreadPart, threadOf } from './thread';

/**
 * Words in a line: plain text that a surface escapes, bold text, code, a time that a surface shows in the reader's zone,
 * or counts a day that it draws.
 */
export type Inline = string | { bold: string } | { time: string } | { code: string } | { bar: number[] };

export interface Fact {
  label: string;
  value: Inline[];
}

export interface Action {
  id: ActionId;
  label: string;
  style?: 'primary' | 'danger';
  /** What to fill in, where a surface has no dialog of its own for it. */
  form?: FormField[];
  /** What to choose from; the choice's value goes with the press. */
  choices?: { value: string; label: string }[];
  /** What is asked before it is done. */
  confirm?: { title: string; text: string; yes: string };
}

/** What a message says, for every surface: how bad, who did what to what, how they could, what is odd, what to press. */
export interface MessageModel {
  alertId: string;
  severity: Alert['severity'];
  score: number;
  /** "Run command on vm-pay-01". */
  title: string;
  headline: Inline[];
  facts: Fact[];
  /** Present state, one line each: acknowledged by whom, isolated, under way. */
  status: Inline[][];
  actions: Action[];
  closed: boolean;
  /** What hangs below it; empty when nothing does. */
  thread: ThreadPart[];
  /** One line without any markup, for notifications. */
  summary: string;
}

export interface MessageOptions {
  /** False when no responder is configured: the buttons that need one say so. */
  responders: boolean;
  /** Now, ms: an assignment's age is said in days. */
  now: number;
}

/** Builds the message of an alert as it stands. Pure: the same alert gives the same message. */
export function messageOf(alert: Alert, { responders, now }: MessageOptions): MessageModel {
  const { technique, target, machines, caller } = summarize(alert);
  const where = machines > 1 ? `${machines} machines` : plainLine(target.name, 80);
  const environment = alert.facts.machine?.environment;
  const title = `${technique.title} on ${where}${environment ? ` · ${plainLine(environment, 40)}` : ''}`;
  const closed = alert.state === 'closed';
  return {
    alertId: alert.id,
    severity: alert.severity,
    score: alert.score,
    title,
    headline: headlineOf(alert),
    facts: closed ? [] : factsOf(alert, now),
    status: statusOf(alert),
    actions: actionsOf(alert, responders).sort((a, b) => order.indexOf(a.id) - order.indexOf(b.id)),
    closed,
    thread: threadOf(alert),
    summary: `${alert.severity.toUpperCase()} ${alert.score}: ${title} by ${plainLine(caller.name, 80)} (${alert.id})`,
  };
}

function headlineOf(alert: Alert): Inline[] {
  const { technique, caller, status, refused, startedAt, lastEventAt } = summarize(alert);
  const took = seconds(startedAt, lastEventAt);
  const tried = refused ? 'tried: ' : '';
  const { machine, script } = alert.facts;
  const runsAs = script?.runAs ?? { Linux: 'root', Windows: 'SYSTEM' }[machine?.os ?? ('none' as 'Linux')];
  const asWhom = runsAs && technique.id !== 'serial-console' ? ` as ${plainLine(runsAs, 40)}` : '';
  const outcome = refused
    ? 'refused by Azure'
    : status === 'succeeded'
      ? `succeeded${took}`
      : status === 'failed'
        ? `failed${took}`
        : 'still running';
  return [
    { bold: plainLine(caller.name, 120) },
    ` ${tried}${technique.verb}${asWhom} · `,
    { time: startedAt },
    ` · ${outcome}`,
  ];
}

const seconds = (from: string, to: string) => {
  const s = Math.round((Date.parse(to) - Date.parse(from)) / 1000);
  return s > 0 ? ` after ${s < 120 ? `${s} s` : `${Math.round(s / 60)} min`}` : '';
};

function statusOf(alert: Alert): Inline[][] {
  const lines: Inline[][] = [];
  const acknowledged = lastChange(alert, 'acknowledged');
  if (alert.state === 'closed') {
    const closed = lastChange(alert, 'closed');
    lines.push([`Closed as ${alert.closedAs ?? 'benign'}`, ...by(closed)]);
  } else if (acknowledged) lines.push(['Acknowledged', ...by(acknowledged)]);
  const cut = alert.isolation;
  if (cut?.status === 'isolated') {
    lines.push([
      `Isolated: new connections of ${cut.interfaces.length === 1 ? 'its interface are' : `its ${cut.interfaces.length} interfaces are`} denied. Not stopped: sessions already open, and further run commands.`,
    ]);
  }
  if (cut?.status === 'released') {
    const left = cut.interfaces
      .filter((nic) => nic.left)
      .map((nic) => plainLine(nic.id.split('/').at(-1), 80));
    lines.push([
      left.length === 0
        ? 'Released: every interface is as it was before.'
        : `Released: as before, but for ${left.join(', ')}, left alone since somebody else changed it.`,
    ]);
  }
  lines.push(...measureLines(alert));
  if (alert.threshold) lines.push([`Not posted: ${alert.threshold}; it goes into the digest.`]);
  if (alert.activity)
    lines.push([`${alert.activity.failed ? 'Failed: ' : ''}${plainLine(alert.activity.text, 300)}`]);
  return lines;
}

/** What was done beside isolating, and what it does not stop. */
function measureLines({ measures, assignee }: Alert): Inline[][] {
  const { lock, revocation, snapshots, asked, escalation, waiting } = measures;
  const lines: Inline[][] = [];
  if (assignee) lines.push(['Assigned to ', { bold: plainLine(assignee.name, 80) }]);
  for (const [action, { by: first, at }] of Object.entries(waiting ?? {})) {
    lines.push([
      `${action.replace('_', ' ')}: asked by `,
      { bold: plainLine(first.name, 80) },
      ' · ',
      { time: at },
      ' · a second responder must press it too',
    ]);
  }
  if (lock?.status === 'locked')
    lines.push(['Locked read-only: no write and no run command until it is unlocked.']);
  if (revocation?.status === 'revoked')
    lines.push([
      `Revoked: ${plainLine(revocation.role, 80)} at ${scopeLabel(revocation.scope)}. Tokens already issued may work for some minutes.`,
    ]);
  if (revocation?.status === 'restored')
    lines.push([`Restored: ${plainLine(revocation.role, 80)} at ${scopeLabel(revocation.scope)}.`]);
  if (snapshots?.length)
    lines.push([
      snapshots.every((s) => s.done)
        ? `Snapshots of ${snapshots.length} disks are kept, locked against deletion.`
        : `Taking snapshots of ${snapshots.length} disks.`,
    ]);
  if (asked) {
    const said = { yes: 'yes, it was them', no: 'no, it was not them', automation: 'it was automation' };
    lines.push([
      `${plainLine(asked.name, 80)} was asked · `,
      { time: asked.at },
      asked.answer ? ` · answered: ${said[asked.answer]}` : ' · no answer yet',
    ]);
  }
  if (escalation)
    lines.push([
      'Escalated by ',
      { bold: plainLine(escalation.by.name, 80) },
      ' · ',
      { time: escalation.at },
    ]);
  return lines;
}

const by = (change: ReturnType<typeof lastChange>): Inline[] =>
  change
    ? [
        ' by ',
        { bold: plainLine(change.by.name, 80) },
        ' · ',
        { time: change.at },
        ...(change.note ? [` · ${plainLine(change.note, 200)}`] : []),
      ]
    : [];

/** Most pressed first: a surface may fold what comes after the sixth. */
const order: readonly ActionId[] = [
  'acknowledge',
  'ask_caller',
  'release',
  'isolate',
  'add_exception',
  'close',
  'quick_exception',
  'undo_exception',
  'reopen',
  'assign',
  'show_roles',
  'unlock',
  'lock',
  'restore_role',
  'revoke_role',
  'snapshot',
  'escalate',
];

function actionsOf(alert: Alert, responders: boolean): Action[] {
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
  if (machines === 1 && (!isolated || alert.activity?.failed) && alert.isolation?.status !== 'releasing') {
    actions.push({
      id: 'isolate',
      label: `Isolate…${needs}`,
      style: 'danger',
      confirm: {
        title: `Isolate ${name}?`,
        text: 'Attaches a deny-all security group to every interface. It does not end sessions already open, and does not stop further run commands. Release puts back what was there.',
        yes: 'Isolate',
      },
    });
  }
  if (!alert.measures.asked) actions.push({ id: 'ask_caller', label: 'Ask the caller' });
  actions.push({ id: 'assign', label: 'Assign to me' });
  actions.push({ id: 'show_roles', label: 'Show roles' });
  if (machines === 1) actions.push(...machineActions(alert, name, needs));
  actions.push(...roleActions(alert, needs));
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
  const form = exceptionForm(alert, { surface: 'runwatch', id: '', name: '' }, Date.parse(alert.updatedAt));
  actions.push({ id: 'add_exception', label: `Add exception…${needs}`, form });
  actions.push({
    id: 'close',
    label: 'Close',
    confirm: { title: `Close ${alert.id}?`, text: 'Closes it as benign. It can be reopened.', yes: 'Close' },
  });
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
