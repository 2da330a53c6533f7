import type { Alert, Presser } from './alert';

/** What a response did in steps, with what its undo needs; written down before the first step and after each. */
export interface Deed {
  status: 'doing' | 'done' | 'undoing' | 'undone';
  by: Presser;
  at: string;
  /** What was there before, as its undo puts it back. */
  before: Record<string, unknown>;
  /** What it does, a line a step, as it was planned. */
  plan: string[];
  /** How many steps are through. */
  passed: number;
  /** How it stands now, in words. */
  says: string;
}

export const deedOf = (alert: Pick<Alert, 'measures'>, action: string): Deed | null =>
  alert.measures.deeds?.[action] ?? null;

/** Done, and not undone: so it can be undone. */
export const isDone = (alert: Pick<Alert, 'measures'>, action: string): boolean =>
  ['done', 'undoing'].includes(deedOf(alert, action)?.status ?? '');
