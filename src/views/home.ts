import { type AlertAction, wordsFor } from '../actions/action';
import { actionOf, kindOf } from '../actions/registry';
import type { HomeAction, HomePart, HomeRow } from '../chat/home-part';
import type { Inline } from '../chat/inline';
import { type Alert, summarize } from '../domain/alerts/alert';
import { mostUrgentFirst, type Severity } from '../domain/alerts/severity';
import { openStates } from '../domain/alerts/transitions';
import type { Exception } from '../domain/exceptions/exception';
import { needsReview, reviewActions, reviewText } from '../domain/exceptions/exception-review';
import type { AlertView } from '../domain/measures/alert-view';
import { isHeld, type Measure, measuresOf } from '../domain/measures/measure';
import { isSamePerson, type Presser } from '../domain/people/person';
import { plainLine } from '../domain/text/plain-text';
import { counted, t, translate } from '../domain/text/translate';
import type { Store } from '../store/store';

export interface HomeDeps {
  store: Store;
  /** False if no responder is configured: only triage is offered. */
  responders: boolean;
  now: number;
}

/** Rows of each section. With their buttons they fit into Slack's 100 blocks. */
const shown = { mine: 8, unassigned: 3, exceptions: 5, measures: 8, subscriptions: 5 } as const;
/** A new alert has no assignee. */
const takenStates = openStates.filter((state) => state !== 'new');
const maxTaken = 2000;
const maxNames = 5;

/** A person's home page: their alerts, unassigned alerts, exceptions to review, and what is in force. */
export async function homeFor(presser: Presser, deps: HomeDeps): Promise<HomePart[]> {
  const { store, now } = deps;
  const taken = await store.alerts.listOpen({ limit: maxTaken, states: takenStates });
  const mine = taken.filter((alert) => alert.assignee !== null && isSamePerson(alert.assignee, presser));
  const listed = await store.measures.viewsOf(mine.slice(0, shown.mine));
  return [
    {
      heading: t`My alerts (${mine.length})`,
      rows: listed.map((view) => alertRow(view, ['close'], deps)),
      none: t`No alerts are assigned to you.`,
      more: mine.length - listed.length,
    },
    ...(await unassignedParts(
      taken.filter(({ assignee }) => assignee === null),
      deps,
    )),
    await exceptionsPart(
      (await store.exceptions.list()).filter((exception) => needsReview(exception, now)),
      deps,
    ),
    await measuresPart(deps),
    await subscriptionsPart(store),
  ];
}

/** One section per severity. */
async function unassignedParts(taken: readonly Alert[], deps: HomeDeps): Promise<HomePart[]> {
  const { store } = deps;
  const counts = await store.alerts.openCounts();
  const part = async (severity: Severity): Promise<HomePart | null> => {
    const fresh = counts.find((one) => one.severity === severity && one.state === 'new')?.count ?? 0;
    const others = taken.filter((alert) => alert.severity === severity);
    const total = fresh + others.length;
    if (total === 0) return null;
    const newest = await store.alerts.listOpen({
      limit: shown.unassigned,
      severities: [severity],
      states: ['new'],
    });
    const alerts = [...newest, ...others]
      .sort((a, b) => Date.parse(b.raisedAt) - Date.parse(a.raisedAt))
      .slice(0, shown.unassigned);
    const views = await store.measures.viewsOf(alerts);
    return {
      heading: t`Unassigned, ${translate(severity)} (${total})`,
      rows: views.map((view) => alertRow(view, ['assign', 'close'], deps)),
      none: '',
      more: total - alerts.length,
    };
  };
  const parts = (await Promise.all(mostUrgentFirst.map(part))).filter((one) => one !== null);
  const none = t`Every open alert is assigned.`;
  return parts.length > 0 ? parts : [{ heading: t`Unassigned (0)`, rows: [], none, more: 0 }];
}

function alertRow(view: AlertView, actions: readonly string[], deps: HomeDeps): HomeRow {
  const { alert } = view;
  const { technique, target, machines, caller } = summarize(alert);
  const where = machines > 1 ? counted(machines, '# machine', '# machines') : plainLine(target.name, 60);
  return {
    line: [
      { bold: t`${translate(alert.severity).toUpperCase()} ${alert.score} · ${technique.title} on ${where}` },
      t` by ${plainLine(caller.name, 80)} · ${alert.id} · ${translate(alert.state)} · `,
      { time: alert.raisedAt },
    ],
    actions: actions.flatMap((id) => alertAction(id, view, deps) ?? []),
  };
}

/** An action's button; null if the alert's state does not allow it, or if nobody may do it. */
function alertAction(
  id: string,
  view: AlertView,
  { responders, now }: HomeDeps,
  words: (action: AlertAction) => { label: string; title: string } = (action) => ({
    label: wordsFor(action.label, view),
    title: translate(action.name),
  }),
): HomeAction | null {
  const action = actionOf(id);
  if (action?.about !== 'alert' || !action.offered(view, now)) return null;
  if (!responders && action.right === 'responder') return null;
  const { label, title } = words(action);
  const { confirm, fields } = action;
  return {
    id,
    label: plainLine(label, 75),
    value: view.alert.id,
    ...(confirm && !fields
      ? { confirm: { title, text: wordsFor(confirm.text, view), yes: translate(confirm.yes) } }
      : {}),
  };
}

