import { type Alert, summarize } from '../alerts/alert';
import type { Deed } from '../alerts/deed';
import type { Isolation } from '../alerts/isolation';
import { plainBlock, plainLine } from '../alerts/plain-text';
import type { Inline } from './message';

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
export function threadOf(alert: Alert): ThreadPart[] {
  const { machines } = summarize(alert);
  const { script, timeline } = alert.facts;
  const parts: ThreadPart[] = [];
  const { notes, deeds } = alert.measures;
  for (const deed of Object.values(deeds ?? {})) parts.push(stepsPart(deed));
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
  if (alert.isolation && alert.isolation.machines.length > 1) parts.push(isolationPart(alert.isolation));
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

/** A response step by step: what is through, what is under way, what is to come. */
function stepsPart({ by, plan, passed, status }: Deed): ThreadPart {
  const back = status === 'undoing' || status === 'undone';
  const lines = plan.map((step, index): Inline[] => {
    const how = index < passed ? 'done' : index === passed ? 'under way' : 'to come';
    return [`${how} · ${plainLine(step, 200)}`];
  });
  return { heading: `${back ? 'Undone' : 'Done'} by ${plainLine(by.name, 80)}, step by step`, lines };
}

/** Containing a storm, machine by machine. */
function isolationPart({ machines, interfaces }: Isolation): ThreadPart {
  const lines = machines.slice(0, shownMachines).map(({ id, name, failed }): Inline[] => {
    const own = interfaces.filter((nic) => nic.machineId === id);
    const cut = own.filter((nic) => nic.cut).length;
    const how = failed
      ? `not isolated: ${plainLine(failed, 200)}`
      : cut > 0
        ? `isolated, ${cut} of ${own.length} interfaces`
        : 'not isolated';
    return [{ bold: plainLine(name, 60) }, ` · ${how}`];
  });
  return { heading: 'Isolation, machine by machine', lines };
}
