/** The columns of a workspace's tables that Runwatch reads, as learn.microsoft.com/azure/azure-monitor/reference/tables has them. */
const strings = (...names: string[]) => Object.fromEntries(names.map((name) => [name, 'string']));
const typed = (type: string, ...names: string[]) => Object.fromEntries(names.map((name) => [name, type]));

const at = { TimeGenerated: 'datetime' };
const device = { ...at, ...strings('DeviceId', 'DeviceName') };
const byResource = { ...at, ...strings('_ResourceId', 'Computer') };
const initiator = {
  ...strings('InitiatingProcessFileName', 'InitiatingProcessCommandLine', 'InitiatingProcessParentFileName'),
  ...typed('long', 'InitiatingProcessId'),
};
const userSignIn = {
  ...at,
  ...strings(
    'UserId',
    'UserPrincipalName',
    'AppDisplayName',
    'AppId',
    'ResourceDisplayName',
    'IPAddress',
    'Location',
    'ClientAppUsed',
    'ResultType',
    'ResultDescription',
    'RiskLevelDuringSignIn',
    'RiskLevelAggregated',
    'RiskEventTypes_V2',
    'ConditionalAccessStatus',
    'AuthenticationRequirement',
  ),
};
const applicationSignIn = {
  ...at,
  ...strings(
    'ServicePrincipalId',
    'ServicePrincipalName',
    'AppId',
    'ResourceDisplayName',
    'IPAddress',
    'Location',
    'LocationDetails',
    'ResultType',
    'ResultDescription',
  ),
};

export const logSchema: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  Usage: { ...at, ...strings('DataType'), Quantity: 'real' },
  DeviceInfo: { ...device, ...strings('AzureResourceId', 'AzureVmId') },
  DeviceProcessEvents: {
    ...device,
    ...initiator,
    ...strings('ActionType', 'FileName', 'ProcessCommandLine', 'AccountName', 'AccountDomain'),
    ...typed('long', 'ProcessId'),
  },
  DeviceNetworkEvents: {
    ...device,
    ...initiator,
    ...strings('ActionType', 'RemoteIP', 'RemoteUrl'),
    ...typed('int', 'RemotePort'),
  },
  DeviceLogonEvents: {
    ...device,
    ...strings('ActionType', 'LogonType', 'AccountName', 'AccountDomain', 'RemoteIP', 'RemoteDeviceName'),
  },
  SecurityEvent: {
    ...byResource,
    ...typed('int', 'EventID', 'LogonType'),
    ...strings(
      'NewProcessId',
      'NewProcessName',
      'ProcessId',
      'ParentProcessName',
      'CommandLine',
      'SubjectUserName',
      'SubjectDomainName',
      'TargetUserName',
      'TargetDomainName',
      'LogonTypeName',
      'IpAddress',
      'WorkstationName',
    ),
  },
  Event: {
    ...byResource,
    ...strings('Source', 'EventData', 'RenderedDescription'),
    ...typed('int', 'EventID'),
  },
  Syslog: {
    ...byResource,
    ...strings('Facility', 'ProcessName', 'SyslogMessage'),
    ...typed('int', 'ProcessID'),
  },
  SigninLogs: { ...userSignIn, ...typed('dynamic', 'LocationDetails', 'DeviceDetail') },
  AADNonInteractiveUserSignInLogs: { ...userSignIn, ...strings('LocationDetails', 'DeviceDetail') },
  AADServicePrincipalSignInLogs: {
    ...applicationSignIn,
    ...strings('ConditionalAccessStatus', 'ServicePrincipalCredentialKeyId'),
  },
  AADManagedIdentitySignInLogs: applicationSignIn,
  AuditLogs: {
    ...at,
    ...strings('OperationName', 'Category', 'Result', 'ResultReason', 'LoggedByService'),
    ...typed('dynamic', 'InitiatedBy', 'TargetResources', 'AdditionalDetails'),
  },
};
