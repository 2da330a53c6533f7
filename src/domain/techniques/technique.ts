import type { StoredScript } from './stored-script';

/** A way to run code on compute through Azure's control plane, or to reach what is stored on it. */
export interface Technique {
  id: TechniqueId;
  /** As a title: "Run command on vm-pay-01". */
  title: string;
  /** As a sentence: "dana ran a command as root". */
  verb: string;
  /** After "tried to", where Azure denied it: "run a command". */
  infinitive: string;
  /**
   * Starting score. Elastic's rule gives run command 47; techniques that leave more or less evidence differ.
   */
  baseScore: number;
  mitre: readonly string[];
  /** Operation names in Azure's documented case. */
  operations: readonly string[];
  /**
   * ARM types of the machines that the code runs on. An operation's resource may be a child of such a machine. If
   * empty, the resource itself is the target.
   */
  targets: readonly string[];
  script: ScriptSource;
  /** It names no account on the machine: it changes what runs later, or a password. */
  account?: 'none';
  /** The operations that are alerted on only where RUNWATCH_CONFIG turns the technique on. */
  offByDefault?: 'all' | readonly string[];
  check?: TechniqueCheck;
  /** No code runs: its operations are read for timelines even where the technique is off. */
  timelineOnly?: true;
  /** Operations that neither a public log sample nor a public rule shows in the activity log. */
  unconfirmed?: readonly string[];
}

/** Operations whose record alone does not tell whether they ran code on a machine. */
export interface TechniqueCheck {
  /**
   * What is read to find out: the machine that was written, for changes of what it runs, or the job, for the place
   * where it runs.
   */
  reads: 'machine' | 'job';
  operations: readonly string[];
  /** Other techniques that it may turn out to be. */
  orElse?: readonly TechniqueId[];
  /** Where RUNWATCH_CONFIG turns the technique on, all of them are alerted on. */
  waived?: true;
}

/** A built-in technique, or a custom one from RUNWATCH_CONFIG. */
export type TechniqueId = string;

/** Where the script of a technique can be found. */
export type ScriptSource =
  /** Only on the machine. `command` shows it there; the operating system is null if unknown. */
  | { where: 'machine'; command: (os: string | null) => string }
  /** In the resource that the operation wrote. */
  | { where: 'resource'; resources: readonly StoredResource[] }
  /** There is no script: the caller types commands. */
  | { where: 'interactive' }
  | { where: 'unknown' };

/**
 * A resource that keeps a script. Reading it needs the permission `TYPE/read`. Clean up needs `TYPE/delete` for run
 * commands and extensions.
 */
export interface StoredResource {
  /** ARM type in its documented case. */
  type: string;
  apiVersion: string;
  /** The value of `$expand`, if it has one. */
  expand?: 'instanceView' | 'userData';
  /** Reads the script from the resource's properties. */
  read: (properties: unknown) => StoredScript;
}
