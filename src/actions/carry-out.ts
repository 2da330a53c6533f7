import { AzureError } from '../azure/connection/azure-error';
import type { Alert } from '../domain/alerts/alert';
import { Refusal } from '../domain/alerts/transitions';
import type { AuditDraft } from '../domain/audit/audit-chain';
import {
  isHeld,
  isInProgress,
  type Measure,
  type MeasureStep,
  measureIdOf,
  signedPart,
} from '../domain/measures/measure';
import { machineSubject } from '../domain/measures/subjects';
import type { Presser } from '../domain/people/person';
import { canonicalJson } from '../domain/text/canonical-json';
import { redactSecrets } from '../domain/text/redactor';
import { limitConcurrency } from '../runtime/limit-concurrency';
import type { ActionDeps, CheckedPress } from './action';
import { auditOf } from './audit-of';
import type { DefinedKind, MeasureKind, Step, Target } from './measure-kind';

/** The result of a press on one target. */
export interface Outcome {
  target: Target;
  result: 'done' | 'joined' | 'refused' | 'failed';
  text: string;
}

type AnyKind = MeasureKind;

/** How many targets are processed concurrently. */
const maxConcurrentTargets = 8;
/** Milliseconds without progress after which a measure's process is considered dead. */
const abandonedMs = 20 * 60_000;
/** Minimum interval, in ms, before a measure without lasting state, such as a restart, may be repeated. */
const minRepeatMs = 2 * 60_000;

/**
 * Applies a measure to each target concurrently, with a separate result for each. Safe to run again from any
 * point: the prior state is saved before a change, and each step is marked when it completes.
 * @throws the first transient failure, so that the job is retried, unless this is the last attempt
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

/** Retries failed measures concurrently, each from the step that failed. */
export async function retryAll(
  measures: readonly Measure[],
  kindOf: (kind: string) => DefinedKind | null,
  press: CheckedPress,
  alert: Alert | null,
  deps: ActionDeps,
): Promise<Outcome[]> {
  return onEach(measures, async (measure) => {
    const kind = kindOf(measure.kind);
    if (!kind) throw new Refusal(`${measure.kind} is not supported by this version.`);
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

/** Restores the prior state of each target. */
export async function undoAll(
  kind: AnyKind,
  measures: readonly Measure[],
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome[]> {
  return onEach(measures, (measure) => undoOn(kind, measure, press, deps));
}

async function onEach<T>(items: readonly T[], work: (item: T) => Promise<Outcome>): Promise<Outcome[]> {
  const inTurn = limitConcurrency(maxConcurrentTargets);
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
      const decided = decide(kind, current, press, deps.now());
      if (current && decided === 'finished') return await finishedOn(kind, current, press, deps);
      if (current && decided === 'join' && !(await hasDrifted(kind, current, deps)))
        return await join(kind, current, target, press, deps);
      if (current && decided === 'resume') return await runSteps(kind, current, press, deps);
      if (kind.needsUnlocked) await refuseWhileLocked(kind, target, deps);
      const earlier = current && isHeld(current) && isGenuine(current, deps) ? current.before : null;
      const before = await kind.prepare(target, press, deps, alert, earlier);
      const started = await start(kind, { target, press, before, current }, deps);
      if (started) return await runSteps(kind, started, press, deps);
    }
  } catch (error) {
    if (error instanceof Refusal && alone) throw error;
    return failedOn(kind, target, 'do', error, press, deps);
  }
}

/**
 * Whether someone reverted it manually; if so, it is applied again. If Azure can't be read, assume that
 * nothing changed.
 */
async function hasDrifted(kind: AnyKind, { before }: Measure, deps: ActionDeps): Promise<boolean> {
  const found = await kind.drift?.(before, deps).catch((error: unknown) => {
    if (error instanceof AzureError) return null;
    throw error;
  });
  return typeof found === 'string';
}

/** The result when an earlier attempt of this press finished the measure. */
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

/** Decides what a press does, given its target's stored measure. Pure. */
export function decide(
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
        `${measure.name}: already in progress, requested by ${measure.by.name}. Wait for the result.`,
      );
    case 'undoing':
      throw new Refusal(`${measure.name}: undo in progress. Wait until it finishes.`);
    case 'in force':
      if (mine) return 'finished';
      return kind.renewable && !measure.alerts.includes(press.alertId) ? 'start' : 'join';
    case 'done':
      if (mine) return 'finished';
      if (!kind.again && measure.alerts.at(-1) === press.alertId)
        throw new Refusal(`${measure.name}: ${measure.by.name} already did this.`);
      if (kind.again && age < minRepeatMs)
        throw new Refusal(
          `${measure.name}: ${measure.by.name} did that ${Math.round(age / 1000)} s ago. Wait ${minRepeatMs / 60_000} minutes before you repeat it.`,
        );
      return 'start';
    case 'drifted':
      return 'start';
    case 'failed':
      if (mine) return 'finished';
      if (measure.way === 'undo' && !measure.dismissed)
        throw new Refusal(`${measure.name}: the undo failed. Retry or dismiss it first.`);
      if (measure.way === 'undo' || !isHeld(measure)) return 'start';
      if (canonicalJson(measure.input ?? {}) !== canonicalJson(press.input ?? {}))
        throw new Refusal(
          `${measure.name}: an earlier ${kind.name} with other options is incomplete. Retry or undo it first.`,
        );
      return 'resume';
  }
}

