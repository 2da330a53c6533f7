import type { Scenario } from './scenario';
import type { LoggedRow } from './tenant/serve-log-analytics';
import type { Principal } from './tenant/simulated-directory';
import type { Tenant } from './tenant/tenant';
import { logsFrom } from './workspace';
import { addChild, addMachine, assign, roleIds, subscriptions } from './world';

const runCommand = 'Microsoft.Compute/virtualMachines/runCommand/action';
const tokenUrl =
  'http://169.254.169.254/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://management.azure.com/';
const extensionHandlers = 'python3 -u bin/WALinuxAgent-2.11.1.4-py3.8.egg -run-exthandlers';

const group = (name: string) => `/subscriptions/${subscriptions.payments}/resourceGroups/${name}`;

function addPerson({ directory }: Tenant, number: number, name: string, jobTitle: string): Principal {
  const login = `${name.toLowerCase().replace(' ', '.')}@contoso.example`;
  const id = `c4a10000-0000-4000-8000-00000000000${number}`;
  return directory.add({ id, kind: 'User', name, login, jobTitle, enabled: true });
}

/** Gives a machine or a scale set an identity of its own. */
function addIdentity({ directory, resources }: Tenant, number: number, resourceId: string): Principal {
  const id = `c4a1d000-0000-4000-8000-00000000000${number}`;
  Object.assign(resources.get(resourceId), { identity: { type: 'SystemAssigned', principalId: id } });
  return directory.add({
    id,
    kind: 'ServicePrincipal',
    name: resourceId.split('/').at(-1) ?? '',
    login: `c4a1d000-0000-4000-8000-0000000000f${number}`,
    managedIdentityOf: resourceId,
  });
}

const machine = (tenant: Tenant, name: string, resourceGroup: string): string =>
  addMachine(tenant, name, {
    subscription: subscriptions.payments,
    resourceGroup,
    tags: { env: 'prod' },
  });

const assignmentOf = (number: number) => `c4a1a000-0000-4000-8000-00000000000${number}`;

const portalSignIn = (UserId: string, IPAddress: string, more: LoggedRow): LoggedRow => ({
  UserId,
  IPAddress,
  AppDisplayName: 'Azure Portal',
  ResourceDisplayName: 'Azure Resource Manager',
  ClientAppUsed: 'Browser',
  ResultType: '0',
  AuthenticationRequirement: 'multiFactorAuthentication',
  ConditionalAccessStatus: 'success',
  ...more,
});

/**
 * A run command takes a token of the machine's identity from the metadata service, and the identity reads the keys of
 * a storage account. Sources: Azure Threat Research Matrix, AZT301.1 (run command), AZT601.1 (token from the metadata
 * service) and AZT605.1 (storage account keys); Stratus Red Team, azure.execution.vm-run-command.
 */
function playTokenTheft(tenant: Tenant): void {
  const at = tenant.state.now() - 6 * 60_000;
  const ip = '203.0.113.41';
  const sam = addPerson(tenant, 1, 'Sam Ortiz', 'Contractor');
  const orders = machine(tenant, 'vm-orders-01', 'rg-orders');
  const identity = addIdentity(tenant, 1, orders);
  const storage = `${group('rg-orders')}/providers/Microsoft.Storage/storageAccounts/stordersprod`;
  assign(tenant, group('rg-orders'), roleIds.vmContributor, sam.id, 'User', assignmentOf(1));
  assign(tenant, storage, roleIds.storageKeyOperator, identity.id, 'ServicePrincipal', assignmentOf(2));

  tenant.log({ name: runCommand, resourceId: orders, caller: sam, ip, at, tookMs: 31_000 });
  const listKeys = 'Microsoft.Storage/storageAccounts/listKeys/action';
  tenant.log({ name: listKeys, resourceId: storage, caller: identity, ip, at: at + 95_000, tookMs: 400 });

  const { add, device } = logsFrom(tenant, at);
  const { started, add: onDevice } = device('vm-orders-01', orders);
  const script = '/var/lib/waagent/run-command/download/0/script.sh';
  started(4, 2100, 'run-command-extension enable', [990, 'python3', extensionHandlers]);
  started(5, 2101, `/bin/sh -c ${script}`, [2100, 'run-command-extension']);
  started(6, 2102, `curl -s -H Metadata:true ${tokenUrl}`, [2101, 'sh']);
  onDevice('DeviceNetworkEvents', 6, {
    ActionType: 'ConnectionSuccess',
    RemoteIP: '169.254.169.254',
    RemotePort: 80,
    InitiatingProcessId: 2102,
    InitiatingProcessFileName: 'curl',
  });
  add('SigninLogs', -22 * 60, portalSignIn(sam.id, ip, { Location: 'RO', RiskLevelDuringSignIn: 'medium' }));
  add('AADManagedIdentitySignInLogs', 7, {
    ServicePrincipalId: identity.id,
    ServicePrincipalName: 'vm-orders-01',
    ResourceDisplayName: 'Azure Resource Manager',
    ResultType: '0',
  });
}

/**
 * The VMAccess extension sets a password, with which the serial console is opened. Sources: Mandiant, "SIM Swapping and
 * Abuse of the Microsoft Azure Serial Console" (UNC3944, 2023); Azure Threat Research Matrix, AZT501.3 (account
 * manipulation on a virtual machine) and AZT301.7 (serial console).
 */
