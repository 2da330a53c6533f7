import { kindOf } from '../actions/registry';
import { type Alert, type StateChange, summarize } from '../domain/alerts/alert';
import { lastSeverityChange, severityChangeText } from '../domain/alerts/later-changes';
import { lastChange, newSinceResponse } from '../domain/alerts/transitions';
import type { AlertView } from '../domain/measures/alert-view';
import { isPending } from '../domain/measures/approval';
import { isInProgress, isOpenFailure, type Measure } from '../domain/measures/measure';
import { plainLine } from '../domain/text/plain-text';
import { counted, t, translate } from '../domain/text/translate';
import { placeLine } from './escalation-line';
import type { Inline } from './inline';

/** The alert's status lines: who acknowledged it, what was done, and what that does not stop. */
export function statusOf(view: AlertView, now: number): Inline[][] {
  const { alert } = view;
  const lines: Inline[][] = [];
  const acknowledged = lastChange(alert, 'acknowledged');
  if (alert.state === 'closed') lines.push(closedLine(alert));
  else if (alert.state === 'new') lines.push(...reopenedLines(alert));
  else if (acknowledged)
    lines.push([wasClosed(alert, acknowledged) ? t`Reopened` : t`Acknowledged`, ...by(acknowledged)]);
  const investigated = lastChange(alert, 'investigating');
  if (alert.state === 'investigating' && investigated?.by.surface === 'runwatch')
    lines.push([t`No longer contained: ${plainLine(investigated.note, 200)} · `, { time: investigated.at }]);
  else if (alert.state === 'investigating') lines.push([t`Under investigation`, ...by(investigated)]);
  lines.push(
    ...changeLines(alert),
    ...triageLines(alert),
    ...measureLines(view),
    ...approvalLines(view, now),
  );
  if (alert.threshold) lines.push([t`Not posted: ${alert.threshold}; included in the digest.`]);
  if (alert.activity) lines.push(activityLine(alert.activity));
  return lines;
}

/** A closed alert's status: how it was closed, and what still needs somebody. */
export function closedStatusOf(view: AlertView, now: number): Inline[][] {
  const unsettled = view.measures.filter(
    (one) => isInProgress(one) || isOpenFailure(one) || one.state === 'drifted',
  );
  const { activity } = view.alert;
  return [
    closedLine(view.alert),
    ...measureLines({ ...view, measures: unsettled }),
    ...approvalLines(view, now),
    ...notToldLines(view.alert),
    ...(activity?.failed ? [activityLine(activity)] : []),
  ];
}

/** Places that an alert was escalated to, and that do not know that it is closed. */
const notToldLines = ({ triage }: Alert): Inline[][] =>
  (triage.escalation?.places ?? []).filter(({ notTold }) => notTold).map(placeLine);

const closedLine = (alert: Alert): Inline[] =>
  alert.mergedInto
    ? [t`Merged into ${alert.mergedInto}, which has these commands and others by this caller`]
    : [t`Closed as ${translate(alert.closedAs ?? 'benign')}`, ...by(lastChange(alert, 'closed'))];

const activityLine = ({ text, failed }: NonNullable<Alert['activity']>): Inline[] => [
  ...(failed ? [{ alarm: t`Failed` }, ': '] : []),
  plainLine(text, 300),
];

/** Whoever reopens an alert has acknowledged it. */
const wasClosed = ({ history }: Alert, change: StateChange): boolean =>
  history[history.indexOf(change) - 1]?.to === 'closed';

/** Why a closed alert is new again. */
function reopenedLines(alert: Alert): Inline[][] {
  const reopened = lastChange(alert, 'new');
  return reopened ? [[t`Reopened: ${plainLine(reopened.note, 200)} · `, { time: reopened.at }]] : [];
}

