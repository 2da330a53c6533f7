import { kindOf } from '../actions/registry';
import { type Alert, summarize } from '../domain/alerts/alert';
import type { AlertView } from '../domain/measures/alert-view';
import type { Approval } from '../domain/measures/approval';
import type { Measure } from '../domain/measures/measure';
import type { Presser } from '../domain/people/person';
import { detectTechnique } from '../domain/techniques/catalogue';
import { plainLine } from '../domain/text/plain-text';
import { counted, phrase, t, translate } from '../domain/text/translate';
import { placeWords, remoteWords } from './escalation-line';
import { guestsOf } from './guest-lines';
import type { Inline } from './inline';
import { scoreChangeLines } from './score-lines';

export type Source = 'Azure' | 'This alert' | 'Machine log' | 'Runwatch' | 'People' | 'Note';

export interface TimelineEvent {
  at: string;
  source: Source;
  line: Inline[];
}

const decisions: Record<Approval['state'], string> = {
  asked: phrase('asked'),
  approved: phrase('approved'),
  'carried out': phrase('carried out'),
  declined: phrase('declined'),
  cancelled: phrase('cancelled'),
  expired: phrase('expired'),
};

/** Commands of a burst are one entry. */
const maxCommands = 5;

/** What Azure logged, what Runwatch and people did, and notes, oldest first. Pure. */
export function timelineOf(view: AlertView): TimelineEvent[] {
  const { alert, approvals } = view;
  // What ended before the alert's first command says nothing about it.
  const { startedAt } = summarize(alert);
  const measures = view.measures.filter(
    ({ state, changedAt, alerts }) =>
      state !== 'undone' || alerts.includes(alert.id) || Date.parse(changedAt) >= Date.parse(startedAt),
  );
  const { notes = [], asked, escalation, watch } = alert.triage;
  const events: TimelineEvent[] = [
    ...commandEvents(alert),
    ...tokenEvents(alert),
    ...(alert.facts.timeline ?? []).map((entry): TimelineEvent => {
      const title = detectTechnique(entry.operation)?.technique.title;
      const what = title ? translate(title) : plainLine(entry.operation, 120);
      return {
        at: entry.at,
        source: 'Azure',
        line: [
          entry.notable ? { bold: what } : what,
          t` on ${plainLine(entry.on, 80)} · ${translate(entry.status)} · ${plainLine(entry.who, 60)}${entry.count > 1 ? counted(entry.count, ' · # time', ' · # times') : ''}${entry.note ? ` · ${plainLine(entry.note, 200)}` : ''}`,
        ],
      };
    }),
    {
      at: alert.raisedAt,
      source: 'Runwatch',
      line: [alert.announced ? t`Raised this alert` : t`Recorded this alert`],
    },
    ...alert.scoreChanges.map(
      (change): TimelineEvent => ({
        at: change.at,
        source: 'Runwatch',
        line: [t`Score `, ...(scoreChangeLines({ scoreChanges: [change] })[0] ?? []).slice(1)],
      }),
    ),
    ...alert.history.map(
      ({ to, by, at, note }): TimelineEvent => ({
        at,
        source: sourceOf(by),
        line: [
          { bold: plainLine(by.name, 80) },
          `: ${to === 'closed' ? t`closed as ${translate(alert.closedAs ?? phrase('benign'))}` : translate(to)}${note ? ` · ${plainLine(note, 300)}` : ''}`,
        ],
      }),
    ),
    ...notes.map(
      (note): TimelineEvent => ({
        at: note.at,
        source: phrase('Note'),
        line: [
          { bold: plainLine(note.by.name, 80) },
          `: ${plainLine(note.text, 500)}${note.link ? ` · ${plainLine(note.link, 200)}` : ''}`,
        ],
      }),
    ),
    ...measures.flatMap((measure) => [
      ...(measure.applied ? [requested({ ...measure, ...measure.applied, way: 'do' })] : []),
      requested(measure),
    ]),
    ...measures.flatMap((measure): TimelineEvent[] => {
      const { state, changedAt, reason, says } = measure;
      const text = state === 'failed' || state === 'drifted' ? reason : says;
      return text && state !== 'doing' && state !== 'undoing'
        ? [
            {
              at: changedAt,
              source: 'Runwatch',
              line: [
                ...(state === 'failed'
                  ? [{ alarm: t`Failed` }, ': ']
                  : state === 'drifted'
                    ? [t`Changed manually: `]
                    : []),
                plainLine(text, 400),
              ],
            },
          ]
        : [];
    }),
    ...approvals.map(
      ({ at, by, what, state }): TimelineEvent => ({
        at,
        source: phrase('People'),
        line: [
          { bold: plainLine(by.name, 80) },
          t` asked for approval of ${plainLine(what, 300)} · ${translate(decisions[state])}`,
        ],
      }),
    ),
  ];
  if (asked) events.push({ at: asked.at, source: 'Runwatch', line: [t`Asked ${plainLine(asked.name, 80)}`] });
  if (asked?.answer && asked.answeredAt)
    events.push({
      at: asked.answeredAt,
      source: phrase('People'),
      line: [{ bold: plainLine(asked.name, 80) }, t` answered: ${translate(asked.answer)}`],
    });
  if (escalation)
    events.push({
      at: escalation.at,
      source: sourceOf(escalation.by),
      line: [
        { bold: plainLine(escalation.by.name, 80) },
        t` escalated it to `,
        ...escalation.places.flatMap((place, i): Inline[] => [...(i > 0 ? [', '] : []), placeWords(place)]),
      ],
    });
  for (const { where, remote } of escalation?.places ?? [])
    if (remote)
      events.push({
        at: remote.at,
        source: remote.by === undefined ? 'Runwatch' : phrase('People'),
        line: [{ bold: plainLine(where, 80) }, `: ${remoteWords(remote)}`],
      });
  if (watch)
    events.push({
      at: watch.at,
      source: sourceOf(watch.by),
      line: [
        { bold: plainLine(watch.by.name, 80) },
        t` watches ${watch.owners.map(({ words }) => plainLine(words, 80)).join(', ')}`,
      ],
    });
  return events
    .filter(({ at }) => !Number.isNaN(Date.parse(at)))
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at));
}

