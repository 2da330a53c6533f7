import type { Alert } from '../alerts/alert';
import { matchWords } from '../alerts/match-words';
import { plainLine } from '../alerts/plain-text';
import { scopeLabel } from '../alerts/scope-label';
import { lastChange } from '../alerts/transitions';
import type { Inline } from './message';

/** How an alert stands, a line each: who acknowledged it, what was done, and what that does not stop. */
export function statusOf(alert: Alert): Inline[][] {
  const lines: Inline[][] = [];
  const acknowledged = lastChange(alert, 'acknowledged');
  if (alert.state === 'closed') {
    const closed = lastChange(alert, 'closed');
    lines.push([`Closed as ${alert.closedAs ?? 'benign'}`, ...by(closed)]);
  } else if (acknowledged) lines.push(['Acknowledged', ...by(acknowledged)]);
  if (alert.state === 'investigating')
    lines.push(['Under investigation', ...by(lastChange(alert, 'investigating'))]);
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
  const { lock, revocation, snapshots, asked, escalation, waiting, pendingException } = measures;
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
  if (pendingException)
    lines.push([
      'Exception of ',
      { bold: plainLine(pendingException.by.name, 80) },
      ` waits for a second responder: ${matchWords(pendingException.exception.match)}. It is broad: ${pendingException.why}.`,
    ]);
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
      asked.answer
        ? ` · answered: ${said[asked.answer]}${asked.note ? ` (“${plainLine(asked.note, 200)}”)` : ''}`
        : asked.silentFor
          ? ` · no answer within ${asked.silentFor} minutes`
          : ' · no answer yet',
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
