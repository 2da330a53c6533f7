import type { Grant } from '../activity/activity-event';

/** What enrichment found out; a part that is absent has not been asked yet, and `missing` says why one is lacking. */
export interface Facts {
  access?: Access;
  who?: Who;
  machine?: MachineFacts;
  script?: ScriptFacts;
  history?: HistoryFacts;
  timeline?: TimelineEntry[];
  missing?: Missing[];
}

export interface Missing {
  /** The part that could not be had, in the reader's words: "role assignments". */
  what: string;
  why: string;
  /** It will not come: asking again would not help. */
  final?: boolean;
}

/** How the caller could do it, and what else that gives them. */
export interface Access {
  /** The way in: from the log's evidence, or worked out from role assignments. */
  grant: Grant | null;
  source: 'log' | 'resolved' | 'unknown';
  /** The group that it comes through. */
  group: { name: string; members: number | null } | null;
  assignedAt: string | null;
  assignedBy: string | null;
  /** When PIM ends it. */
  until: string | null;
  condition: string | null;
  /** How many further assignments would have let them do it too. */
  otherWays: number;
  /** What else their roles allow that matters, in words. */
  alsoCan: string[];
  /** On how many machines of the subscription they can run commands; null where machines could not be counted. */
  machines: number | null;
  /** The subscription's display name, where it is known. */
  subscriptionName: string | null;
}

/** Who called, beyond what the log says. */
export interface Who {
  name: string | null;
  jobTitle: string | null;
  enabled: boolean | null;
  guest: boolean;
  /** Owners of an application. */
  owners: string[];
  /** The application that was used, by name where it is well known. */
  application: string | null;
  /** In words: "password without MFA". */
  signIn: string | null;
  weakSignIn: boolean;
  /** What more could be known, and with which permission. */
  hint: string | null;
}

export interface MachineFacts {
  os: 'Linux' | 'Windows' | null;
  power: string | null;
  agent: string | null;
  tags: Record<string, string>;
  /** "production", by RUNWATCH_CONFIG's environments. */
  environment: string | null;
  publicIps: string[];
  /** Management ports that the internet can reach, e.g. ["22"]; null where it could not be worked out. */
  openPorts: string[] | null;
  encryption: string | null;
  locks: string[];
  /** What the machine's own managed identity may do: that is what an attacker gains. */
  identityCan: string[];
  /** Object ids of its managed identities: what they do elsewhere is on the timeline. */
  identities: string[];
}

export interface ScriptFacts {
  /** Redacted; null where Azure holds none. */
  text: string | null;
  /** Digest of the normalized script, before redaction. */
  sha256: string | null;
  parameters: string[];
  runAs: string | null;
  output: string | null;
  exitCode: number | null;
  /** Kinds of secrets that were taken out. */
  redacted: string[];
  traits: { name: string; line: number; text: string }[];
}

export interface HistoryFacts {
  /** How many days of history there are to compare with, up to 90. */
  days: number;
  /** Earlier executions of this caller on this machine. */
  onThisMachine: number;
  /** Earlier executions of this caller anywhere. */
  byCaller: number;
  /** They ran something from this address before; a refused attempt does not count. */
  addressSeen: boolean;
  /** Executions of this caller a day, the last 30 days, oldest first. */
  daily: number[];
  /** The hour is one in which this caller has run commands before; null where there is too little to tell. */
  usualHour: boolean | null;
  /** Refused attempts of this caller in the ten minutes before. */
  refusalsBefore: number;
  /** When the same script ran last before; null when never. */
  sameScriptAt: string | null;
}

/** One kind of thing that happened around it, equal ones in a row gathered. */
export interface TimelineEntry {
  at: string;
  who: string;
  operation: string;
  on: string;
  status: string;
  count: number;
  /** It runs code, or opens a way to: it stands out. */
  notable: boolean;
}
