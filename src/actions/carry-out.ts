import { AzureError } from '../azure/connection/azure-error';
import type { Alert } from '../domain/alerts/alert';
import { Refusal } from '../domain/alerts/transitions';
import type { AuditDraft } from '../domain/audit/audit-chain';
import {
  isHeld,
  isUnderWay,
  type Measure,
  type MeasureStep,
  measureIdOf,
  signedPart,
} from '../domain/measures/measure';
import { machineSubject } from '../domain/measures/subjects';
import type { Presser } from '../domain/people/person';
import { canonicalJson } from '../domain/text/canonical-json';
import { redactSecrets } from '../domain/text/redactor';
import { atMost } from '../runtime/at-most';
import type { ActionDeps, CheckedPress } from './action';
import { auditOf } from './audit-of';
import type { DefinedKind, MeasureKind, Step, Target } from './measure-kind';

/** What came of a press on one target. */
export interface Outcome {
  target: Target;
  result: 'done' | 'joined' | 'refused' | 'failed';
  text: string;
}

type AnyKind = MeasureKind;

/** Targets that are worked on at the same time. */
const sideBySide = 8;
/** What a press carries out belongs to it; after this long without a step, ms, its process is taken to have ended. */
const abandonedMs = 20 * 60_000;
/** Nothing that leaves no trace, such as a restart, is done twice within this time, ms. */
const againAfterMs = 2 * 60_000;

/**
 * Does a measure on each target, side by side, each with its own result. Safe to run again from any point: what was there
 * is written down before it is changed, and each step once it is through.
 * @throws the first failure that passes by itself, so that the job is tried again, unless this is the last try
 */
export async function carryOut(
  kind: AnyKind,
  targets: readonly Target[],
  press: CheckedPress,
  alert: Alert | null,
  deps: ActionDeps,
): Promise<Outcome[]> {
  const alone = targets.length === 1;
  return onEach(targets, (target) => doOn(kind, target, press, alert, alone, deps));
}

/** Goes on with what failed, side by side, each from the step that failed. */
export async function retryAll(
  measures: readonly Measure[],
  kindOf: (kind: string) => DefinedKind | null,
  press: CheckedPress,
  alert: Alert | null,
  deps: ActionDeps,
): Promise<Outcome[]> {
  return onEach(measures, async (measure) => {
    const kind = kindOf(measure.kind);
    if (!kind) throw new Refusal(`${measure.kind} is not known to this version.`);
    const again: CheckedPress = {
      ...press,
      action: measure.way === 'undo' ? kind.undoneBy : kind.doneBy,
      input: measure.input,
      approvedBy: press.approvedBy ?? measure.approvedBy,
    };
    const target = { id: measure.target, name: measure.name };
    return measure.way === 'undo'
      ? undoOn(kind, measure, again, deps)
      : doOn(kind, target, again, alert, false, deps);
  });
}

