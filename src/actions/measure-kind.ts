import type { Alert, StateChange } from '../domain/alerts/alert';
import type { Check, Measure } from '../domain/measures/measure';
import type { ActionDeps, ActionId, PressJob, Reading } from './action';

export interface Target {
  /** An ARM id, an object id, or whatever names it for good. */
  id: string;
  /** What people call it. */
  name: string;
}

/** What a step of a measure works with. */
export interface StepContext extends Pick<ActionDeps, 'azure' | 'store'> {
  measure: Measure;
  /** Writes down what is there before it is changed; awaited before the change. */
  save: (before: Record<string, unknown>) => Promise<void>;
}

/** One call on Azure or Graph; safe to do again, since a crash may come between it and its note. */
export interface Step {
  words: string;
  /** Azure does it again when it is asked again: it is never asked twice for one press. */
  once?: true;
  run: (context: StepContext) => Promise<unknown>;
}

/** A kind with the ids of the actions that do and undo it. */
export interface DefinedKind extends MeasureKind {
  readonly doneBy: ActionId;
  readonly undoneBy: ActionId;
}

/**
 * A kind of change on a kind of target: how what is there is read, how it is changed step by step, and how it is put back.
 * `Before` is what was there, as JSON.
 */
export interface MeasureKind<Before extends object = Record<string, unknown>> {
  readonly kind: string;
  /** "Isolate", "Release": what failures and the audit log call the two ways. */
  readonly name: string;
  readonly undoName?: string;
  /** The keys by which alerts find it. */
  readonly subjects: (target: Target) => readonly string[];
  /**
   * Reads what is there and changes nothing.
   * @throws {Refusal} when it can't or must not be done
   */
  readonly prepare: (
    target: Target,
    press: PressJob,
    deps: Reading,
    alert: Alert | null,
    /** What an earlier press found, where something of it is still there. */
    earlier: Before | null,
  ) => Promise<Before>;
  readonly steps: (before: Before) => readonly Step[];
  /** How it stands once it is done, in words. */
  readonly says: (before: Before) => string;
  readonly undo?: {
    readonly steps: (before: Before) => readonly Step[];
    readonly says: (before: Before) => string;
  };
  /** Nothing stands afterwards that could be undone. */
  readonly passes?: true;
  /** The same alert may do it more than once. */
  readonly again?: true;
  /** A later alert may do it again though it is in force: it is done from what is there then. */
  readonly renewable?: true;
  /** A ReadOnly lock of ours on the machine would refuse it. */
  readonly needsUnlocked?: true;
  /** Reads back whether Azure confirms it. What can't be read is not verified. */
  readonly check?: (before: Before, deps: Reading) => Promise<Omit<Check, 'at'>>;
  /** What somebody changed by hand since, in words; null when nothing. Cheap: it is asked every minute. */
  readonly drift?: (before: Before, deps: Reading) => Promise<string | null>;
  /** Why a press can't join what is in force: it asks for something else. */
  readonly differs?: (before: Before, press: PressJob) => string | null;
  /** How a target stands while it is in force, in one word. Default: in force. */
  readonly stands?: string;
  /** Several of an alert's that are in force, in one line. */
  readonly summary?: (measures: readonly Measure[], alert: Alert) => string | null;
  /** What it means for the state of the alerts that asked for it. */
  readonly onDone?: (alert: Alert, move: Omit<StateChange, 'to'>) => Alert;
  readonly onUndone?: (alert: Alert, move: Omit<StateChange, 'to'>) => Alert;
}
