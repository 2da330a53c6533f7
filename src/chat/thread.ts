import { kindOf } from '../actions/registry';
import { type Alert, summarize } from '../domain/alerts/alert';
import type { TimelineEntry } from '../domain/alerts/facts';
import { machineFactsOf, runFactsOf, usedScripts } from '../domain/alerts/join-facts';
import type { AlertView } from '../domain/measures/alert-view';
import type { Measure } from '../domain/measures/measure';
import type { Execution } from '../domain/techniques/execution';
import { plainBlock, plainLine } from '../domain/text/plain-text';
import { counted, phrase, t, translate } from '../domain/text/translate';
import { fetchedLine, shownDigest, unassignedScripts } from './fetched-scripts';
import { guestParts } from './guest-lines';
import type { Inline } from './inline';
import { scoreChangeLines } from './score-lines';
import { signInLines } from './sign-in-lines';

/** A section of an alert's thread. `code` is shown verbatim. */
export interface ThreadPart {
  heading: string;
  lines: Inline[][];
  code?: string;
  /** The lines in columns, for surfaces with tables: row n is line n. */
  table?: { columns: string[]; rows: TableCell[][] };
}

export type TableCell = string | { time: string };

export interface ThreadLines {
  /** What happened and all facts. */
  details: Inline[][];
  /** Status lines, where the message shows only some of them. */
  status: Inline[][];
  /** Response times. */
  times: Inline[][];
}

/** Surfaces with lower limits truncate further and refer to the console. */
const shownMachines = 1500;
const shownScript = 100_000;
const shownScripts = 20;

/**
 * What the message has no room for: all facts, notes, script, machines, other activity.
 */
export function threadOf(
  { alert, measures }: AlertView,
  { details, status, times }: ThreadLines,
): ThreadPart[] {
  const { machines } = summarize(alert);
  const { timeline } = alert.facts;
  const parts: ThreadPart[] = [
    { heading: t`Details`, lines: details },
    ...(times.length > 0 ? [{ heading: t`Response time`, lines: times }] : []),
    ...(alert.scoreChanges.length > 0 ? [{ heading: t`Score changes`, lines: scoreChangeLines(alert) }] : []),
    ...(status.length > 0 ? [{ heading: t`Response`, lines: status }] : []),
  ];
  const { notes } = alert.triage;
  for (const kind of new Set(measures.map((one) => one.kind)))
    parts.push(
      ...measureParts(
        measures.filter((one) => one.kind === kind),
        machines,
      ),
    );
  if (notes?.length) {
    const lines = notes.map((note): Inline[] => [
      { time: note.at },
      ' · ',
      { bold: plainLine(note.by.name, 80) },
      ` · ${plainLine(note.text, 500)}${note.link ? ` · ${plainLine(note.link, 200)}` : ''}`,
    ]);
    parts.push({ heading: t`Notes`, lines });
  }
  const signIns = signInLines(alert);
  parts.push(...scriptParts(alert), ...unassignedParts(alert), ...guestParts(alert));
  if (signIns.length > 0) parts.push({ heading: t`Sign-ins and account changes`, lines: signIns });
  parts.push(...executionParts(alert));
  if (timeline && timeline.length > 0) {
    const lines = timeline.map((entry): Inline[] => [
      { time: entry.at },
      ` · ${plainLine(entry.who, 60)} · `,
      entry.notable ? { bold: plainLine(entry.operation, 120) } : plainLine(entry.operation, 120),
      t` on ${plainLine(entry.on, 80)} · ${entry.status}${entry.count > 1 ? counted(entry.count, ' · # time', ' · # times') : ''}${noteOf(entry)}`,
    ]);
    parts.push({ heading: t`Activity from 1 h before to 2 h after`, lines });
  }
  return parts;
}

const noteOf = ({ note }: TimelineEntry) => (note ? ` · ${plainLine(note, 200)}` : '');

/** Each script in full, unless the message shows all of it. */
function scriptParts(alert: Alert): ThreadPart[] {
  const used = usedScripts(alert);
  return used.slice(0, shownScripts).flatMap(({ script, executions }) => {
    if (!script.text || (used.length === 1 && !script.text.includes('\n') && !script.fetched)) return [];
    const count = used.length > 1 ? counted(executions.length, ', # time', ', # times') : '';
    return [
      {
        heading: t`Script${count} · SHA-256 ${shownDigest(script)}`,
        lines: script.fetched ? [fetchedLine(script.fetched)] : [],
        code: plainBlock(script.text, shownScript),
      },
    ];
  });
}

/** Scripts fetched from a machine that can't be assigned to a command, with their times. */
function unassignedParts(alert: Alert): ThreadPart[] {
  return unassignedScripts(alert).map(({ script, title, at, why }) => ({
    heading: script ? t`${title} · SHA-256 ${shownDigest(script)}` : title,
    lines: why
      ? [[{ time: at }, ` · ${plainLine(why, 200)}`]]
      : script?.fetched
        ? [fetchedLine(script.fetched)]
        : [],
    ...(script?.text ? { code: plainBlock(script.text, shownScript) } : {}),
  }));
}

