import type { Grant } from '../activity/activity-event';
import type { GuestEvidence } from '../evidence/guest';
import type { SignInEvidence } from '../evidence/sign-ins';
import type { AzureAddress } from '../network/azure-ranges';
import type { AutonomousSystem } from '../network/geo-record';
import type { ExtensionType } from '../techniques/extension-kind';

/**
 * Results of enrichment: of the caller, of each machine and of each execution. What is absent has not been
 * fetched yet; `missing` lists what could not be fetched, and why.
 */
export interface Facts {
  access?: Access;
  who?: Who;
  /** By machine id in lower case. */
  machines?: Record<string, MachineFacts>;
  /** By execution key. */
  runs?: Record<string, RunFacts>;
  /** By `RunFacts.script`. Executions of the same script share it. */
  scripts?: Record<string, ScriptFacts>;
  /** By the group's ARM id in lower case. */
  workerGroups?: Record<string, WorkerGroupFacts>;
  /** Scripts that a person had fetched from a machine, by machine id in lower case. */
  fetched?: Record<string, FetchedScripts>;
  history?: HistoryFacts;
  /** By the caller's public IP addresses. */
  addresses?: Record<string, AddressFacts>;
  /** By execution key. */
  prevalence?: Record<string, PrevalenceFacts>;
  timeline?: TimelineEntry[];
  /** Null if too few. */
  likeClosed?: LikeClosed | null;
  /** By machine id in lower case, from a Log Analytics workspace. */
  guest?: Record<string, GuestEvidence>;
  /** From a Log Analytics workspace and Microsoft Graph. */
  signIns?: SignInEvidence;
  missing?: Missing[];
}

export interface Missing {
  /** The part that could not be fetched, as text: "role assignments". */
  what: string;
  why: string;
  /** A retry would not help. */
  final?: boolean;
  /** Azure limits reads for now. */
  limited?: boolean;
  /** Of several machines or executions, how many it is missing for. */
  count?: number;
}

/** The caller's access path, and what else it allows. */
export interface Access {
  /** The grant, from the log's evidence or inferred from role assignments. */
  grant: Grant | null;
  source: 'log' | 'resolved' | 'unknown';
  /** The group that grants it. */
  group: { name: string; members: number | null } | null;
  assignedAt: string | null;
  assignedBy: string | null;
  /** When PIM ends it. */
  until: string | null;
  condition: string | null;
  /** The caller created this assignment. Absent in facts stored before 0.2. */
  selfAssigned?: boolean | undefined;
  /** Name of the deny assignment that blocked the caller. */
  deniedBy?: string | null | undefined;
  /** Deny assignments for groups whose members can't be read. */
  deniesNotEvaluated?: string[] | undefined;
  /** Number of other assignments that would have allowed it too. */
  otherWays: number;
  /** Other sensitive permissions of their roles, as text. */
  alsoCan: string[];
  /** Whether their roles let them assign roles. Absent in facts stored before 0.2. */
  canChangeAccess?: boolean | undefined;
  /** Number of the subscription's machines where they can run commands; null if unknown. */
  machines: number | null;
  /** The subscription's display name, if known. */
  subscriptionName: string | null;
  /** A burst's other subscriptions: all of the above is about the first one. */
  elsewhere?: { subscription: string; grant: Grant | null; group: Access['group'] }[] | undefined;
  /** Number of further subscriptions, whose access was not read. */
  notLookedAt?: number | undefined;
}

/** Information about the caller that is not in the log. */
export interface Who {
  name: string | null;
  jobTitle: string | null;
  enabled: boolean | null;
  guest: boolean;
  /** Owners of an application. */
  owners: string[];
  /** The application used; a name for well-known ones. */
  application: string | null;
  /** Authentication methods of the sign-in, such as "pwd + mfa". */
  signIn: string | null;
  weakSignIn: boolean;
  /** Which additional permission would show more. */
  hint: string | null;
}

/** Where an address is. Null if it is not known, or nothing was configured to tell. */
export interface AddressFacts {
  azure: AzureAddress | null;
  asn: AutonomousSystem | null;
  /** ISO 3166-1 code. */
  country: string | null;
}

/** How an alert about something harmless is closed. */
export type Harmless = 'benign' | 'expected';

/** Earlier alerts like this one that people closed as harmless. Suppresses nothing by itself. */
export interface LikeClosed {
  count: number;
  as: Harmless | 'benign or expected';
  /** When the last of them was closed, RFC 3339. */
  lastAt: string;
  /** The last three, newest first. */
  alertIds: string[];
}

