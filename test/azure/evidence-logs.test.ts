import { createAzure } from '../../src/azure/azure';
import { startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { loadConfig } from '../../src/load-config';
import {
  addWorkspace,
  auditRow,
  connectionEvent,
  deviceInfo,
  processEvent,
  signInRow,
  syslog,
  workspaceId,
} from '../support/logs';

const minute = 60_000;
const start = Date.parse('2026-11-26T12:00:00Z');
const later = start + 60 * minute;
const window = {
  from: new Date(start - minute).toISOString(),
  to: new Date(start + 15 * minute).toISOString(),
};
const group = '/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01/resourceGroups/rg-1/providers';
const vm = `${group}/Microsoft.Compute/virtualMachines/vm-pay-01`;
const other = `${group.replace('rg-1', 'rg-2')}/Microsoft.Compute/virtualMachines/vm-pay-01`;
const agent = { pid: 900, name: 'run-command-extension' };
const caller = '00000000-0000-4000-8000-000000000001';
const stranger = '00000000-0000-4000-8000-000000000002';

let tenant: Tenant;
let add: ReturnType<typeof addWorkspace>;
let azure: ReturnType<typeof createAzure>;
beforeEach(async () => {
  tenant = await startTenant({ now: () => later });
  add = addWorkspace(tenant);
  azure = connect();
});
afterEach(() => tenant.stop());

const connect = (limits = {}) =>
  createAzure(
    loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint, AZURE_ACCESS_TOKEN: tenant.token }),
    { tlsOptions: { ca: tenant.ca }, logAnalyticsEndpoint: tenant.endpoint, now: () => later, limits },
  );
const queries = () =>
  tenant.requests
    .filter(({ path }) => path.startsWith('/v1/workspaces/'))
    .map(({ body }) => (body as { query: string }).query);
const guest = (id = vm) => azure.evidence.guest(workspaceId, id, window);
const signIns = (id = caller, more = {}) =>
  azure.evidence.signIns(
    workspaceId,
    { id, appId: null, kind: 'person', ...more },
    { from: new Date(start - 6 * 60 * minute).toISOString(), to: new Date(start).toISOString() },
  );

