import type { LoggedRow } from '../../src/demo/tenant/serve-log-analytics';
import type { Tenant } from '../../src/demo/tenant/tenant';

export const workspaceId = '0f0f0f0f-1111-4222-8333-444444444444';

/** A workspace of a simulated tenant, to which rows are added by table. */
export function addWorkspace(tenant: Pick<Tenant, 'state'>) {
  const tables = new Map<string, LoggedRow[]>();
  tenant.state.workspaces.set(workspaceId, { since: 0, mostRows: 500_000, tables });
  return (table: string, ...rows: LoggedRow[]): void => {
    tables.set(table, [...(tables.get(table) ?? []), ...rows]);
  };
}

/** Defender's record that a device is an Azure machine. */
export const deviceInfo = (at: number, DeviceId: string, AzureResourceId: string): LoggedRow => ({
  TimeGenerated: new Date(at).toISOString(),
  DeviceId,
  DeviceName: 'vm',
  AzureResourceId,
});

export const processEvent = (
  at: number,
  DeviceId: string,
  pid: number,
  commandLine: string,
  parent: { pid: number; name: string; commandLine?: string },
): LoggedRow => ({
  TimeGenerated: new Date(at).toISOString(),
  DeviceId,
  ActionType: 'ProcessCreated',
  ProcessId: pid,
  FileName: commandLine.split(' ')[0]?.split(/[\\/]/).at(-1) ?? '',
  ProcessCommandLine: commandLine,
  AccountName: 'root',
  AccountDomain: 'vm',
  InitiatingProcessId: parent.pid,
  InitiatingProcessFileName: parent.name,
  InitiatingProcessCommandLine: parent.commandLine ?? '',
});

export const connectionEvent = (
  at: number,
  DeviceId: string,
  process: { pid: number; name: string },
  remote: { ip: string; port: number; url?: string },
): LoggedRow => ({
  TimeGenerated: new Date(at).toISOString(),
  DeviceId,
  ActionType: 'ConnectionSuccess',
  RemoteIP: remote.ip,
  RemotePort: remote.port,
  RemoteUrl: remote.url ?? '',
  InitiatingProcessId: process.pid,
  InitiatingProcessFileName: process.name,
});

export const syslog = (
  at: number,
  _ResourceId: string,
  ProcessName: string,
  SyslogMessage: string,
): LoggedRow => ({
  TimeGenerated: new Date(at).toISOString(),
  _ResourceId: _ResourceId.toLowerCase(),
  ProcessName,
  SyslogMessage,
});

export const signInRow = (at: number, UserId: string, more: Record<string, unknown> = {}): LoggedRow => ({
  TimeGenerated: new Date(at).toISOString(),
  UserId,
  AppDisplayName: 'Azure Portal',
  ResourceDisplayName: 'Azure Resource Manager',
  IPAddress: '203.0.113.24',
  Location: 'DE',
  LocationDetails: { city: 'Frankfurt', countryOrRegion: 'DE' },
  DeviceDetail: { displayName: 'LAPTOP-7', operatingSystem: 'Windows11', isCompliant: true },
  ClientAppUsed: 'Browser',
  ResultType: '0',
  ResultDescription: '',
  RiskLevelDuringSignIn: 'none',
  RiskLevelAggregated: 'none',
  ConditionalAccessStatus: 'success',
  AuthenticationRequirement: 'multiFactorAuthentication',
  ...more,
});

export const auditRow = (
  at: number,
  OperationName: string,
  more: { on?: object[]; by?: object; details?: object[]; reason?: string; Result?: string } = {},
): LoggedRow => ({
  TimeGenerated: new Date(at).toISOString(),
  OperationName,
  Result: more.Result ?? 'success',
  ResultReason: more.reason ?? '',
  InitiatedBy: more.by ?? { user: { id: 'x', userPrincipalName: 'sam@contoso.example' } },
  TargetResources: more.on ?? [],
  AdditionalDetails: more.details ?? [],
});