const requested = ({ at, by, kind, name, way, approvedBy }: Measure): TimelineEvent => ({
  at,
  source: sourceOf(by),
  line: [
    { bold: plainLine(by.name, 80) },
    way === 'undo'
      ? t` requested to undo: ${translate(kindOf(kind)?.name ?? kind)}, ${plainLine(name, 80)}`
      : t` requested: ${translate(kindOf(kind)?.name ?? kind)}, ${plainLine(name, 80)}`,
    approvedBy ? t`, approved by ${plainLine(approvedBy.name, 80)}` : '',
  ],
});

const sourceOf = ({ surface }: Presser): Source => (surface === 'runwatch' ? 'Runwatch' : phrase('People'));

function commandEvents(alert: Alert): TimelineEvent[] {
  const { technique, about, machines } = summarize(alert);
  const event = (at: string, on: string, how: string): TimelineEvent => ({
    at,
    source: phrase('This alert'),
    line: [{ bold: t`${technique.title} on ${on}` }, ` · ${how}`],
  });
  if (about.length > maxCommands) {
    const [first, last] = [about[0], about.at(-1)];
    const on =
      machines > 1 ? counted(machines, '# machine', '# machines') : plainLine(first?.target.name, 80);
    return [
      ...(first ? [event(first.startedAt, on, t`the first of ${about.length} commands`)] : []),
      ...(last ? [event(last.startedAt, on, t`the last command`)] : []),
    ];
  }
  return about.map((one) =>
    event(
      one.startedAt,
      plainLine(one.target.name, 80),
      one.refused ? t`denied by Azure` : translate(one.status),
    ),
  );
}

/** The metadata service's address for tokens of the machine's identity. */
const tokenAddress = /169\.254\.169\.254\/metadata\/identity/i;

/** Programs that started with this address: what connects a command with the calls of the machine's identity. */
function tokenEvents(alert: Alert): TimelineEvent[] {
  return guestsOf(alert).flatMap(({ name: machine, guest: { processes } }) =>
    processes
      .filter(({ commandLine, depth }, index) => {
        const next = processes[index + 1];
        const isChilds = next && next.depth > depth && tokenAddress.test(next.commandLine);
        return tokenAddress.test(commandLine) && !isChilds;
      })
      .slice(0, maxCommands)
      .map(({ at, name }) => ({
        at,
        source: phrase('Machine log'),
        line: [
          { bold: t`${plainLine(name, 60)} started with the metadata service’s token address` },
          t` on ${machine} · 169.254.169.254`,
        ],
      })),
  );
}