/** What changed since people saw it: the severity, and commands after someone responded. */
function changeLines(alert: Alert): Inline[][] {
  const lines: Inline[][] = [];
  const change = lastSeverityChange(alert);
  if (change) lines.push([t`Severity ${severityChangeText(change)} · `, { time: change.at }]);
  const later = newSinceResponse(alert);
  if (alert.state !== 'closed' && later > 0)
    lines.push([
      counted(
        later,
        '# more command since someone responded, the latest · ',
        '# more commands since someone responded, the latest · ',
      ),
      { time: summarize(alert).about.at(-1)?.startedAt ?? '' },
    ]);
  return lines;
}

/** What people did about the alert, apart from measures. */
function triageLines({ triage, assignee }: Alert): Inline[][] {
  const { asked, escalation, watch } = triage;
  const lines: Inline[][] = [];
  if (assignee) lines.push([t`Assigned to `, { bold: plainLine(assignee.name, 80) }]);
  if (asked) {
    const said = { yes: t`yes, it was them`, no: t`no, it was not them`, automation: t`it was automation` };
    lines.push([
      t`${plainLine(asked.name, 80)} was asked · `,
      { time: asked.at },
      asked.answer
        ? t` · answered: ${said[asked.answer]}${asked.note ? ` (“${plainLine(asked.note, 200)}”)` : ''}`
        : asked.silentFor
          ? t` · no answer within ${counted(asked.silentFor, '# minute', '# minutes')}`
          : t` · no answer yet`,
    ]);
  }
  if (escalation)
    lines.push([
      t`Escalated by `,
      { bold: plainLine(escalation.by.name, 80) },
      ' · ',
      { time: escalation.at },
      ...escalation.places.flatMap((place): Inline[] => [' · ', ...placeLine(place)]),
    ]);
  if (watch)
    lines.push([
      t`Watched: ${watch.owners.map(({ words }) => words).join(', ')} · until `,
      { time: watch.until },
      t` · by `,
      { bold: plainLine(watch.by.name, 80) },
    ]);
  return lines;
}

/** Measures on the alert's targets: in force, in progress, failed or undone. */
const measureLines = ({ alert, measures }: AlertView): Inline[][] =>
  [...new Set(measures.map(({ kind }) => kind))].flatMap((kind) => {
    const own = measures.filter((one) => one.kind === kind);
    const concernsSeveral = summarize(alert).machines > 1 && own.some(concernsMachine);
    return own.length === 1 && !concernsSeveral ? own.flatMap(linesOf) : linesOfMany(kind, own, alert);
  });

const concernsMachine = ({ subjects }: Measure) => subjects.some((one) => one.startsWith('machine:'));

/** Summarizes a burst's measures of one kind. */
function linesOfMany(kind: string, measures: readonly Measure[], alert: Alert): Inline[][] {
  const lines: Inline[][] = [];
  const inForce = measures.filter(({ state }) => state === 'in force');
  const words = kindOf(kind)?.summary?.(inForce, alert) ?? null;
  if (words) lines.push([words]);
  else
    for (const text of new Set(inForce.map(({ says }) => says)))
      lines.push([`${namesOf(inForce.filter(({ says }) => says === text))}: ${plainLine(text, 400)}`]);
  const underWay = measures.filter(isInProgress);
  if (underWay.length > 0)
    lines.push([t`${translate(kindOf(kind)?.name ?? kind)}: in progress on ${namesOf(underWay)}`]);
  const drifted = measures.filter(({ state }) => state === 'drifted');
  if (drifted.length > 0) lines.push(driftedLine(drifted));
  const failed = measures.filter(({ state, dismissed }) => state === 'failed' && !dismissed);
  if (failed.length > 0)
    lines.push([{ alarm: t`Failed on ${namesOf(failed)}` }, `: ${plainLine(failed[0]?.reason, 250)}`]);
  const dismissed = measures.filter((one) => one.state === 'failed' && one.dismissed);
  if (dismissed.length > 0) lines.push([t`Partly done on ${namesOf(dismissed)}`]);
  const unverified = inForce.filter(({ checked }) => checked && !checked.verified);
  if (unverified.length > 0)
    lines.push([t`Not verified on ${namesOf(unverified)}: ${notesOf(unverified[0])}`]);
  else if (inForce.length > 0 && inForce.every(({ checked }) => checked))
    lines.push([t`Verified with Azure`]);
  const over = measures.filter(({ state, says }) => (state === 'undone' || state === 'done') && says);
  for (const text of new Set(over.map(({ says }) => says))) lines.push([plainLine(text, 400)]);
  return lines;
}

