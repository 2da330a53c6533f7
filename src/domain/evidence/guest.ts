import type { Reading } from './reading';

/** A process start in the machine's own logs. */
export interface ProcessStart {
  at: string;
  /** The table that has it. */
  table: string;
  pid: number | null;
  /** File name without folder. */
  name: string;
  commandLine: string;
  parentPid: number | null;
  parentName: string;
  parentCommandLine: string;
  account: string;
}

export interface Logon {
  at: string;
  table: string;
  account: string;
  /** "RemoteInteractive", "publickey". */
  how: string;
  /** Address or host; empty if local or unknown. */
  from: string;
  failed: boolean;
}

export interface Connection {
  at: string;
  table: string;
  /** File name of the process. */
  process: string;
  pid: number | null;
  /** Address or host name. */
  remote: string;
  port: number | null;
  direction: 'in' | 'out';
  failed: boolean;
}

export type GuestRecord =
  | ({ kind: 'process' } & ProcessStart)
  | ({ kind: 'logon' } & Logon)
  | ({ kind: 'connection' } & Connection);

/** What a machine's logs have in a window. */
export interface GuestLogs {
  starts: ProcessStart[];
  logons: Logon[];
  connections: Connection[];
  /** Tables that have records of the machine. */
  tables: string[];
  /** More was logged than was read. */
  cut: boolean;
}

/** A process as it is shown: children follow their parent. */
export interface ShownProcess extends Pick<ProcessStart, 'at' | 'name' | 'commandLine' | 'account'> {
  /** 0 for a process whose parent's start was not logged. */
  depth: number;
  /** For depth 0: what started it. */
  parent: string;
  origin: ProcessOrigin;
}

/** Started by Azure's run command or script extension, by the guest agent otherwise, or by something else. */
export type ProcessOrigin = 'command' | 'agent' | 'other';

export interface ShownConnection extends Omit<Connection, 'table' | 'pid'> {
  /** How many equal ones there were. */
  count: number;
  /** By a process of the command. */
  byCommand: boolean;
}

/** What happened on a machine around the commands: from 1 min before the first to 15 min after the last. */
export interface GuestEvidence extends Reading {
  tables: string[];
  processes: ShownProcess[];
  logons: Omit<Logon, 'table'>[];
  connections: ShownConnection[];
  /** How many of each were read. */
  counts: { processes: number; byCommand: number; logons: number; connections: number };
  /** More was logged than was read. */
  cut: boolean;
  /** Kinds of secrets that were redacted from command lines. */
  redacted: string[];
}
