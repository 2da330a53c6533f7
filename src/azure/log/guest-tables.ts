import { z } from 'zod';
import type { GuestRecord } from '../../domain/evidence/guest';
import { type Kql, kql } from './kql';
import { syslogRecord } from './read-syslog';
import { sysmonRecord } from './read-sysmon';
import { fileName, text, time, whole } from './row-fields';
import type { Row } from './table-reader';

export interface GuestTable {
  table: string;
  /** The column that names the machine. */
  owner: 'DeviceId' | '_ResourceId';
  where: readonly Kql[];
  steps: readonly Kql[];
  columns: Kql;
  order: Kql;
  /** Null for a row that is none of ours, or is broken. */
  read: (row: Row) => GuestRecord | null;
}

const maxCommand = 2000;
const oldestFirst = kql`TimeGenerated asc`;

/** Words in names and paths of the guest agent and of the handlers that run scripts. */
const agentWords = [
  'run-command-extension',
  'run-command-handler',
  'custom-script-extension',
  'waagent',
  'WaAppAgent',
  'WindowsAzureGuestAgent',
  'RunCommandExtension',
  'RunCommandHandler',
  'RunCommandWindows',
  'RunCommandHandlerWindows',
  'CustomScriptHandler',
  'CustomScriptExtension',
];

const name = text(260);
const command = text(maxCommand);

const reading =
  <S extends z.ZodType>(schema: S, build: (row: z.output<S>) => GuestRecord | null) =>
  (row: Row): GuestRecord | null => {
    const parsed = schema.safeParse(row);
    return parsed.success ? build(parsed.data) : null;
  };

const withDomain = (domain: string, account: string) =>
  domain && account ? `${domain}\\${account}` : account;

/**
 * The tables of machines' logs that are read. A table joins by the id that its records carry.
 * @see https://learn.microsoft.com/azure/azure-monitor/reference/tables/deviceprocessevents and its neighbors
 */