function playConsole(tenant: Tenant): void {
  const at = tenant.state.now() - 9 * 60_000;
  const ip = '203.0.113.52';
  const robin = addPerson(tenant, 2, 'Robin Hale', 'Help desk');
  const ledger = machine(tenant, 'vm-ledger-01', 'rg-ledger');
  assign(tenant, group('rg-ledger'), roleIds.vmContributor, robin.id, 'User', assignmentOf(3));
  const reset = addChild(tenant, ledger, 'extensions', 'enablevmaccess', {
    publisher: 'Microsoft.OSTCExtensions',
    type: 'VMAccessForLinux',
    provisioningState: 'Succeeded',
  });

  const robins = { caller: robin, ip, appId: 'c44b4083-3bb0-49c1-b47d-974e53cbdf3c' };
  const write = 'Microsoft.Compute/virtualMachines/extensions/write';
  tenant.log({ ...robins, name: write, resourceId: reset, at, tookMs: 21_000 });
  tenant.log({
    ...robins,
    name: 'Microsoft.SerialConsole/serialPorts/connect/action',
    resourceId: `${ledger}/providers/Microsoft.SerialConsole/serialPorts/0`,
    at: at + 140_000,
    tookMs: 800,
  });

  const { add, device } = logsFrom(tenant, at);
  const { started, add: onDevice } = device('vm-ledger-01', ledger);
  started(6, 3100, 'python3 vmaccess.py -enable', [870, 'python3', extensionHandlers]);
  started(8, 3101, 'usermod -p REDACTED opsadmin', [3100, 'python3', 'python3 vmaccess.py -enable']);
  onDevice('DeviceLogonEvents', 171, {
    ActionType: 'LogonSuccess',
    LogonType: 'Interactive',
    AccountName: 'opsadmin',
  });
  started(172, 3200, '-bash', [3190, 'login', '/bin/login -p --'], 'opsadmin');
  started(190, 3205, 'sudo su -', [3200, '-bash', '-bash'], 'opsadmin');
  add('SigninLogs', -14 * 60, portalSignIn(robin.id, ip, { Location: 'US', RiskLevelDuringSignIn: 'high' }));
}

/**
 * A custom script on a scale set takes a token of the scale set's identity, which runs a command on another machine.
 * Sources: Azure Threat Research Matrix, AZT301.2 (custom script extension), AZT601.1 (token from the metadata service)
 * and AZT301.1 (run command); Stratus Red Team, azure.execution.vm-custom-script-extension.
 */
function playLateralMovement(tenant: Tenant): void {
  const at = tenant.state.now() - 12 * 60_000;
  const ip = '203.0.113.63';
  const alex = addPerson(tenant, 3, 'Alex Moreau', 'Release engineer');
  const set = `${group('rg-batch')}/providers/Microsoft.Compute/virtualMachineScaleSets/vmss-batch`;
  tenant.resources.put(set, {
    location: 'westeurope',
    tags: { env: 'prod' },
    properties: { orchestrationMode: 'Uniform', provisioningState: 'Succeeded' },
  });
  const identity = addIdentity(tenant, 3, set);
  const settle = machine(tenant, 'vm-settle-01', 'rg-settle');
  assign(tenant, group('rg-batch'), roleIds.vmContributor, alex.id, 'User', assignmentOf(4));
  assign(tenant, group('rg-settle'), roleIds.vmContributor, identity.id, 'ServicePrincipal', assignmentOf(5));
  const extension = `${set}/extensions/config`;
  tenant.resources.put(extension, {
    properties: {
      publisher: 'Microsoft.Azure.Extensions',
      type: 'CustomScript',
      settings: { commandToExecute: `curl -s -H Metadata:true "${tokenUrl}" -o /tmp/.t; sh /tmp/next.sh` },
      provisioningState: 'Succeeded',
    },
  });

  const scaleSet = 'Microsoft.Compute/virtualMachineScaleSets';
  const alexs = { caller: alex, ip };
  tenant.log({ ...alexs, name: `${scaleSet}/extensions/write`, resourceId: extension, at, tookMs: 9000 });
  const upgrade = `${scaleSet}/manualupgrade/action`;
  tenant.log({ ...alexs, name: upgrade, resourceId: set, at: at + 45_000, tookMs: 38_000 });
  const from = { caller: identity, ip: '192.0.2.70' };
  tenant.log({ ...from, name: runCommand, resourceId: settle, at: at + 210_000, tookMs: 33_000 });

  const { add, device } = logsFrom(tenant, at);
  const { started } = device('vm-settle-01', settle);
  const script = '/var/lib/waagent/run-command/download/0/script.sh';
  started(214, 5100, 'run-command-extension enable', [910, 'python3', extensionHandlers]);
  started(215, 5101, `/bin/sh -c ${script}`, [5100, 'run-command-extension']);
  started(216, 5102, 'tar -czf /tmp/s.tgz /srv/settlements', [5101, 'sh']);
  add('SigninLogs', -31 * 60, portalSignIn(alex.id, ip, { Location: 'FR' }));
  add('AADManagedIdentitySignInLogs', 205, {
    ServicePrincipalId: identity.id,
    ServicePrincipalName: 'vmss-batch',
    ResourceDisplayName: 'Azure Resource Manager',
    ResultType: '0',
  });
}

/** Published attack chains, each with its own people and machines, so that they are separate stories. */
export const attackChains: readonly Scenario[] = [
  {
    name: 'token-theft',
    says: 'A run command takes a token of the machine’s identity, which then reads the keys of a storage account',
    extra: true,
    play: playTokenTheft,
  },
  {
    name: 'serial-console',
    says: 'Someone resets a password on a machine and opens its serial console',
    extra: true,
    play: playConsole,
  },
  {
    name: 'lateral-movement',
    says: 'A custom script on a scale set takes a token of its identity, which runs a command on another machine',
    extra: true,
    play: playLateralMovement,
  },
];