/** Another press already applied it. This alert shows the measure and may undo it too. */
async function join(
  kind: AnyKind,
  measure: Measure,
  target: Target,
  press: CheckedPress,
  { store, show }: ActionDeps,
): Promise<Outcome> {
  const differs = kind.differs?.(measure.before, press);
  if (differs) throw new Refusal(differs);
  const text = `${measure.name}: already in force, by ${measure.by.name}.`;
  await store.audit.append(
    [draft(press, measure, 'done', 'already in force')],
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

/** Checks for a lock by Runwatch first, because it would make Azure reject the change partway. */
async function refuseWhileLocked(kind: AnyKind, target: Target, { store }: ActionDeps): Promise<void> {
  for (const subject of kind.subjects(target).filter((one) => one.startsWith('machine:'))) {
    const lock = await store.measures.get(measureIdOf('lock', subject.slice('machine:'.length)));
    if (lock && isHeld(lock))
      throw new Refusal(
        `${lock.name} is locked by Runwatch, so Azure rejects every change. Unlock it first.`,
      );
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

/** Marks each completed step, so that another process can resume after it. */
async function runSteps(
  kind: AnyKind,
  found: Measure,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Outcome> {
  const { store, azure, show } = deps;
  const target = { id: found.target, name: found.name };
  const undoing = found.way === 'undo';
  if (!isGenuine(found, deps)) throw tamperedError(found);
  let measure = await claimMeasure(kind, found, press, deps);
  const change = async (next: (current: Measure) => Measure, audit: AuditDraft[] = []) => {
    const stored = await store.measures.update(found.id, (current) => {
      if (!current || current.press !== press.pressId)
        throw new Refusal(`${found.name}: another press took over.`);
      if (!isGenuine(current, deps)) throw tamperedError(current);
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
    if (step.once && known === 'asked') throw new UnknownOutcomeError(step.words);
    if (known === 'waiting') await note(index, 'asked');
    try {
      await step.run({
        azure,
        store,
        measure,
        save: (before) => change((current) => ({ ...current, before })),
      });
    } catch (error) {
      if (known === 'waiting' && wasNotAccepted(error)) await note(index, 'waiting');
      else if (step.once && isTransient(error)) throw new UnknownOutcomeError(step.words);
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

/**
 * Signs the fields that decide what is done to which target, so that write access to Redis is not enough to
 * forge them.
 */
const signed = ({ keyring }: Pick<ActionDeps, 'keyring'>, measure: Omit<Measure, 'signature'>): Measure => ({
  ...measure,
  signature: keyring.sign('measure', signedPart(measure as Measure)),
});

const isGenuine = (measure: Measure, { keyring }: Pick<ActionDeps, 'keyring'>): boolean =>
  keyring.verify('measure', signedPart(measure), measure.signature);

const tamperedError = ({ name }: Measure) =>
  new PermanentError(`the Redis record of ${name} was modified outside Runwatch, so it is not used`);

/** Claims a measure in progress for this press. */
async function claimMeasure(
  kind: AnyKind,
  measure: Measure,
  press: CheckedPress,
  deps: ActionDeps,
): Promise<Measure> {
  const { store } = deps;
  if (measure.press === press.pressId && isInProgress(measure)) return measure;
  const stored = await store.measures.update(measure.id, (current) => {
    if (!current || current.rev !== measure.rev)
      throw new Refusal(`${measure.name} just changed. Check its current state.`);
    if (!isGenuine(current, deps)) throw tamperedError(current);
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
        // A manual retry means that someone has checked the result of a step with an unknown outcome.
        steps: current.steps.map((step, index) =>
          step.state === 'asked' && steps[index]?.once ? { ...step, state: 'waiting' } : step,
        ),
      }),
      audit: [draft(press, current, 'started', 'retried', { plan: wordsOf(current.steps) })],
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
    if (isTransient(error) && !(error instanceof AzureError)) throw error;
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
      if (!current) throw new Refusal('This record has expired.');
      const mine = current.press === press.pressId;
      if (current.way === 'undo' && mine) return null;
      if (current.state === 'undone')
        throw new Refusal(`${current.name}: ${current.by.name} already undid this.`);
      if (isInProgress(current))
        throw new Refusal(
          `${current.name}: ${current.state === 'doing' ? 'still in progress' : 'undo already in progress'}, requested by ${current.by.name}.`,
        );
      if (!isGenuine(current, deps)) throw tamperedError(current);
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
    return await runSteps(kind, claimed as Measure, press, deps);
  } catch (error) {
    return failedOn(kind, target, 'undo', error, press, deps);
  }
}

/**
 * Updates the state of the alerts that requested it: contained once in force, investigating again once
 * undone.
 */
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

/** A permanent failure: a retry can't fix it. */
export class PermanentError extends Error {}

/** Azure may or may not have run the step. Repeating the step could run it twice. */
class UnknownOutcomeError extends PermanentError {
  constructor(words: string) {
    super(
      `Azure did not respond, so the result is unknown (${words}). Check the machine, then retry or dismiss`,
    );
  }
}

/** Azure rejected the change before starting it. A failed read says nothing about the change. */
const wasNotAccepted = (error: unknown) =>
  error instanceof AzureError &&
  error.method !== undefined &&
  error.method !== 'GET' &&
  [400, 401, 403, 404, 409, 412, 429, 503].includes(error.statusCode);

/** Whether a retry may fix the failure. Any other failure is shown and ends the work. */
export const isTransient = (error: unknown): boolean =>
  !(error instanceof PermanentError) &&
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
  if (isTransient(error) && !press.lastTry) throw error;
  const { store, show, log } = deps;
  const message = redactSecrets(error instanceof Error ? error.message : String(error));
  const known = await store.measures.get(measureIdOf(kind.kind, target.id));
  const other = known && (isInProgress(known) || isHeld(known)) && known.press !== press.pressId;
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
    if (isOthers && current.state !== 'failed' && (isInProgress(current) || isHeld(current))) return null;
    const measure: Measure =
      current && (current.press === press.pressId || (current.state === 'failed' && isHeld(current)))
        ? { ...current, state: 'failed', reason, press: press.pressId }
        : signed(deps, failedBeforeStart(kind, target, way, reason, press, current));
    return { measure, audit: [draft(press, measure, 'failed', message)] };
  });
  if (stored) await showAll(stored, store, show);
  return { target, result: 'failed', text: `${reason}.` };
}

/** A measure that failed before any change. It is stored so that people see the failure and can retry it. */
const failedBeforeStart = (
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

/** Which permission to grant, when Azure reports that one is missing. */
export const remedyOf = (error: unknown): string =>
  error instanceof AzureError && error.statusCode === 403 ? `${error.remedy}. ` : '';

/** Updates every alert that shows the measure. */
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

/** A summary of the results for the presser; null if the alert's message already shows everything. */
export function describeOutcomes(outcomes: readonly Outcome[]): string | null {
  const [only] = outcomes;
  const lacking = outcomes.filter(({ result }) => result !== 'done');
  if (lacking.length === 0) return null;
  if (outcomes.length === 1 && only) return only.text;
  const done = outcomes.length - lacking.length;
  const lines = lacking.slice(0, 10).map(({ target, text }) => `${target.name}: ${text}`);
  const more = lacking.length > 10 ? [`and ${lacking.length - 10} more; see the thread for all`] : [];
  return [`${done} of ${outcomes.length} succeeded.`, ...lines, ...more].join('\n');
}

export const machineSubjects = ({ id }: Target): string[] => [machineSubject(id)];

/** The actor for what Runwatch does by itself. */
export const runwatchActor: Presser = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' };

/**
 * Marks a press's measures in progress as failed when the press ended early.
 * @param pressId null: all measures whose process is considered dead
 */
export async function failInProgress(
  pressId: string | null,
  why: string,
  { store, show, now }: Pick<ActionDeps, 'store' | 'show' | 'now'>,
): Promise<void> {
  const at = new Date(now()).toISOString();
  const isMeant = (one: Measure) =>
    isInProgress(one) &&
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
                by: runwatchActor,
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