export interface MachineFacts {
  os: 'Linux' | 'Windows' | null;
  power: string | null;
  agent: string | null;
  tags: Record<string, string>;
  /** From RUNWATCH_CONFIG's environments, such as "production". */
  environment: string | null;
  publicIps: string[];
  /** Management ports reachable from the internet, e.g. ["22"]; null if unknown. */
  openPorts: string[] | null;
  encryption: string | null;
  locks: string[];
  /** Permissions of the machine's managed identity: what an attacker gains. */
  identityCan: string[];
  /** Object ids of its managed identities, whose activity elsewhere is on the timeline. */
  identities: string[];
}

/** The machines of a hybrid worker group, each of which may run the group's jobs. */
export interface WorkerGroupFacts {
  machines: string[];
  /** Not all of them were read. */
  more: boolean;
}

/** What one execution ran, and with what result. */
export interface RunFacts {
  /** Id of its script in `Facts.scripts`; null if Azure stores none. */
  script: string | null;
  /** Redacted. */
  output: string | null;
  exitCode: number | null;
  /** Kinds of secrets that were redacted from the output. */
  redacted: string[];
  /** Publisher and type of an extension; null if Azure does not say. Absent for the rest and before 0.2. */
  extension?: ExtensionType | null | undefined;
  /** Read after the execution ended. */
  final: boolean;
  /** Script and output are from the machine, not from Azure. */
  fetched?: true;
}

export interface ScriptFacts {
  /** Redacted; null if Azure stores only who runs it. */
  text: string | null;
  /** Digest of the normalized script, before redaction. */
  sha256: string | null;
  parameters: string[];
  runAs: string | null;
  /** Kinds of secrets that were redacted. */
  redacted: string[];
  traits: { name: string; line: number; text: string }[];
  /** It was read from the machine, where it could have been changed. `sha256` is null then. */
  fetched?: FetchedFrom;
}

export interface FetchedFrom {
  /** When the file was written, by the machine's clock, RFC 3339. */
  fileAt: string;
  /** As {@link ScriptFacts.sha256}, to show: exceptions and prevalence never use it. */
  sha256: string | null;
  /** Only its beginning was read. */
  truncated: boolean;
}

/** What was read from the folder where a machine keeps the scripts of action run commands. */
export interface FetchedScripts {
  /** Identifies the fetch. */
  token: string;
  /** How each script was assigned to its command; null if that can't be told. */
  by: 'time' | 'order' | null;
  scripts: FetchedScript[];
  /** How many others are on the machine that were not read. */
  more: number;
}

export interface FetchedScript {
  run: number;
  /** Of the Windows extension. */
  version: string | null;
  /** When the file was written, by the machine's clock, RFC 3339. */
  at: string;
  /** The command that it belongs to; null if that can't be told. */
  execution: string | null;
  /** Id in `Facts.scripts`; null if it could not be read. */
  script: string | null;
  output: string | null;
  /** Why it could not be read. */
  why?: string;
}

/**
 * How common an execution is, from executions of the 90 days before it. Denied attempts don't count. Each
 * pair has the time when it was last seen, RFC 3339; null if it was not, undefined if the execution has no
 * such pair.
 */
export interface PrevalenceFacts {
  /** Null if the script's SHA-256 is unknown. */
  script: ScriptPrevalence | null;
  callerOnMachine: string | null;
  /** By the address's /24 (IPv4) or /48 (IPv6). */
  callerFromNetwork?: string | null | undefined;
  machineTechnique: string | null;
  extensionOnMachine?: string | null | undefined;
}

export interface ScriptPrevalence {
  runs: number;
  /** Names of the callers with the most runs. */
  callers: { count: number; names: string[] };
  machines: number;
  firstAt: string | null;
  lastAt: string | null;
  /** Older runs were dropped, so the counts are lower limits. */
  atLeast: boolean;
  /** For how many days before the execution scripts are known, up to 90. */
  days: number;
}

export interface HistoryFacts {
  /** Days of available history, up to 90. */
  days: number;
  /** Earlier executions by this caller on the alert's machines. */
  onThisMachine: number;
  /** The alert's machines where this caller never ran anything before: ids in lower case. */
  newMachines: string[];
  /** Earlier executions by this caller on any machine. */
  byCaller: number;
  /** The caller ran something from this address before; denied attempts do not count. */
  addressSeen: boolean;
  /** The caller ran something from this network operator before; absent if the operator is not known. */
  networkSeen?: boolean | undefined;
  /** Executions by this caller per day for the last 30 days, oldest first. */
  daily: number[];
  /** Whether the caller has run commands at this hour before; null if there is too little history. */
  usualHour: boolean | null;
  /** Denied attempts by this caller in the ten minutes before. */
  refusalsBefore: number;
  /** When the same script last ran before; null if never. */
  sameScriptAt: string | null;
}

/** Related activity. Consecutive equal events are grouped into one entry. */
export interface TimelineEntry {
  at: string;
  who: string;
  operation: string;
  on: string;
  status: string;
  count: number;
  /** It runs code or grants access that allows it, so it is highlighted. */
  notable: boolean;
  /** What a check found out. */
  note?: string | undefined;
}