async function exceptionsPart(review: readonly Exception[], { store, responders }: HomeDeps) {
  const listed = [...review].sort((a, b) => (a.expires < b.expires ? -1 : 1)).slice(0, shown.exceptions);
  const rows = listed.map(
    async (exception): Promise<HomeRow> => ({
      line: [reviewText(exception, await store.exceptions.uses(exception.id))],
      actions: responders ? reviewActions(exception) : [],
    }),
  );
  return {
    heading: t`Exceptions to review (${review.length})`,
    rows: await Promise.all(rows),
    none: t`No exceptions expire within a week.`,
    more: review.length - listed.length,
  };
}

/** The measures of one kind that an alert requested, and whose undo is one press. */
interface MeasureGroup {
  kind: string;
  alertId: string;
  measures: Measure[];
}

async function measuresPart(deps: HomeDeps): Promise<HomePart> {
  const held = (await deps.store.measures.listOpen()).filter(isHeld);
  const groups = new Map<string, MeasureGroup>();
  for (const measure of held.sort((a, b) => (a.at < b.at ? 1 : -1))) {
    const { kind } = measure;
    const alertId = measure.alerts.at(-1) ?? '';
    const key = alertId ? `${kind} ${alertId}` : measure.id;
    const group = groups.get(key) ?? { kind, alertId, measures: [] };
    group.measures.push(measure);
    groups.set(key, group);
  }
  const listed = [...groups.values()].slice(0, shown.measures);
  const alerts = await deps.store.alerts.getMany(listed.map(({ alertId }) => alertId));
  const views = await deps.store.measures.viewsOf(alerts.filter((alert) => alert !== null));
  return {
    heading: t`In force (${held.length})`,
    rows: listed.map((group) =>
      measureRow(group, views.find(({ alert }) => alert.id === group.alertId) ?? null, deps),
    ),
    none: t`No changes on Azure are in force.`,
    more: held.length - listed.reduce((sum, { measures }) => sum + measures.length, 0),
  };
}

function measureRow(
  { kind, alertId, measures }: MeasureGroup,
  view: AlertView | null,
  deps: HomeDeps,
): HomeRow {
  const [newest] = measures as [Measure];
  const defined = kindOf(kind);
  const others = [...new Set(measures.map(stateOf))].filter(Boolean);
  // One press undoes every measure of this kind on the alert's targets, also those that other alerts requested.
  const undone = view
    ? measuresOf(view.measures, kind).filter((one) => isHeld(one) && one.state !== 'doing')
    : [];
  const words = ({ label, name }: AlertAction) => {
    const undo = (view ? wordsFor(label, view) : translate(name)).replace('…', '');
    return {
      label: undone.length > 1 ? `${undo} (${undone.length})` : undo,
      title: `${undo}: ${namesOf(undone)}`,
    };
  };
  const line: Inline[] = [
    { bold: `${translate(defined?.name ?? kind)}: ${namesOf(measures)}` },
    t` · since `,
    { time: newest.at },
    t` · by ${plainLine(newest.by.name, 80)}${alertId ? t` · from ${alertId}` : ''}`,
    ...(others.length > 0 ? [` · ${others.join('; ')}`] : []),
  ];
  const undo = view && defined ? alertAction(defined.undoneBy, view, deps, words) : null;
  return { line, actions: undo && defined?.undoneBy !== defined?.doneBy ? [undo] : [] };
}

const stateOf = ({ state, reason }: Measure): string =>
  ({
    doing: t`in progress`,
    undoing: t`being undone`,
    drifted: t`changed manually since: ${plainLine(reason, 200)}`,
    failed: t`failed: ${plainLine(reason, 200)}`,
  })[state as string] ?? '';

function namesOf(measures: readonly Measure[]): string {
  const names = measures.slice(0, maxNames).map(({ name }) => plainLine(name, 80));
  const rest = measures.length - names.length;
  return `${names.join(', ')}${rest > 0 ? t` and ${rest} more` : ''}`;
}

async function subscriptionsPart(store: Store): Promise<HomePart> {
  const subscriptions = await store.polls.subscriptions();
  const listed = subscriptions.slice(0, shown.subscriptions);
  return {
    heading: t`Subscriptions (${subscriptions.length})`,
    rows: listed.map(({ id, name, error, lastPollAt }) => ({
      line: [
        `${plainLine(name || id, 80)}: `,
        ...(error
          ? [plainLine(error, 160)]
          : lastPollAt
            ? [t`last read `, { time: lastPollAt }]
            : [t`not read yet`]),
      ],
      actions: [],
    })),
    none: t`No subscriptions are known yet.`,
    more: subscriptions.length - listed.length,
  };
}
