import type { Presser } from '../people/person';
import { canonicalJson } from '../text/canonical-json';
import { shortDigest } from '../text/short-digest';

/**
 * doing, undoing: in progress. in force: active on its target. done: completed, with nothing to undo, such
 * as a restart. drifted: someone changed it manually. undone: the prior state is restored.
 */
export type MeasureState = 'doing' | 'in force' | 'done' | 'drifted' | 'failed' | 'undoing' | 'undone';

export interface MeasureStep {
  words: string;
  /** asked: Azure was called, and the result is not recorded yet. */
  state: 'waiting' | 'asked' | 'done';
}

/** Whether Azure confirms that it is in force. */
export interface Check {
  at: string;
  verified: boolean;
  /** Why it is not verified, or which traffic is still allowed. */
  notes: string[];
}

/**
 * A change that Runwatch made to a target. There is one record per kind and target, shared by all alerts
 * about the target. Each of them shows it and can undo it.
 */
export interface Measure {
  id: string;
  /** isolation, lock, role, … */
  kind: string;
  /** Id of the target machine, assignment or account. */
  target: string;
  /** Display name of the target. */
  name: string;
  /** The keys that link it to alerts; see {@link subjectsOf}. */
  subjects: string[];
  /** Incremented with every stored change, so that concurrent writers can't overwrite each other. */
  rev: number;
  state: MeasureState;
  /** The current or latest direction. */
  way: 'do' | 'undo';
  /** The requesting action and its input. */
  action: string;
  input?: Record<string, unknown> | undefined;
  by: Presser;
  approvedBy?: Presser | undefined;
  /** When it was requested, RFC 3339. */
  at: string;
  /** Who applied it, once someone undoes it. */
  applied?: { by: Presser; approvedBy?: Presser | undefined; at: string } | undefined;
  /** When this record was last stored, RFC 3339. */
  changedAt: string;
  /** The press that carries it out. No other press may continue it. */
  press: string;
  /** The alerts that requested it, oldest first. */
  alerts: string[];
  /** The prior state, in the form that undo needs. */
  before: Record<string, unknown>;
  /** Leaves nothing to undo. */
  passes?: true | undefined;
  steps: MeasureStep[];
  /** The result as text. */
  says: string;
  /** Why it failed, or what was changed manually. */
  reason?: string | undefined;
  checked?: Check | undefined;
  /** Someone dismissed the failure. */
  dismissed?: { by: Presser; at: string } | undefined;
  /** Covers {@link signedPart}, by a key derived from RUNWATCH_SECRET. */
  signature: string;
}

/** The fields that must be protected from tampering, because an undo restores what they contain. */
export const signedPart = ({ kind, target, name, way, before, input, approvedBy }: Measure): string =>
  canonicalJson({ kind, target, name, way, before, input: input ?? {}, approvedBy: approvedBy ?? null });

export const measureIdOf = (kind: string, target: string): string =>
  `M-${shortDigest(kind, target.toLowerCase())}`;

/** Whether the target has a change that is not undone. */
export const isHeld = ({ state, steps, way, before, passes }: Measure): boolean =>
  state === 'in force' ||
  state === 'drifted' ||
  state === 'doing' ||
  state === 'undoing' ||
  (state === 'failed' &&
    !passes &&
    Object.keys(before).length > 0 &&
    (way === 'undo' || steps.some((step) => step.state !== 'waiting')));

/** Failed, and nobody retried or dismissed it. */
export const isOpenFailure = ({ state, dismissed }: Measure): boolean => state === 'failed' && !dismissed;

export const isInProgress = ({ state }: Measure): boolean => state === 'doing' || state === 'undoing';

export const measuresOf = (measures: readonly Measure[], kind: string): Measure[] =>
  measures.filter((measure) => measure.kind === kind);

/** Whether a measure of this kind is in force on any of the alert's targets. */
export const isInForce = (measures: readonly Measure[], kind: string): boolean =>
  measuresOf(measures, kind).some(isHeld);