function namesOf(measures: readonly Measure[]): string {
  const names = measures.slice(0, 3).map(({ name }) => plainLine(name, 64));
  return `${names.join(', ')}${measures.length > 3 ? t` and ${measures.length - 3} more` : ''}`;
}

const notesOf = (measure: Measure | undefined) => plainLine((measure?.checked?.notes ?? []).join('; '), 250);

const driftLine = ({ reason, kind }: Measure): Inline[] => [
  { alarm: kind === 'isolation' ? t`Opened manually since` : t`Changed manually since` },
  `: ${plainLine(reason, 250)}`,
];

/** Machines that were opened manually, with the first reason. */
const driftedLine = (drifted: readonly Measure[]): Inline[] => {
  const [first] = drifted as readonly [Measure];
  if (drifted.length === 1) return driftLine(first);
  const [lead] = driftLine(first);
  return [lead as Inline, t` on ${namesOf(drifted)}: ${plainLine(first.reason, 250)}`];
};

function linesOf(measure: Measure): Inline[][] {
  const { state, says, reason, dismissed, checked, name, steps, by: who, at } = measure;
  const lines: Inline[][] = [];
  if (isInProgress(measure)) {
    const passed = steps.filter((step) => step.state === 'done').length;
    const next = steps[passed]?.words ?? steps.at(-1)?.words ?? '';
    lines.push([
      t`${state === 'doing' ? t`In progress` : t`Being undone`}, step ${Math.min(passed + 1, steps.length)} of ${steps.length}: ${plainLine(next, 150)} · by `,
      { bold: plainLine(who.name, 80) },
      ' · ',
      { time: at },
    ]);
  } else if (state === 'failed' && dismissed) {
    const passed = steps.filter((step) => step.state === 'done').length;
    lines.push([
      t`Partly done on ${plainLine(name, 80)}, ${passed} of ${steps.length} steps: ${plainLine(reason, 200)} · dismissed by `,
      { bold: plainLine(dismissed.by.name, 80) },
    ]);
  } else if (state === 'failed') lines.push([{ alarm: t`Failed` }, `: ${plainLine(reason, 300)}`]);
  else if (says) lines.push([plainLine(says, 400)]);
  if (state === 'drifted') lines.push(driftLine(measure));
  if (state === 'in force' && checked)
    lines.push([
      checked.verified ? t`Verified with Azure · ` : t`Not verified: ${notesOf(measure)} · `,
      { time: checked.at },
    ]);
  return lines;
}

const approvalLines = ({ approvals }: AlertView, now: number): Inline[][] =>
  approvals
    .filter((approval) => isPending(approval, now))
    .map(({ what, by: asker, at, until, why, needed, approvals: given }) => [
      t`${plainLine(what, 300)}: requested by `,
      { bold: plainLine(asker.name, 80) },
      ' · ',
      { time: at },
      t` · waits for ${needed - given.length === 2 ? t`two responders` : t`a second responder`}, because ${plainLine(why, 200)} · until `,
      { time: until },
    ]);

const by = (change: ReturnType<typeof lastChange>): Inline[] =>
  change
    ? [
        t` by `,
        { bold: plainLine(change.by.name, 80) },
        ' · ',
        { time: change.at },
        ...(change.note ? [` · ${plainLine(change.note, 200)}`] : []),
      ]
    : [];
