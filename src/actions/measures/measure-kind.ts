import type { Alert, StateChange } from '../../domain/alerts/alert';
import type { Check, Measure } from '../../domain/measures/measure';
import type { ActionDeps, ActionId, PressJob, ReadOnlyDeps } from '../action';

export interface Target {
  /** A permanent id, such as an ARM id or an Entra object id. */
  id: string;
  /** Display name. */
  name: string;
}

/** The context of a measure's step. */
export interface StepContext extends Pick<ActionDeps, 'azure' | 'store' | 'rescore' | 'now' | 'keyring'> {
  measure: Measure;
  /** Stores the prior state. Await it before the change. */
  save: (before: Record<string, unknown>) => Promise<void>;
}

/**
 * One call to Azure or Graph. It must be safe to repeat, because a crash can come before it is marked done.
 */
export interface Step {
  words: string;
  /** Azure would run it twice, so one press never requests it twice. */
  once?: true;
  run: (context: StepContext) => Promise<unknown>;
}

/** A kind with the ids of its do and undo actions. */
export interface DefinedKind extends MeasureKind {
  readonly doneBy: ActionId;
  readonly undoneBy: ActionId;
}

/**
 * A type of change to a type of target: how to read the prior state, change it step by step and restore it.
 * `Before` is the prior state as JSON.
 */
export interface MeasureKind<Before extends object = Record<string, unknown>> {
  readonly kind: string;
  /** Names for failures and the audit log, such as "Isolate" and "Release". */
  readonly name: string;
  readonly undoName?: string;
  /** The keys that link it to alerts. */
  readonly subjects: (target: Target) => readonly string[];
  /**
   * Reads the prior state and changes nothing.
   * @throws {Refusal} when the measure is impossible or not allowed
   */
  readonly prepare: (
    target: Target,
    press: PressJob,
    deps: ReadOnlyDeps,
    alert: Alert | null,
    /** The state that an earlier press saved, if part of its change is still in place. */
    earlier: Before | null,
  ) => Promise<Before>;
  readonly steps: (before: Before) => readonly Step[];
  /** The result as text for people. */
  readonly says: (before: Before) => string;
  readonly undo?: {
    readonly steps: (before: Before) => readonly Step[];
    readonly says: (before: Before) => string;
  };
  /** Leaves nothing to undo. */
  readonly passes?: true;
  /** May run more than once for the same alert. */
  readonly again?: true;
  /** A later alert may apply it again while it is in force, starting from the state at that time. */
  readonly renewable?: true;
  /** Our own ReadOnly lock on the machine would block it. */
  readonly needsUnlocked?: true;
  /** Checks that Azure confirms it. What can't be read counts as not verified. */
  readonly check?: (before: Before, deps: ReadOnlyDeps) => Promise<Omit<Check, 'at'>>;
  /** Describes manual changes since it was applied; null if none. Runs every minute, so it must be cheap. */
  readonly drift?: (before: Before, deps: ReadOnlyDeps) => Promise<string | null>;
  /** Why a press can't join the measure in force: it requests something different. */
  readonly differs?: (before: Before, press: PressJob) => string | null;
  /** One word for a target's state while it is in force. Default: "in force". */
  readonly stateInForce?: string;
  /** One line for several of an alert's measures in force. */
  readonly summary?: (measures: readonly Measure[], alert: Alert) => string | null;
  /** How it changes the state of the alerts that requested it. */
  readonly onDone?: (alert: Alert, move: Omit<StateChange, 'to'>) => Alert;
  readonly onUndone?: (alert: Alert, move: Omit<StateChange, 'to'>) => Alert;
}