describe('the logs of a machine', () => {
  test('come from Defender by the device that is this Azure resource', async () => {
    add('DeviceInfo', deviceInfo(start - minute, 'd1', vm.toUpperCase()));
    add('DeviceProcessEvents', processEvent(start + 1000, 'd1', 901, 'bash script.sh', agent));
    add(
      'DeviceNetworkEvents',
      connectionEvent(start + 2000, 'd1', { pid: 902, name: 'curl' }, { ip: '198.51.100.7', port: 443 }),
    );
    add('DeviceLogonEvents', {
      TimeGenerated: new Date(start + 3000).toISOString(),
      DeviceId: 'd1',
      ActionType: 'LogonSuccess',
      LogonType: 'RemoteInteractive',
      AccountName: 'admin',
      RemoteIP: '203.0.113.5',
    });
    const { starts, connections, logons, tables, failed } = await guest();
    expect(starts).toMatchObject([
      { name: 'bash', pid: 901, parentName: 'run-command-extension', account: 'vm\\root' },
    ]);
    expect(connections).toMatchObject([
      { process: 'curl', remote: '198.51.100.7', port: 443, direction: 'out' },
    ]);
    expect(logons).toMatchObject([{ account: 'admin', how: 'RemoteInteractive', from: '203.0.113.5' }]);
    expect(tables).toEqual(['DeviceProcessEvents', 'DeviceNetworkEvents', 'DeviceLogonEvents']);
    expect(failed).toEqual([]);
  });

  test('are not mixed up with a machine of the same name', async () => {
    add('DeviceInfo', deviceInfo(start - minute, 'd2', other));
    add('DeviceProcessEvents', processEvent(start + 1000, 'd2', 901, 'bash script.sh', agent));
    add('Syslog', syslog(start, other, 'sudo', 'sam : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/bin/id'));
    expect(await guest()).toMatchObject({ starts: [], logons: [], connections: [], tables: [] });
  });

  test('are not those of a device that two machines report, as copies of one disk do', async () => {
    add('DeviceInfo', deviceInfo(start - minute, 'd1', vm), deviceInfo(start - 2 * minute, 'd1', other));
    add('DeviceProcessEvents', processEvent(start + 1000, 'd1', 901, 'bash script.sh', agent));
    expect((await guest()).starts).toEqual([]);
  });

  test('of others are dropped even if the workspace returns them', async () => {
    add('Syslog', syslog(start, vm, 'sshd', 'Accepted publickey for root from 203.0.113.5 port 5 ssh2'));
    const lie = (rows: unknown[][]) =>
      JSON.stringify({
        tables: [
          {
            name: 'PrimaryResult',
            columns: ['TimeGenerated', '_ResourceId', 'ProcessName', 'Message'].map((name) => ({
              name,
              type: 'string',
            })),
            rows,
          },
        ],
      });
    const accepted = (user: string) => `Accepted publickey for ${user} from 203.0.113.5 port 5 ssh2`;
    const inWindow = new Date(start).toISOString();
    await azure.evidence.guest(workspaceId, other, window);
    tenant.faults.add({
      when: /v1\/workspaces/,
      status: 200,
      body: lie([
        [inWindow, other, 'sshd', accepted('other')],
        [inWindow, null, 'sshd', accepted('nobody')],
        [new Date(start - 60 * minute).toISOString(), vm, 'sshd', accepted('earlier')],
        ['soon', vm, 'sshd', accepted('never')],
        [inWindow, vm, 7, { no: 'text' }],
        [inWindow, vm, 'sshd', accepted('own')],
      ]),
    });
    expect((await guest()).logons.map(({ account }) => account)).toEqual(['own']);
  });

  test('come from Windows events, Sysmon and Syslog by resource id', async () => {
    const own = { TimeGenerated: new Date(start + 1000).toISOString(), _ResourceId: vm.toLowerCase() };
    add(
      'SecurityEvent',
      {
        ...own,
        EventID: 4688,
        NewProcessId: '0x385',
        NewProcessName: 'C:\\Windows\\System32\\cmd.exe',
        ProcessId: '0x384',
        ParentProcessName: 'C:\\Packages\\Plugins\\x\\RunCommandExtension.exe',
        CommandLine: 'cmd /c powershell',
        SubjectUserName: 'VM$',
      },
      { ...own, EventID: 4624, LogonType: 5, TargetUserName: 'SYSTEM' },
      {
        ...own,
        EventID: 4624,
        LogonType: 10,
        LogonTypeName: '10 - RemoteInteractive',
        TargetUserName: 'admin',
        IpAddress: '203.0.113.5',
      },
    );
    const data = (fields: Record<string, string>) =>
      Object.entries(fields)
        .map(([name, value]) => `<Data Name="${name}">${value}</Data>`)
        .join('');
    add(
      'Event',
      {
        ...own,
        Source: 'Microsoft-Windows-Sysmon',
        EventID: 1,
        EventData: data({
          Image: 'C:\\x\\net.exe',
          ProcessId: '910',
          CommandLine: 'net user &quot;a&quot;',
          ParentProcessId: '901',
        }),
      },
      {
        ...own,
        Source: 'Microsoft-Windows-Sysmon',
        EventID: 3,
        EventData: data({
          Image: 'C:\\x\\net.exe',
          ProcessId: '910',
          DestinationIp: '198.51.100.7',
          DestinationPort: '443',
          Initiated: 'true',
        }),
      },
      { ...own, Source: 'Application', EventID: 1, EventData: data({ Image: 'no' }) },
    );
    add(
      'Syslog',
      syslog(start, vm, 'sshd', 'Accepted publickey for root from 203.0.113.5 port 5 ssh2'),
      syslog(start, vm, 'sshd', 'Failed password for invalid user eve from 203.0.113.6 port 5 ssh2'),
      syslog(start, vm, 'sudo', 'sam : TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/id -u'),
      syslog(
        start,
        vm,
        'sysmon',
        `<Event><System><EventID>1</EventID></System>${data({ Image: '/usr/bin/wget', ProcessId: '77' })}</Event>`,
      ),
    );
    const { starts, logons, connections, tables } = await guest();
    expect(tables).toEqual(['SecurityEvent', 'Event', 'Syslog']);
    expect(starts.map(({ name, pid, commandLine }) => `${name} ${pid} ${commandLine}`).sort()).toEqual([
      'cmd.exe 901 cmd /c powershell',
      'id null /usr/bin/id -u',
      'net.exe 910 net user "a"',
      'wget 77 ',
    ]);
    expect(logons.map(({ account, how, failed }) => `${account} ${how} ${failed}`)).toEqual([
      'root publickey false',
      'eve password true',
      'admin RemoteInteractive false',
    ]);
    expect(connections).toMatchObject([{ process: 'net.exe', remote: '198.51.100.7', port: 443 }]);
  });

  test('are read from tables that get records only, which are found once', async () => {
    add('Syslog', syslog(start, vm, 'sshd', 'x'));
    await guest();
    await guest(other);
    expect(queries().map((query) => query.split('\n')[0])).toEqual(['Usage', 'Syslog', 'Syslog']);
  });

  test('without any table cost one query', async () => {
    expect(await guest()).toMatchObject({ starts: [], tables: [], failed: [] });
    await guest(other);
    expect(queries()).toHaveLength(1);
  });

  test('that a table refuses don’t take away those of others', async () => {
    add('Syslog', syslog(start, vm, 'sshd', 'Accepted publickey for root from 203.0.113.5 port 5 ssh2'));
    add('SecurityEvent', { TimeGenerated: new Date(start).toISOString(), _ResourceId: vm, EventID: 4688 });
    const isSecurity = ({ body }: { body: unknown }) =>
      (body as { query: string }).query.startsWith('SecurityEvent');
    tenant.faults.add({
      when: /v1\/workspaces/,
      only: isSecurity,
      status: 403,
      code: 'InsufficientAccessError',
    });
    const { logons, failed } = await guest();
    expect(logons).toHaveLength(1);
    expect(failed).toMatchObject([{ what: 'SecurityEvent', final: true }]);
    expect(failed[0]?.why).toMatch(/HTTP 403/);
  });

  test('are bounded in rows, in the length of texts, in bytes and in time', async () => {
    add('DeviceInfo', deviceInfo(start - minute, 'd1', vm));
    for (let i = 0; i < 600; i++)
      add(
        'DeviceProcessEvents',
        processEvent(start + i * 1000, 'd1', i, `sh -c ${'x'.repeat(5000)}`, { pid: 1, name: 'cron' }),
      );
    add('DeviceProcessEvents', processEvent(start + 14 * minute, 'd1', 901, 'bash script.sh', agent));
    const { starts, cut } = await guest();
    expect(cut).toBe(true);
    expect(starts).toHaveLength(500);
    expect(starts.every(({ commandLine }) => commandLine.length <= 2000)).toBe(true);
    expect(starts.map(({ name }) => name)).toContain('bash');
    const asked = queries().at(-1) ?? '';
    expect(asked).toContain('| take 501');

    azure = connect({ maxBodyBytes: 1000 });
    expect((await guest()).failed).toMatchObject([
      { what: 'DeviceProcessEvents', why: expect.stringContaining('longer than') },
    ]);
    tenant.faults.add({ when: /v1\/workspaces/, status: 200, delayMs: 500 });
    azure = connect({ deadlineMs: 100 });
    await expect(guest()).rejects.toThrow(/no complete response within 0.1 s/);
  });
});