/** Puts back what was there on each target. */
export async function undoAll(
  kind: AnyKind,
  measures: readonly Measure[],
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome[]> {
  return onEach(measures, (measure) => undoOn(kind, measure, press, deps));
}

async function onEach<T>(items: readonly T[], work: (item: T) => Promise<Outcome>): Promise<Outcome[]> {
  const inTurn = atMost(sideBySide);
  const settled = await Promise.allSettled(items.map((item) => inTurn(() => work(item))));
  const failed = settled.find((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return settled.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
}

async function doOn(
  kind: AnyKind,
  target: Target,
  press: CheckedPress,
  alert: Alert | null,
  alone: boolean,
  deps: ActionDeps,
): Promise<Outcome> {
  const id = measureIdOf(kind.kind, target.id);
  try {
    for (;;) {
      const current = await deps.store.measures.get(id);
      const decided = decideToDo(kind, current, press, deps.now());
      if (current && decided === 'finished') return await finishedOn(kind, current, press, deps);
      if (current && decided === 'join' && !(await hasDrifted(kind, current, deps)))
        return await join(kind, current, target, press, deps);
      if (current && decided === 'resume') return await walk(kind, current, press, deps);
      if (kind.needsUnlocked) await refuseWhileLocked(kind, target, deps);
      const earlier = current && isHeld(current) && isGenuine(current, deps) ? current.before : null;
      const before = await kind.prepare(target, press, deps, alert, earlier);
      const started = await start(kind, { target, press, before, current }, deps);
      if (started) return await walk(kind, started, press, deps);
    }
  } catch (error) {
    if (error instanceof Refusal && alone) throw error;
    return failedOn(kind, target, 'do', error, press, deps);
  }
}

/** Did somebody take it off by hand? Then it is done anew. What can't be read is taken as it was noted. */
async function hasDrifted(kind: AnyKind, { before }: Measure, deps: ActionDeps): Promise<boolean> {
  const found = await kind.drift?.(before, deps).catch((error: unknown) => {
    if (error instanceof AzureError) return null;
    throw error;
  });
  return typeof found === 'string';
}

/** This press has done it in an earlier try. */
async function finishedOn(
  kind: AnyKind,
  measure: Measure,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome> {
  const target = { id: measure.target, name: measure.name };
  if (measure.state === 'failed') return { target, result: 'failed', text: `${measure.reason}.` };
  await moveAlerts(kind, measure, press, deps);
  return { target, result: 'done', text: measure.says };
}

type Decision = 'start' | 'resume' | 'join' | 'finished';

/** What a press does with what is known of its target. Pure. */
export function decideToDo(
  kind: Pick<AnyKind, 'again' | 'renewable' | 'name'>,
  measure: Measure | null,
  press: Pick<CheckedPress, 'pressId' | 'alertId' | 'input'>,
  now: number,
): Decision {
  if (!measure || measure.state === 'undone') return 'start';
  const age = now - Date.parse(measure.changedAt);
  const mine = measure.press === press.pressId;
  switch (measure.state) {
    case 'doing':
      if (mine) return 'resume';
      throw new Refusal(
        `${measure.name}: that is under way already, asked by ${measure.by.name}. Wait for its result.`,
      );
    case 'undoing':
      throw new Refusal(`${measure.name}: that is being undone now. Wait until it is through.`);
    case 'in force':
      if (mine) return 'finished';
      return kind.renewable && !measure.alerts.includes(press.alertId) ? 'start' : 'join';
    case 'done':
      if (mine) return 'finished';
      if (!kind.again && measure.alerts.at(-1) === press.alertId)
        throw new Refusal(`${measure.name}: that is done already, by ${measure.by.name}.`);
      if (kind.again && age < againAfterMs)
        throw new Refusal(
          `${measure.name}: ${measure.by.name} did that ${Math.round(age / 1000)} s ago. Wait ${againAfterMs / 60_000} minutes to do it again.`,
        );
      return 'start';
    case 'drifted':
      return 'start';
    case 'failed':
      if (mine) return 'finished';
      if (measure.way === 'undo' && !measure.dismissed)
        throw new Refusal(`${measure.name}: undoing it failed. Retry or dismiss that first.`);
      if (measure.way === 'undo' || !isHeld(measure)) return 'start';
      if (canonicalJson(measure.input ?? {}) !== canonicalJson(press.input ?? {}))
        throw new Refusal(
          `${measure.name}: ${kind.name} is half done as it was asked for before, with other choices. Retry that, or undo it first.`,
        );
      return 'resume';
  }
}

/** Somebody else's press has done it: this alert shows it and may undo it too. */
async function join(
  kind: AnyKind,
  measure: Measure,
  target: Target,
  press: CheckedPress,
  { store, show }: ActionDeps,
): Promise<Outcome> {
  const differs = kind.differs?.(measure.before, press);
  if (differs) throw new Refusal(differs);
  const text = `${measure.name}: that is in force already, by ${measure.by.name}.`;
  await store.audit.append(
    [draft(press, measure, 'done', 'it is in force already')],
    `${press.pressId} ${measure.id}`,
  );
  if (press.alertId && !measure.alerts.includes(press.alertId)) {
    await store.measures.update(measure.id, (current) =>
      current ? { measure: { ...current, alerts: withAlert(current.alerts, press.alertId) } } : null,
    );
    await show(press.alertId);
  }
  return { target, result: 'joined', text };
}

const withAlert = (alerts: readonly string[], id: string) =>
  id && !alerts.includes(id) ? [...alerts, id].slice(-50) : [...alerts];

/** Before anything is changed our own lock is known: it would refuse the change half way. */
async function refuseWhileLocked(kind: AnyKind, target: Target, { store }: ActionDeps): Promise<void> {
  for (const subject of kind.subjects(target).filter((one) => one.startsWith('machine:'))) {
    const lock = await store.measures.get(measureIdOf('lock', subject.slice('machine:'.length)));
    if (lock && isHeld(lock))
      throw new Refusal(`${lock.name} is locked by Runwatch, which refuses every change. Unlock it first.`);
  }
}

async function start(
  kind: AnyKind,
  {
    target,
    press,
    before,
    current,
  }: { target: Target; press: CheckedPress; before: object; current: Measure | null },
  deps: ActionDeps,
): Promise<Measure | null> {
  const { store, show } = deps;
  let taken = false;
  const stored = await store.measures.update(measureIdOf(kind.kind, target.id), (known) => {
    taken = (known?.rev ?? 0) === (current?.rev ?? 0);
    if (!taken) return null;
    const measure = signed(deps, {
      id: measureIdOf(kind.kind, target.id),
      kind: kind.kind,
      target: target.id,
      name: target.name,
      subjects: [...kind.subjects(target)],
      rev: known?.rev ?? 0,
      ...(kind.passes ? { passes: true as const } : {}),
      state: 'doing',
      way: 'do',
      action: press.action,
      input: press.input,
      by: press.by,
      ...(press.approvedBy ? { approvedBy: press.approvedBy } : {}),
      at: press.at,
      changedAt: press.at,
      press: press.pressId,
      alerts: withAlert(known?.alerts ?? [], press.alertId),
      before: before as Record<string, unknown>,
      steps: waiting(kind.steps(before as Record<string, unknown>)),
      says: '',
    });
    return {
      measure,
      audit: [draft(press, measure, 'started', null, { before, plan: wordsOf(measure.steps) })],
    };
  });
  if (!taken || !stored) return null;
  await showAll(stored, store, show);
  return stored;
}

const waiting = (steps: readonly Step[]): MeasureStep[] =>
  steps.map(({ words }) => ({ words, state: 'waiting' }));
const wordsOf = (steps: readonly MeasureStep[]) => steps.map(({ words }) => words);

/** Each step is noted once it is through, so that another process goes on behind it. */
async function walk(kind: AnyKind, found: Measure, press: CheckedPress, deps: ActionDeps): Promise<Outcome> {
  const { store, azure, show } = deps;
  const target = { id: found.target, name: found.name };
  const undoing = found.way === 'undo';
  if (!isGenuine(found, deps)) throw changedByOthers(found);
  let measure = await own(kind, found, press, deps);
  const change = async (next: (current: Measure) => Measure, audit: AuditDraft[] = []) => {
    const stored = await store.measures.update(found.id, (current) => {
      if (!current || current.press !== press.pressId)
        throw new Refusal(`${found.name}: another press took over.`);
      if (!isGenuine(current, deps)) throw changedByOthers(current);
      return { measure: signed(deps, next(current)), audit };
    });
    measure = stored as Measure;
  };
  const note = (index: number, state: MeasureStep['state']) =>
    change((current) => ({
      ...current,
      steps: current.steps.map((step, i) => (i === index ? { ...step, state } : step)),
    }));
  const stepsOf = () => (undoing ? (kind.undo?.steps(measure.before) ?? []) : kind.steps(measure.before));
  for (let index = 0; index < measure.steps.length; index++) {
    const step = stepsOf()[index];
    const known = measure.steps[index]?.state;
    if (!step || known === 'done') continue;
    if (step.once && known === 'asked') throw new Unknown(step.words);
    if (known === 'waiting') await note(index, 'asked');
    try {
      await step.run({
        azure,
        store,
        measure,
        save: (before) => change((current) => ({ ...current, before })),
      });
    } catch (error) {
      if (known === 'waiting' && wasNotTaken(error)) await note(index, 'waiting');
      else if (step.once && isPassing(error)) throw new Unknown(step.words);
      throw error;
    }
    await note(index, 'done');
    if (index < measure.steps.length - 1) await showAll(measure, store, show);
  }
  const checked = !undoing && kind.check ? await checkOn(kind, measure, deps) : undefined;
  const says = undoing ? (kind.undo?.says(measure.before) ?? '') : kind.says(measure.before);
  await change(
    (current) => ({
      ...current,
      state: undoing ? 'undone' : kind.passes ? 'done' : 'in force',
      says,
      reason: undefined,
      dismissed: undefined,
      ...(checked ? { checked } : {}),
    }),
    [draft(press, measure, 'done', null, { before: measure.before, ...(checked ? { checked } : {}) })],
  );
  await moveAlerts(kind, measure, press, deps);
  await showAll(measure, store, show);
  return { target, result: 'done', text: says };
}

/** Signs what decides what is done to whom; whoever can write Redis can't. */
const signed = ({ keyring }: Pick<ActionDeps, 'keyring'>, measure: Omit<Measure, 'signature'>): Measure => ({
  ...measure,
  signature: keyring.sign('measure', signedPart(measure as Measure)),
});

const isGenuine = (measure: Measure, { keyring }: Pick<ActionDeps, 'keyring'>): boolean =>
  keyring.verify('measure', signedPart(measure), measure.signature);

const changedByOthers = ({ name }: Measure) =>
  new FinalError(`the record of ${name} in Redis was changed by somebody else, so nothing is done by it`);

/** What was begun goes on under this press. */
async function own(kind: AnyKind, measure: Measure, press: CheckedPress, deps: ActionDeps): Promise<Measure> {
  const { store } = deps;
  if (measure.press === press.pressId && isUnderWay(measure)) return measure;
  const stored = await store.measures.update(measure.id, (current) => {
    if (!current || current.rev !== measure.rev)
      throw new Refusal(`${measure.name}: it has just changed. Look again.`);
    if (!isGenuine(current, deps)) throw changedByOthers(current);
    const steps =
      current.way === 'do' ? kind.steps(current.before) : (kind.undo?.steps(current.before) ?? []);
    return {
      measure: signed(deps, {
        ...current,
        state: current.way === 'do' ? 'doing' : 'undoing',
        by: press.by,
        at: press.at,
        press: press.pressId,
        approvedBy: press.approvedBy,
        alerts: withAlert(current.alerts, press.alertId),
        reason: undefined,
        dismissed: undefined,
        // Whoever tries again has looked what came of it.
        steps: current.steps.map((step, index) =>
          step.state === 'asked' && steps[index]?.once ? { ...step, state: 'waiting' } : step,
        ),
      }),
      audit: [draft(press, current, 'started', 'tried again', { plan: wordsOf(current.steps) })],
    };
  });
  return stored as Measure;
}

async function checkOn(kind: AnyKind, measure: Measure, deps: ActionDeps): Promise<Measure['checked']> {
  const at = new Date(deps.now()).toISOString();
  try {
    const found = await kind.check?.(measure.before, deps);
    return found && { at, ...found };
  } catch (error) {
    if (isPassing(error) && !(error instanceof AzureError)) throw error;
    return { at, verified: false, notes: [redactSecrets((error as Error).message)] };
  }
}

async function undoOn(
  kind: AnyKind,
  found: Measure,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome> {
  const target = { id: found.target, name: found.name };
  try {
    const claimed = await deps.store.measures.update(found.id, (current) => {
      if (!current) throw new Refusal('That is no longer kept.');
      const mine = current.press === press.pressId;
      if (current.way === 'undo' && mine) return null;
      if (current.state === 'undone')
        throw new Refusal(`${current.name}: that was undone already, by ${current.by.name}.`);
      if (isUnderWay(current))
        throw new Refusal(
          `${current.name}: ${current.state === 'doing' ? 'that is still under way' : 'that is being undone already'}, asked by ${current.by.name}.`,
        );
      if (!isGenuine(current, deps)) throw changedByOthers(current);
      const steps = waiting(kind.undo?.steps(current.before) ?? []);
      const measure = signed(deps, {
        ...current,
        state: 'undoing',
        way: 'undo',
        action: press.action,
        input: press.input,
        by: press.by,
        approvedBy: press.approvedBy,
        at: press.at,
        press: press.pressId,
        alerts: withAlert(current.alerts, press.alertId),
        steps,
        reason: undefined,
        dismissed: undefined,
        checked: undefined,
      });
      return { measure, audit: [draft(press, measure, 'started', null, { plan: wordsOf(steps) })] };
    });
    if (claimed?.state === 'undone') return await finishedOn(kind, claimed, press, deps);
    if (claimed?.state === 'failed') return { target, result: 'failed', text: `${claimed.reason}.` };
    if (kind.needsUnlocked) await refuseWhileLocked(kind, target, deps);
    await showAll(claimed as Measure, deps.store, deps.show);
    return await walk(kind, claimed as Measure, press, deps);
  } catch (error) {
    return failedOn(kind, target, 'undo', error, press, deps);
  }
}

/** Alerts that asked for it move on: contained once it is in force, under investigation again once it is undone. */
async function moveAlerts(
  kind: AnyKind,
  measure: Measure,
  press: CheckedPress,
  { store }: ActionDeps,
): Promise<void> {
  const undone = measure.way === 'undo';
  const move = undone ? kind.onUndone : kind.onDone;
  if (!move) return;
  for (const id of undone ? measure.alerts : [press.alertId]) {
    const alert = id ? await store.alerts.get(id) : null;
    if (!alert) continue;
    const { measures } = await store.measures.viewOf(alert);
    if (undone && measures.some((other) => other.kind === kind.kind && isHeld(other))) continue;
    await store.alerts.update(id, (current) => {
      const moved = current && move(current, { by: press.by, at: press.at });
      return moved && moved !== current ? { alert: moved } : null;
    });
  }
}

/** A failure that another try does not fix. */
export class FinalError extends Error {}

/** It is not known whether Azure did what it was asked, and asking again would do it again. */
class Unknown extends FinalError {
  constructor(words: string) {
    super(
      `It is not known whether Azure did it (${words}): its answer never came. Look at the machine, then retry or dismiss`,
    );
  }
}

/** Azure says of the change itself that it did not begin it. A failed read says nothing about it. */
const wasNotTaken = (error: unknown) =>
  error instanceof AzureError &&
  error.method !== undefined &&
  error.method !== 'GET' &&
  [400, 401, 403, 404, 409, 412, 429, 503].includes(error.statusCode);

/** A failure that another try may fix; any other is shown and ends the work. */
export const isPassing = (error: unknown): boolean =>
  !(error instanceof FinalError) &&
  !(error instanceof Refusal) &&
  (!(error instanceof AzureError) ||
    error.statusCode === 0 ||
    error.statusCode === 429 ||
    error.statusCode >= 500);

async function failedOn(
  kind: AnyKind,
  target: Target,
  way: Measure['way'],
  error: unknown,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome> {
  if (isPassing(error) && !press.lastTry) throw error;
  const { store, show, log } = deps;
  const message = redactSecrets(error instanceof Error ? error.message : String(error));
  const known = await store.measures.get(measureIdOf(kind.kind, target.id));
  const other = known && (isUnderWay(known) || isHeld(known)) && known.press !== press.pressId;
  if (error instanceof Refusal && (other || known?.state === 'undone')) {
    await store.audit.append(
      [draft(press, { target: target.id }, 'refused', message)],
      `${press.pressId} ${target.id} refused`,
    );
    return { target, result: 'refused', text: message };
  }
  log.error({ error, action: press.action, alertId: press.alertId, target: target.id }, 'a measure failed');
  const reason = `${nameOf(kind, way)} did not go through: ${remedyOf(error)}${message}`;
  const stored = await store.measures.update(measureIdOf(kind.kind, target.id), (current) => {
    const isOthers = current !== null && current.press !== press.pressId;
    if (isOthers && current.state !== 'failed' && (isUnderWay(current) || isHeld(current))) return null;
    const measure: Measure =
      current && (current.press === press.pressId || (current.state === 'failed' && isHeld(current)))
        ? { ...current, state: 'failed', reason, press: press.pressId }
        : signed(deps, unprepared(kind, target, way, reason, press, current));
    return { measure, audit: [draft(press, measure, 'failed', message)] };
  });
  if (stored) await showAll(stored, store, show);
  return { target, result: 'failed', text: `${reason}.` };
}

/** Nothing was read, so nothing was changed; it is kept all the same, so that the failure is seen and retried. */
const unprepared = (
  kind: AnyKind,
  target: Target,
  way: Measure['way'],
  reason: string,
  press: CheckedPress,
  current: Measure | null,
): Omit<Measure, 'signature'> => ({
  id: measureIdOf(kind.kind, target.id),
  kind: kind.kind,
  target: target.id,
  name: target.name,
  subjects: [...kind.subjects(target)],
  rev: current?.rev ?? 0,
  ...(kind.passes ? { passes: true as const } : {}),
  state: 'failed',
  way,
  action: press.action,
  input: press.input,
  by: press.by,
  ...(press.approvedBy ? { approvedBy: press.approvedBy } : {}),
  at: press.at,
  changedAt: press.at,
  press: press.pressId,
  alerts: withAlert(current?.alerts ?? [], press.alertId),
  before: {},
  steps: [],
  says: '',
  reason,
});

const nameOf = ({ name, undoName }: AnyKind, way: Measure['way']) =>
  way === 'undo' ? (undoName ?? name) : name;

/** What to grant, where Azure says that a permission is missing. */
export const remedyOf = (error: unknown): string =>
  error instanceof AzureError && error.statusCode === 403 ? `${error.remedy}. ` : '';

/** Every alert that shows the measure. */
async function showAll(
  measure: Measure,
  store: ActionDeps['store'],
  show: ActionDeps['show'],
): Promise<void> {
  const ids = await store.measures.alertsOn(measure.subjects);
  await show(...new Set([...measure.alerts, ...ids]));
}

const draft = (
  press: CheckedPress,
  measure: Pick<Measure, 'target'>,
  result: AuditDraft['result'],
  why: string | null = null,
  details?: Record<string, unknown>,
): AuditDraft => ({
  ...auditOf(press, null, result, why, {
    ...details,
    ...(press.approvedBy ? { approvedBy: press.approvedBy } : {}),
  }),
  object: measure.target,
});

/** One line for the presser, from what came of each target; null where the message says it all. */
export function tellOutcomes(outcomes: readonly Outcome[]): string | null {
  const [only] = outcomes;
  const lacking = outcomes.filter(({ result }) => result !== 'done');
  if (lacking.length === 0) return null;
  if (outcomes.length === 1 && only) return only.text;
  const done = outcomes.length - lacking.length;
  const lines = lacking.slice(0, 10).map(({ target, text }) => `${target.name}: ${text}`);
  const more = lacking.length > 10 ? [`and ${lacking.length - 10} more; the thread has all`] : [];
  return [`${done} of ${outcomes.length} are done.`, ...lines, ...more].join('\n');
}

export const machineSubjects = ({ id }: Target): string[] => [machineSubject(id)];

/** Who does what no person asked for. */
export const ourselves: Presser = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' };

/** Says of what a press had begun that it failed: the press ended otherwise. @param pressId null: of any press that ended long ago */
export async function failUnderWay(
  pressId: string | null,
  why: string,
  { store, show, now }: Pick<ActionDeps, 'store' | 'show' | 'now'>,
): Promise<void> {
  const at = new Date(now()).toISOString();
  const isMeant = (one: Measure) =>
    isUnderWay(one) &&
    (pressId === null
      ? now() - Date.parse(one.changedAt) > abandonedMs
      : one.press === pressId || one.press.startsWith(`${pressId}.`));
  for (const { id } of (await store.measures.listOpen()).filter(isMeant)) {
    const stored = await store.measures.update(id, (current) =>
      current && isMeant(current)
        ? {
            measure: { ...current, state: 'failed', reason: why },
            audit: [
              {
                at,
                by: ourselves,
                action: current.action,
                alertId: current.alerts.at(-1) ?? null,
                object: current.target,
                result: 'failed',
                why,
              },
            ],
          }
        : null,
    );
    if (stored) await showAll(stored, store, show);
  }
}