export const guestTables: readonly GuestTable[] = [
  {
    table: 'DeviceProcessEvents',
    owner: 'DeviceId',
    where: [kql`ActionType == ${'ProcessCreated'}`],
    steps: [
      kql`extend Rank = iff(InitiatingProcessCommandLine has_any (${agentWords}) or InitiatingProcessFileName has_any (${agentWords}), 0, 1)`,
    ],
    columns: kql`TimeGenerated, DeviceId, Rank, ProcessId, FileName, AccountName, AccountDomain, InitiatingProcessId, InitiatingProcessFileName, Command = substring(ProcessCommandLine, 0, ${maxCommand}), ParentCommand = substring(InitiatingProcessCommandLine, 0, ${maxCommand})`,
    order: kql`Rank asc, TimeGenerated asc`,
    read: reading(
      z.object({
        TimeGenerated: time,
        ProcessId: whole,
        FileName: name,
        AccountName: name,
        AccountDomain: name,
        InitiatingProcessId: whole,
        InitiatingProcessFileName: name,
        Command: command,
        ParentCommand: command,
      }),
      (row) => ({
        kind: 'process',
        at: row.TimeGenerated,
        table: 'DeviceProcessEvents',
        pid: row.ProcessId,
        name: fileName(row.FileName),
        commandLine: row.Command,
        parentPid: row.InitiatingProcessId,
        parentName: fileName(row.InitiatingProcessFileName),
        parentCommandLine: row.ParentCommand,
        account: withDomain(row.AccountDomain, row.AccountName),
      }),
    ),
  },
  {
    table: 'DeviceNetworkEvents',
    owner: 'DeviceId',
    where: [
      kql`ActionType in (${['ConnectionSuccess', 'ConnectionFailed', 'ConnectionAttempt', 'ConnectionRequest', 'InboundConnectionAccepted']})`,
    ],
    steps: [
      kql`extend Rank = iff(InitiatingProcessCommandLine has_any (${agentWords}) or InitiatingProcessParentFileName has_any (${agentWords}), 0, 1)`,
    ],
    columns: kql`TimeGenerated, DeviceId, Rank, ActionType, RemoteIP, RemotePort, RemoteUrl, InitiatingProcessId, InitiatingProcessFileName`,
    order: kql`Rank asc, TimeGenerated asc`,
    read: reading(
      z.object({
        TimeGenerated: time,
        ActionType: name,
        RemoteIP: text(64),
        RemotePort: whole,
        RemoteUrl: text(1000),
        InitiatingProcessId: whole,
        InitiatingProcessFileName: name,
      }),
      (row) => ({
        kind: 'connection',
        at: row.TimeGenerated,
        table: 'DeviceNetworkEvents',
        process: fileName(row.InitiatingProcessFileName),
        pid: row.InitiatingProcessId,
        remote: row.RemoteUrl || row.RemoteIP,
        port: row.RemotePort,
        direction: row.ActionType.startsWith('Inbound') ? 'in' : 'out',
        failed: row.ActionType === 'ConnectionFailed',
      }),
    ),
  },
  {
    table: 'DeviceLogonEvents',
    owner: 'DeviceId',
    where: [kql`ActionType in (${['LogonSuccess', 'LogonFailed']})`],
    steps: [],
    columns: kql`TimeGenerated, DeviceId, ActionType, LogonType, AccountName, AccountDomain, RemoteIP, RemoteDeviceName`,
    order: oldestFirst,
    read: reading(
      z.object({
        TimeGenerated: time,
        ActionType: name,
        LogonType: name,
        AccountName: name,
        AccountDomain: name,
        RemoteIP: text(64),
        RemoteDeviceName: name,
      }),
      (row) => ({
        kind: 'logon',
        at: row.TimeGenerated,
        table: 'DeviceLogonEvents',
        account: withDomain(row.AccountDomain, row.AccountName),
        how: row.LogonType,
        from: row.RemoteIP || row.RemoteDeviceName,
        failed: row.ActionType === 'LogonFailed',
      }),
    ),
  },
  {
    table: 'SecurityEvent',
    owner: '_ResourceId',
    // Logon type 5 is a service, 0 the system itself.
    where: [kql`EventID == 4688 or (EventID == 4624 and LogonType != 5 and LogonType != 0)`],
    steps: [
      kql`extend Rank = iff(ParentProcessName has_any (${agentWords}) or CommandLine has_any (${agentWords}), 0, 1)`,
    ],
    columns: kql`TimeGenerated, _ResourceId, Rank, EventID, NewProcessId, NewProcessName, ProcessId, ParentProcessName, SubjectUserName, SubjectDomainName, TargetUserName, TargetDomainName, LogonTypeName, IpAddress, WorkstationName, Command = substring(CommandLine, 0, ${maxCommand})`,
    order: kql`Rank asc, TimeGenerated asc`,
    read: reading(
      z.object({
        TimeGenerated: time,
        EventID: whole,
        NewProcessId: whole,
        NewProcessName: name,
        ProcessId: whole,
        ParentProcessName: name,
        SubjectUserName: name,
        SubjectDomainName: name,
        TargetUserName: name,
        TargetDomainName: name,
        LogonTypeName: name,
        IpAddress: text(64),
        WorkstationName: name,
        Command: command,
      }),
      (row) =>
        row.EventID === 4688
          ? {
              kind: 'process',
              at: row.TimeGenerated,
              table: 'SecurityEvent',
              pid: row.NewProcessId,
              name: fileName(row.NewProcessName),
              commandLine: row.Command,
              parentPid: row.ProcessId,
              parentName: fileName(row.ParentProcessName),
              parentCommandLine: '',
              account: withDomain(row.SubjectDomainName, row.SubjectUserName),
            }
          : row.EventID === 4624
            ? {
                kind: 'logon',
                at: row.TimeGenerated,
                table: 'SecurityEvent',
                account: withDomain(row.TargetDomainName, row.TargetUserName),
                how: row.LogonTypeName.replace(/^\d+ - /, ''),
                from: row.IpAddress === '-' ? row.WorkstationName : row.IpAddress || row.WorkstationName,
                failed: false,
              }
            : null,
    ),
  },
  {
    table: 'Event',
    owner: '_ResourceId',
    where: [kql`Source == ${'Microsoft-Windows-Sysmon'} and EventID in (1, 3)`],
    steps: [kql`extend Rank = iff(EventData has_any (${agentWords}), 0, 1)`],
    columns: kql`TimeGenerated, _ResourceId, Rank, EventID, Data = substring(EventData, 0, 8000)`,
    order: kql`Rank asc, TimeGenerated asc`,
    read: reading(z.object({ TimeGenerated: time, EventID: whole, Data: text(8000) }), (row) =>
      sysmonRecord(row.TimeGenerated, 'Event', row.EventID, row.Data),
    ),
  },
  {
    table: 'Syslog',
    owner: '_ResourceId',
    where: [kql`ProcessName in~ (${['sysmon', 'sshd', 'sshd-session', 'sudo']})`],
    steps: [kql`extend Rank = iff(SyslogMessage has_any (${agentWords}), 0, 1)`],
    columns: kql`TimeGenerated, _ResourceId, Rank, ProcessName, Message = substring(SyslogMessage, 0, 8000)`,
    order: kql`Rank asc, TimeGenerated asc`,
    read: reading(z.object({ TimeGenerated: time, ProcessName: name, Message: text(8000) }), (row) =>
      syslogRecord(row.TimeGenerated, row.ProcessName, row.Message),
    ),
  },
];