describe('the sign-ins of a caller', () => {
  test('have risk, place, device, MFA and conditional access', async () => {
    add(
      'SigninLogs',
      signInRow(start - 40 * minute, caller, {
        RiskLevelDuringSignIn: 'high',
        RiskEventTypes_V2: '["anonymizedIPAddress"]',
      }),
    );
    add(
      'AADNonInteractiveUserSignInLogs',
      signInRow(start - 10 * minute, caller, {
        LocationDetails: '{"city":"Oslo","countryOrRegion":"NO"}',
        DeviceDetail: 'not JSON',
        AuthenticationRequirement: 'singleFactorAuthentication',
      }),
    );
    const found = await signIns();
    expect(found.signIns).toMatchObject([
      { location: 'Oslo, NO', device: '', mfa: false, risk: 'none' },
      {
        at: new Date(start - 40 * minute).toISOString(),
        app: 'Azure Portal',
        location: 'Frankfurt, DE',
        device: 'LAPTOP-7 (Windows11, compliant)',
        client: 'Browser',
        mfa: true,
        risk: 'high',
        riskTypes: ['anonymizedIPAddress'],
        conditionalAccess: 'success',
        succeeded: true,
      },
    ]);
    expect(found.tables).toEqual(['AADNonInteractiveUserSignInLogs', 'SigninLogs']);
  });

  test('of an application and of a managed identity are in tables of their own', async () => {
    const row = {
      TimeGenerated: new Date(start - minute).toISOString(),
      ServicePrincipalId: caller,
      ResourceDisplayName: 'Azure Resource Manager',
      ResultType: '0',
    };
    add('AADServicePrincipalSignInLogs', { ...row, ServicePrincipalCredentialKeyId: 'key-1' });
    add('AADManagedIdentitySignInLogs', row);
    add('SigninLogs', signInRow(start - minute, caller));
    const app = await signIns(caller, { kind: 'application' });
    expect(app.signIns).toMatchObject([{ table: 'AADServicePrincipalSignInLogs', credential: 'key-1' }]);
    const identity = await signIns(caller, { kind: 'identity' });
    expect(identity.signIns.map(({ table }) => table)).toEqual(['AADManagedIdentitySignInLogs']);
    expect((await signIns(caller, { kind: null })).signIns).toHaveLength(3);
  });

  test('of others are dropped even if the workspace returns them', async () => {
    add('SigninLogs', signInRow(start - minute, stranger, { RiskLevelDuringSignIn: 'high' }));
    expect((await signIns()).signIns).toEqual([]);
    tenant.faults.add({
      when: /v1\/workspaces/,
      status: 200,
      body: JSON.stringify({
        tables: [
          {
            name: 'PrimaryResult',
            columns: ['TimeGenerated', 'UserId', 'RiskLevelDuringSignIn'].map((name) => ({
              name,
              type: 'string',
            })),
            rows: [
              [new Date(start - minute).toISOString(), stranger, 'high'],
              [new Date(start + minute).toISOString(), caller, 'high'],
              [new Date(start - minute).toISOString(), caller, { odd: true }],
              [{}, caller, 'high'],
            ],
          },
        ],
      }),
    });
    expect((await signIns()).signIns).toMatchObject([{ risk: 'none', app: '', mfa: null }]);
  });

  test('an id can’t change the query', async () => {
    add('SigninLogs', signInRow(start - minute, caller));
    const id = `${caller}" or true or "`;
    expect((await signIns(id)).signIns).toEqual([]);
    expect(queries().at(-1)).toContain(`UserId == "${caller}\\" or true or \\""`);
    const line = await signIns('a\n| union SecretTable');
    expect(line.failed).toMatchObject([
      { what: 'SigninLogs', why: expect.stringContaining('refused to query') },
    ]);
  });
});

