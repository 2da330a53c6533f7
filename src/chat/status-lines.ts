import type { Alert } from '../alerts/alert';
import type { Deed } from '../alerts/deed';
import { drifted } from '../alerts/isolation';
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
    const all = cut.interfaces.length === 1 ? 'its interface' : `its ${cut.interfaces.length} interfaces`;
    const failed = cut.machines.filter((machine) => machine.failed).length;
    const what =
      cut.machines.length === 1 ? all : `${cut.machines.length - failed} of ${cut.machines.length} machines`;
    const but = cut.keep ? `, but for ${plainLine(cut.keep, 50)}` : '';
    lines.push([
      `Isolated: new connections of ${what} are denied${but}. Not stopped: sessions already open, and further run commands.`,
    ]);
    const open = drifted(cut).map(
      ({ id, drift }) => `${nameOf(id)} (now ${drift ? nameOf(drift) : 'no group'})`,
    );
    if (open.length > 0)
      lines.push([{ bold: 'Opened by hand since' }, `: ${open.join(', ')} no longer has our group.`]);
  }
  if (cut?.status === 'released' && cut.interfaces.length > 0) {
    const left = cut.interfaces
      .filter((nic) => nic.left)
      .map(({ id, drift }) => `${nameOf(id)} (has ${drift ? nameOf(drift) : 'no group'} now)`);
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

const disks = (count: number) => (count === 1 ? 'its disk' : `its ${count} disks`);
const nameOf = (id: string) => plainLine(id.split('/').at(-1), 80);

/** What was done beside isolating, and what it does not stop. */
function measureLines({ measures, assignee, facts }: Alert): Inline[][] {
  const { lock, revocation, snapshots, asked, escalation, waiting, pendingException, watch, deeds } =
    measures;
  const subscription = facts.access?.subscriptionName ?? null;
  const lines: Inline[][] = [];
  if (assignee) lines.push(['Assigned to ', { bold: plainLine(assignee.name, 80) }]);
  for (const [action, { by: first, at }] of Object.entries(waiting ?? {})) {
    lines.push([
      `${action.replaceAll('_', ' ')}: asked by `,
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
      `Revoked: ${plainLine(revocation.role, 80)} at ${scopeLabel(revocation.scope, subscription)}. Tokens already issued may work for some minutes.`,
    ]);
  if (revocation?.status === 'restored')
    lines.push([
      `Restored: ${plainLine(revocation.role, 80)} at ${scopeLabel(revocation.scope, subscription)}.`,
    ]);
  if (snapshots?.length)
    lines.push([
      snapshots.every((s) => s.done)
        ? `Snapshots of ${disks(snapshots.length)} are kept, locked against deletion.`
        : `Taking snapshots of ${disks(snapshots.length)}.`,
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
      ...escalation.opened.map(
        ({ where, link }) => ` · ${plainLine(where, 80)}${link ? ` ${plainLine(link, 200)}` : ''}`,
      ),
    ]);
  if (watch)
    lines.push([
      `Watched: ${watch.owners.map(({ words }) => words).join(', ')} · until `,
      { time: watch.until },
      ' · by ',
      { bold: plainLine(watch.by.name, 80) },
    ]);
  for (const deed of Object.values(deeds ?? {})) lines.push(deedLine(deed));
  return lines;
}

/** How a step-by-step response stands; under way it says which step is next. */
function deedLine({ status, plan, passed, says, by: who, at }: Deed): Inline[] {
  if (status === 'done' || status === 'undone') return [plainLine(says, 250)];
  const next = plan[passed] ?? plan.at(-1) ?? '';
  return [
    `${status === 'doing' ? 'Under way' : 'Being undone'}, step ${Math.min(passed + 1, plan.length)} of ${plan.length}: ${plainLine(next, 150)} · by `,
    { bold: plainLine(who.name, 80) },
    ' · ',
    { time: at },
  ];
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
