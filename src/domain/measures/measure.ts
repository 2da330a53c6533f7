import type { Presser } from '../people/person';
import { canonicalJson } from '../text/canonical-json';
import { shortDigest } from '../text/short-digest';

/**
 * doing, undoing: a press carries it out now. in force: it stands on its target. done: it happened and leaves nothing to
 * undo, as a restart. drifted: somebody changed by hand what we had put there. undone: what was there before is back.
 */
export type MeasureState = 'doing' | 'in force' | 'done' | 'drifted' | 'failed' | 'undoing' | 'undone';

export interface MeasureStep {
  words: string;
  /** asked: Azure was called and its answer is not noted yet. */
  state: 'waiting' | 'asked' | 'done';
}

/** Whether Azure itself confirms that it is in force. */
export interface Check {
  at: string;
  verified: boolean;
  /** Why it is not verified, or what still gets through. */
  notes: string[];
}

/**
 * What Runwatch did to a target: one record for each kind and target, whichever alert asked for it. Every alert about the
 * target shows it and can undo it.
 */
export interface Measure {
  id: string;
  /** isolation, lock, role, … */
  kind: string;
  /** Id of the machine, assignment or account that it is done to. */
  target: string;
  /** What people call the target. */
  name: string;
  /** The keys by which alerts find it; see {@link subjectsOf}. */
  subjects: string[];
  /** Counts every stored change, so that two writers can't overwrite each other. */
  rev: number;
  state: MeasureState;
  /** What is carried out now, or was last. */
  way: 'do' | 'undo';
  /** The action that asked for it, and what was filled in. */
  action: string;
  input?: Record<string, unknown> | undefined;
  by: Presser;
  approvedBy?: Presser | undefined;
  /** When it was asked for, RFC 3339. */
  at: string;
  /** When this record was last stored, RFC 3339. */
  changedAt: string;
  /** The press that carries it out: no other goes on with it. */
  press: string;
  /** The alerts that asked for it, oldest first. */
  alerts: string[];
  /** What was there before, as its undo puts it back. */
  before: Record<string, unknown>;
  /** Nothing stands afterwards that could be undone. */
  passes?: true | undefined;
  steps: MeasureStep[];
  /** How it stands, in words. */
  says: string;
  /** Why it failed, or what was changed by hand. */
  reason?: string | undefined;
  checked?: Check | undefined;
  /** Somebody has seen that it failed and does not want to be reminded. */
  dismissed?: { by: Presser; at: string } | undefined;
  /** By a key of RUNWATCH_SECRET over what decides what is done to whom: {@link signedPart}. */
  signature: string;
}

/** What nobody else may have written: an undo puts back what stands here. */
export const signedPart = ({ kind, target, name, way, before, input, approvedBy }: Measure): string =>
  canonicalJson({ kind, target, name, way, before, input: input ?? {}, approvedBy: approvedBy ?? null });

export const measureIdOf = (kind: string, target: string): string =>
  `M-${shortDigest(kind, target.toLowerCase())}`;

/** Was anything done to the target that is not undone? */
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

export const isUnderWay = ({ state }: Measure): boolean => state === 'doing' || state === 'undoing';

export const measuresOf = (measures: readonly Measure[], kind: string): Measure[] =>
  measures.filter((measure) => measure.kind === kind);

/** Is a kind of measure in force on something that the alert is about? */
export const isInForce = (measures: readonly Measure[], kind: string): boolean =>
  measuresOf(measures, kind).some(isHeld);
