import type { Alert } from '../alerts/alert';
import { declarationOf, nameOf } from '../alerts/declarations';
import { type Deed, deedOf } from '../alerts/deed';
import { Refusal } from '../alerts/transitions';
import type { ActionId } from '../config';
import { auditOf } from './audit-of';
import { withPress } from './change-state';
import type { PressJob, Reading, Response, ResponseDeps } from './response';

/** One call on Azure or Graph; safe to do again, since a crash may come between it and its note. */
export interface Step<Before> {
  words: string;
  run: (before: Before, deps: ResponseDeps, alert: Alert) => Promise<unknown>;
}

/** A response that reads first, writes down what was there, and then goes step by step. */
export interface Planned<Before> {
  action: ActionId;
  /** Reads what is there and changes nothing; throws a Refusal when it can't or must not be done. */
  prepare: (alert: Alert, press: PressJob, deps: Reading) => Promise<Before>;
  steps: (before: Before) => Step<Before>[];
  /** How it stands afterwards, in words. */
  says: (before: Before) => string;
  undo?: { action: ActionId; steps: (before: Before) => Step<Before>[]; says: (before: Before) => string };
}

/** The response, and its undo where there is one. */
export function reversible<Before extends object>(planned: Planned<Before>): Response[] {
  const { action, undo } = planned;
  const respond = (id: ActionId, run: Response['run'], plan?: Response['plan']): Response => {
    const declared = declarationOf(id);
    return {
      action: id,
      title: nameOf(declared),
      needs: 'responder',
      permissions: declared.permissions,
      run,
      ...(plan ? { plan } : {}),
    };
  };
  const forward = respond(
    action,
    async (alert, press, deps) => {
      const deed = await begin(planned, alert, press, deps);
      const steps = planned.steps(deed.before as Before);
      await walk(action, deed, steps, press, deps);
      await end(action, 'done', planned.says(deed.before as Before), press, deps);
      return null;
    },
    async (alert, press, deps) =>
      planned.steps(await planned.prepare(alert, press, deps)).map((step) => step.words),
  );
  if (!undo) return [forward];
  const back = respond(undo.action, async (_, press, deps) => {
    const deed = await beginUndo(action, undo.steps as (before: object) => Step<object>[], press, deps);
    await walk(action, deed, undo.steps(deed.before as Before), press, deps);
    await end(action, 'undone', undo.says(deed.before as Before), press, deps);
    return null;
  });
  return [forward, back];
}

async function begin<Before extends object>(
  { action, prepare, steps }: Planned<Before>,
  alert: Alert,
  press: PressJob,
  deps: ResponseDeps,
): Promise<Deed> {
  const known = deedOf(alert, action);
  if (known?.status === 'doing') return known;
  if (known && known.status !== 'undone' && action !== 'restart')
    throw new Refusal(`That is done already, by ${known.by.name}.`);
  const before = await prepare(alert, press, deps);
  const plan = steps(before).map((step) => step.words);
  return store(action, press, deps, (current) => {
    const present = deedOf(current, action);
    if (present?.status === 'doing') return null;
    return {
      status: 'doing',
      by: press.by,
      at: press.at,
      before: before as Record<string, unknown>,
      plan,
      passed: 0,
      says: '',
    };
  });
}

const beginUndo = (
  action: ActionId,
  steps: (before: object) => Step<object>[],
  press: PressJob,
  deps: ResponseDeps,
): Promise<Deed> =>
  store(action, press, deps, (current) => {
    const deed = deedOf(current, action);
    if (deed?.status === 'undoing') return null;
    if (deed?.status !== 'done') throw new Refusal('That is not done, so there is nothing to undo.');
    return {
      ...deed,
      status: 'undoing',
      by: press.by,
      at: press.at,
      plan: steps(deed.before).map((step) => step.words),
      passed: 0,
    };
  });

/** Each step is noted once it is through, so that another process goes on behind it. */
async function walk<Before extends object>(
  action: ActionId,
  deed: Deed,
  steps: Step<Before>[],
  press: PressJob,
  deps: ResponseDeps,
): Promise<void> {
  for (let passed = deed.passed; passed < steps.length; passed++) {
    const alert = await deps.store.alerts.get(press.alertId);
    if (!alert) throw new Refusal('That alert is no longer kept.');
    await steps[passed]?.run(deed.before as Before, deps, alert);
    await deps.store.alerts.update(press.alertId, (current) => {
      const present = current && deedOf(current, action);
      if (!current || !present || present.passed > passed) return null;
      return { alert: withDeed(current, action, { ...present, passed: passed + 1 }) };
    });
    await deps.show(press.alertId);
  }
}

async function end(
  action: ActionId,
  status: 'done' | 'undone',
  says: string,
  press: PressJob,
  deps: ResponseDeps,
): Promise<void> {
  await deps.store.alerts.update(press.alertId, (current) => {
    const deed = current && deedOf(current, action);
    if (!current || !deed || current.pressesDone.includes(press.pressId)) return null;
    const next = withDeed({ ...current, activity: null }, action, { ...deed, status, says });
    return {
      alert: withPress(next, press),
      audit: [auditOf(press, current, 'done', null, { before: deed.before })],
    };
  });
  await deps.show(press.alertId);
}

/** Notes the beginning with its audit entry; a null change leaves what is under way. */
async function store(
  action: ActionId,
  press: PressJob,
  deps: ResponseDeps,
  change: (alert: Alert) => Deed | null,
): Promise<Deed> {
  const stored = await deps.store.alerts.update(press.alertId, (current) => {
    const deed = current && change(current);
    if (!current || !deed) return null;
    return {
      alert: { ...withDeed(current, action, deed), activity: null },
      audit: [auditOf(press, current, 'started', null, { plan: deed.plan, before: deed.before })],
    };
  });
  const deed = stored && deedOf(stored, action);
  if (!deed) throw new Refusal('That alert is no longer kept.');
  await deps.show(press.alertId);
  return deed;
}

const withDeed = (alert: Alert, action: ActionId, deed: Deed): Alert => ({
  ...alert,
  measures: { ...alert.measures, deeds: { ...alert.measures.deeds, [action]: deed } },
});