/** The commands of an alert with several: those it is about, and those that exceptions cover. */
function executionParts(alert: Alert): ThreadPart[] {
  const { about, machines } = summarize(alert);
  if (alert.executions.length === 1) return [];
  const covered =
    about.length === alert.executions.length
      ? []
      : alert.executions.filter(({ key }) => alert.exceptionOf[key]);
  const part = (
    heading: string,
    all: readonly Execution[],
    column: string,
    more: (execution: Execution) => string,
  ): ThreadPart => {
    const rows = all
      .slice(0, shownMachines)
      .map((e): TableCell[] => [
        plainLine(e.target.name, 64),
        machineFactsOf(alert, e)?.environment ?? '',
        e.refused ? t`denied` : e.status === 'started' ? t`started` : translate(e.status),
        more(e),
        { time: e.startedAt },
      ]);
    const lines = rows.map((cells): Inline[] => {
      const texts = cells.filter((cell) => typeof cell === 'string' && cell);
      return [`${texts.join(' · ')} · `, ...cells.filter((cell) => typeof cell !== 'string')];
    });
    if (all.length > shownMachines) lines.push([t`and ${all.length - shownMachines} more`]);
    return {
      heading,
      lines,
      table: withoutEmptyColumns([t`Machine`, t`Environment`, t`Outcome`, column, t`Time`], rows),
    };
  };
  const exitCode = (execution: Execution) => {
    const code = runFactsOf(alert, execution)?.exitCode;
    return typeof code === 'number' ? t`exit code ${String(code)}` : '';
  };
  return [
    part(
      machines > 1
        ? counted(machines, '# machine', '# machines')
        : counted(about.length, '# command', '# commands'),
      about,
      t`Exit code`,
      exitCode,
    ),
    ...(covered.length > 0
      ? [
          part(t`${covered.length} excepted`, covered, t`Exception`, ({ key }) =>
            plainLine(alert.exceptionOf[key] ?? '', 60),
          ),
        ]
      : []),
  ];
}

function withoutEmptyColumns(columns: string[], rows: TableCell[][]): NonNullable<ThreadPart['table']> {
  const isUsed = columns.map((_, index) => rows.some((row) => row[index] !== ''));
  const used = <T>(cells: T[]): T[] => cells.filter((_, index) => isUsed[index]);
  return { columns: used(columns), rows: rows.map(used) };
}

/** One kind of measure: by machine if there are several, otherwise by step. */
function measureParts(measures: readonly Measure[], machines: number): ThreadPart[] {
  const kind = kindOf(measures[0]?.kind ?? '');
  if (machines > 1 && kind?.summary) {
    const lines = measures
      .slice(0, shownMachines)
      .map((measure): Inline[] => [
        { bold: plainLine(measure.name, 64) },
        ` · ${resultOf(measure, translate(kind.stateInForce ?? phrase('in force')))}`,
      ]);
    return [{ heading: t`${translate(kind.name)}, by machine`, lines }];
  }
  return measures
    .filter(({ steps }) => steps.length > 0)
    .map((measure) => stepsPart(measure, translate(kind?.name ?? '')));
}

function resultOf({ state, reason, steps, by }: Measure, stands: string): string {
  const passed = steps.filter((step) => step.state === 'done').length;
  switch (state) {
    case 'in force':
      return t`${stands}, by ${plainLine(by.name, 60)}`;
    case 'failed':
      return t`not ${stands}: ${plainLine(reason, 200)}`;
    case 'drifted':
      return t`changed manually: ${plainLine(reason, 200)}`;
    case 'doing':
    case 'undoing':
      return t`${state === 'doing' ? t`in progress` : t`being undone`}, ${passed} of ${steps.length} steps`;
    default:
      return translate(state);
  }
}

/** Lists a measure's steps: done, in progress and pending. */
function stepsPart({ by, steps, way, state, approvedBy, reason }: Measure, name: string): ThreadPart {
  const next = steps.findIndex((step) => step.state !== 'done');
  const lines = steps.map((step, index): Inline[] => {
    const current = state === 'failed' ? t`failed` : t`in progress`;
    const how = step.state === 'done' ? t`done` : index === next ? current : t`pending`;
    return [`${how} · ${plainLine(step.words, 200)}`];
  });
  if (reason) lines.push([plainLine(reason, 300)]);
  const approved = approvedBy ? t`, approved by ${plainLine(approvedBy.name, 80)}` : '';
  return {
    heading: t`${name}, by step: ${way === 'undo' ? t`undone` : t`requested`} by ${plainLine(by.name, 80)}${approved}`,
    lines,
  };
}
