import { kindOf } from '../actions/registry';
import { summarize } from '../domain/alerts/alert';
import type { AlertView } from '../domain/measures/alert-view';
import type { Measure } from '../domain/measures/measure';
import { plainBlock, plainLine } from '../domain/text/plain-text';
import type { Inline } from './inline';

/** A part of the thread under an alert: its heading and its lines; `code` is shown as it stands. */
export interface ThreadPart {
  heading: string;
  lines: Inline[][];
  code?: string;
}

const shownMachines = 200;
/** A surface with less room cuts further, and points to the console. */
const shownScript = 100_000;

/** What belongs to an alert but would drown it: the whole script, its machines, what else happened. Empty: no thread. */
export function threadOf({ alert, measures }: AlertView): ThreadPart[] {
  const { machines } = summarize(alert);
  const { script, timeline } = alert.facts;
  const parts: ThreadPart[] = [];
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
    parts.push({ heading: 'Notes', lines });
  }
  if (script?.text?.includes('\n')) {
    parts.push({
      heading: `Script · SHA-256 ${script.sha256 ?? ''}`,
      lines: [],
      code: plainBlock(script.text, shownScript),
    });
  }
  if (machines > 1) {
    const all = alert.executions;
    const lines = all
      .slice(0, shownMachines)
      .map((e): Inline[] => [`${plainLine(e.target.name, 60)} · ${e.status} · `, { time: e.startedAt }]);
    if (all.length > shownMachines) lines.push([`and ${all.length - shownMachines} more`]);
    parts.push({ heading: `${machines} machines`, lines });
  }
  if (timeline && timeline.length > 0) {
    const lines = timeline.map((entry): Inline[] => [
      { time: entry.at },
      ` · ${plainLine(entry.who, 60)} · `,
      entry.notable ? { bold: plainLine(entry.operation, 120) } : plainLine(entry.operation, 120),
      ` on ${plainLine(entry.on, 80)} · ${entry.status}${entry.count > 1 ? ` · ${entry.count} times` : ''}`,
    ]);
    parts.push({ heading: 'What else happened, an hour before to two hours after', lines });
  }
  return parts;
}

/** A kind of measure: machine by machine where there are several, else step by step. */
function measureParts(measures: readonly Measure[], machines: number): ThreadPart[] {
  const kind = kindOf(measures[0]?.kind ?? '');
  if (machines > 1 && kind?.summary) {
    const lines = measures
      .slice(0, shownMachines)
      .map((measure): Inline[] => [
        { bold: plainLine(measure.name, 60) },
        ` · ${resultOf(measure, kind.stands ?? 'in force')}`,
      ]);
    return [{ heading: `${kind.name}, machine by machine`, lines }];
  }
  return measures
    .filter(({ steps }) => steps.length > 0)
    .map((measure) => stepsPart(measure, kind?.name ?? ''));
}

function resultOf({ state, reason, steps, by }: Measure, stands: string): string {
  const passed = steps.filter((step) => step.state === 'done').length;
  switch (state) {
    case 'in force':
      return `${stands}, by ${plainLine(by.name, 60)}`;
    case 'failed':
      return `not ${stands}: ${plainLine(reason, 200)}`;
    case 'drifted':
      return `changed by hand: ${plainLine(reason, 200)}`;
    case 'doing':
    case 'undoing':
      return `${state === 'doing' ? 'under way' : 'being undone'}, ${passed} of ${steps.length} steps`;
    default:
      return state;
  }
}

/** What is through, what is under way, what is to come. */
function stepsPart({ by, steps, way, state, approvedBy, reason }: Measure, name: string): ThreadPart {
  const next = steps.findIndex((step) => step.state !== 'done');
  const lines = steps.map((step, index): Inline[] => {
    const current = state === 'failed' ? 'failed' : 'under way';
    const how = step.state === 'done' ? 'done' : index === next ? current : 'to come';
    return [`${how} · ${plainLine(step.words, 200)}`];
  });
  if (reason) lines.push([plainLine(reason, 300)]);
  const approved = approvedBy ? `, approved by ${plainLine(approvedBy.name, 80)}` : '';
  return {
    heading: `${name}, step by step: ${way === 'undo' ? 'undone' : 'asked for'} by ${plainLine(by.name, 80)}${approved}`,
    lines,
  };
}
