import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicyFile } from '../config/config';
import type { AlertView } from '../domain/measures/alert-view';
import type { Action, ActionId, AlertAction } from './action';
import type { DefinedKind } from './measures/measure-kind';
import { needsFourEyes } from './rights';

const actions = new Map<ActionId, Action>();
const kinds = new Map<string, DefinedKind>();
let loaded = false;
/** Optional actions that RUNWATCH_CONFIG turns on. */
const turnedOn = new Set<ActionId>();
/** The policy in force, for what people are told before they act. */
let policyNow: PolicyFile = {};
/** All actions in order; null after one was added. */
let sorted: readonly Action[] | null = null;

/** Loads every file in the subfolders. A new action needs only a new file there. */
function load(): void {
  if (loaded) return;
  loaded = true;
  const folders = readdirSync(__dirname, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  for (const { name } of folders)
    for (const file of readdirSync(join(__dirname, name)).sort())
      if (/\.[jt]s$/.test(file) && !file.endsWith('.d.ts')) require(join(__dirname, name, file));
}

/** Registers an action. From then on it is offered, authorized and documented. */
export function defineAction<T extends Action>(action: T): T {
  if (actions.has(action.id)) throw new Error(`the action ${action.id} is defined twice`);
  actions.set(action.id, action);
  sorted = null;
  return action;
}

export function defineMeasure(kind: DefinedKind): void {
  kinds.set(kind.kind, kind);
}

/** All actions, sorted by button order. */
export function allActions(): readonly Action[] {
  load();
  sorted ??= [...actions.values()].sort((a, b) => orderOf(a) - orderOf(b));
  return sorted;
}

const orderOf = (action: Action) => (action.about === 'alert' ? action.order : Number.MAX_SAFE_INTEGER);

export function actionOf(id: ActionId): Action | null {
  load();
  return actions.get(id) ?? null;
}

export const alertActions = (): readonly AlertAction[] =>
  allActions().filter((action): action is AlertAction => action.about === 'alert');

/** Applies a configuration: which optional actions are offered, and which need two people. */
export function configureActions(policy: PolicyFile): void {
  policyNow = policy;
  turnedOn.clear();
  for (const { id, optIn } of allActions()) if (optIn?.(policy)) turnedOn.add(id);
}

export const isTurnedOn = ({ id, optIn }: Action): boolean => !optIn || turnedOn.has(id);

/** Whether the action, with its default input, needs a second responder. */
export const needsSecondPerson = (action: AlertAction, view: AlertView): boolean =>
  needsFourEyes(action, {}, view, policyNow, actionOf);

export const actionIds = (): readonly ActionId[] => allActions().map(({ id }) => id);

export function kindOf(kind: string): DefinedKind | null {
  load();
  return kinds.get(kind) ?? null;
}

/** The kind of change that an action makes or undoes; null if it makes none of its own. */
export function kindOfAction(id: ActionId): DefinedKind | null {
  load();
  return [...kinds.values()].find(({ doneBy, undoneBy }) => doneBy === id || undoneBy === id) ?? null;
}