describe('the changes of a caller’s account', () => {
  test('are new credentials, passwords, roles, and role activations with their justification', async () => {
    add(
      'AuditLogs',
      auditRow(start - 60 * minute, 'Reset user password', { on: [{ id: caller, type: 'User' }] }),
      auditRow(start - 50 * minute, 'Add member to role', {
        on: [
          {
            id: caller,
            type: 'User',
            modifiedProperties: [{ displayName: 'Role.DisplayName', newValue: '"Global Administrator"' }],
          },
        ],
      }),
      auditRow(start - 40 * minute, 'Add member to role completed (PIM activation)', {
        by: { user: { id: caller, userPrincipalName: 'dana@contoso.example' } },
        on: [{ id: 'r', displayName: 'Contributor', type: 'Role' }],
        reason: 'INC-7: patching',
      }),
      auditRow(start - 30 * minute, 'Reset user password', {
        on: [{ id: stranger }],
        details: [{ key: 'x', value: caller }],
      }),
      auditRow(start - 20 * minute, 'Reset user password', { on: [{ id: caller }], Result: 'failure' }),
      auditRow(start - 10 * minute, 'Update user', { on: [{ id: caller }] }),
      auditRow(start - 8 * 24 * 60 * minute, 'Reset user password', { on: [{ id: caller }] }),
    );
    expect((await signIns()).changes).toEqual([
      expect.objectContaining({
        kind: 'activation',
        role: 'Contributor',
        reason: 'INC-7: patching',
        by: 'dana@contoso.example',
      }),
      expect.objectContaining({ kind: 'role', role: 'Global Administrator', by: 'sam@contoso.example' }),
      expect.objectContaining({ kind: 'password', reason: '' }),
    ]);
  });

  test('of an application are found by its app id too', async () => {
    const appId = '11111111-0000-4000-8000-000000000001';
    add(
      'AuditLogs',
      auditRow(start - minute, 'Update application – Certificates and secrets management ', {
        on: [{ id: stranger, type: 'Application' }],
        details: [{ key: 'AppId', value: appId }],
      }),
    );
    expect((await signIns(caller, { kind: 'application', appId })).changes).toMatchObject([
      { kind: 'credential' },
    ]);
    expect((await signIns(caller, { kind: 'application' })).changes).toEqual([]);
  });
});
