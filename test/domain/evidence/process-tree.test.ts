import type { Connection, ProcessStart } from '../../../src/domain/evidence/guest';
import { placesOf, treeOf } from '../../../src/domain/evidence/process-tree';

const at = (second: number) => new Date(Date.UTC(2026, 10, 26, 12, 0, second)).toISOString();
const start = (
  second: number,
  pid: number | null,
  name: string,
  parentPid: number | null,
  more: Partial<ProcessStart> = {},
): ProcessStart => ({
  at: at(second),
  table: 'DeviceProcessEvents',
  pid,
  name,
  commandLine: name,
  parentPid,
  parentName: '',
  parentCommandLine: '',
  account: 'root',
  ...more,
});
const drawn = (starts: readonly ProcessStart[]) =>
  treeOf(starts).map(({ start: { name }, depth, origin }) => `${'-'.repeat(depth)}${name} ${origin}`);

test('children follow their parent, and what Azure’s command started comes first', () => {
  expect(
    drawn([
      start(1, 10, 'cron', 1, { parentName: 'systemd' }),
      start(2, 20, 'iptables', 5, {
        parentName: 'python3',
        parentCommandLine: 'python3 -u /usr/sbin/waagent -run-exthandlers',
      }),
      start(3, 30, 'bash', 6, { parentName: 'run-command-extension', commandLine: 'sh -c script.sh' }),
      start(4, 31, 'curl', 30, { parentName: 'bash' }),
      start(5, 11, 'run-parts', 10, { parentName: 'cron' }),
      start(6, 32, 'sh', 31, { parentName: 'curl' }),
      start(7, 33, 'id', 30, { parentName: 'bash' }),
    ]),
  ).toEqual([
    'bash command',
    '-curl command',
    '--sh command',
    '-id command',
    'iptables agent',
    'cron other',
    '-run-parts other',
  ]);
});

const download = '/var/lib/waagent/run-command/download/0/script.sh';

test.each([
  ['run-command-extension', { parentName: 'run-command-extension' }],
  ['its build for ARM', { parentName: 'run-command-extension-arm64' }],
  ['RunCommandExtension.exe', { parentName: 'RunCommandExtension.exe' }],
  ['the handler itself', { name: 'run-command-handler', parentName: 'bash' }],
  [
    'a child of an action run command’s script',
    { parentName: 'bash', parentCommandLine: `/bin/bash ${download}` },
  ],
  [
    'a child of a managed run command’s script',
    {
      parentName: 'sh',
      parentCommandLine: '/bin/sh -c /var/lib/waagent/run-command-handler/download/x/0/script.sh',
    },
  ],
  ['a script whose parent is unknown', { commandLine: `bash ${download}` }],
  [
    'a child of a script on Windows',
    {
      parentName: 'powershell.exe',
      parentCommandLine:
        'powershell -ExecutionPolicy Unrestricted -File C:\\Packages\\Plugins\\Microsoft.CPlat.Core.RunCommandWindows\\1.1.18\\Downloads\\script0.ps1',
    },
  ],
  ['a custom script', { parentName: 'custom-script-extension' }],
])('%s is the command', (_, more) => {
  expect(treeOf([start(1, 7, 'sh', 6, more)])[0]?.origin).toBe('command');
});

test.each([
  [
    'the monitoring agent',
    { parentCommandLine: '/opt/microsoft/azuremonitoragent/bin/amacoreagent -c /etc/x' },
  ],
  [
    'another extension',
    {
      parentCommandLine:
        '/var/lib/waagent/Microsoft.Azure.Monitor.AzureMonitorLinuxAgent-1.2/shim.sh -enable',
    },
  ],
  ['a name that only contains the handler’s', { parentName: 'my-run-command-extensionx' }],
  [
    'an analyst who reads the script',
    {
      name: 'tail',
      parentName: 'sh',
      commandLine: `tail -n +1 ${download}`,
      parentCommandLine: `sh -c "tail -n +1 ${download}"`,
    },
  ],
])('%s is not the command', (_, more) => {
  expect(treeOf([start(1, 7, 'sh', 6, more)])[0]?.origin).toBe('other');
});

test.each([
  ['python3 -u /usr/sbin/waagent -daemon'],
  ['/usr/bin/python3 -u bin/WALinuxAgent-2.9.1.1-py3.8.egg -run-exthandlers'],
])('a child of %s is the guest agent’s', (parentCommandLine) => {
  expect(treeOf([start(1, 7, 'iptables', 6, { parentName: 'python3', parentCommandLine })])[0]?.origin).toBe(
    'agent',
  );
});

test('a reused process id does not make a parent of another program', () => {
  expect(drawn([start(1, 7, 'curl', 1), start(2, 8, 'id', 7, { parentName: 'bash' })])).toEqual([
    'curl other',
    'id other',
  ]);
  expect(drawn([start(1, 7, 'cmd.exe', 1), start(2, 8, 'net.exe', 7, { parentName: 'CMD.EXE' })])).toEqual([
    'cmd.exe other',
    '-net.exe other',
  ]);
});

test('a process that is its own parent, or a child of a later one, ends the tree', () => {
  expect(drawn([start(1, 7, 'a', 7), start(2, 8, 'b', 9), start(3, 9, 'c', 8)])).toEqual([
    'a other',
    'b other',
    '-c other',
  ]);
});

test('one process in two tables is one, with the details of both sources’ best', () => {
  const found = treeOf([
    start(1, 7, 'cmd.exe', 6, { table: 'SecurityEvent', commandLine: '' }),
    start(2, 7, 'CMD.EXE', 6, { commandLine: 'cmd /c whoami', parentName: 'RunCommandExtension.exe' }),
    start(9, 7, 'cmd.exe', 6),
  ]);
  expect(found.map(({ start: { at: time, commandLine } }) => `${time} ${commandLine}`)).toEqual([
    `${at(1)} cmd /c whoami`,
    `${at(9)} cmd.exe`,
  ]);
});

test('500 processes, each the child of the one before, are a tree', () => {
  const chain = Array.from({ length: 500 }, (_, i) => start(i, i + 1, 'sh', i, { parentName: 'sh' }));
  expect(treeOf(chain).at(-1)?.depth).toBe(499);
});

test('equal connections are one, and those of the command come first', () => {
  const tree = treeOf([start(1, 30, 'curl', 6, { parentName: 'run-command-extension' })]);
  const to = (process: string, pid: number, remote: string): Connection => ({
    at: at(2),
    table: 'DeviceNetworkEvents',
    process,
    pid,
    remote,
    port: 443,
    direction: 'out',
    failed: false,
  });
  const places = placesOf(
    [
      to('ntpd', 5, '192.0.2.1'),
      to('curl', 30, '198.51.100.7'),
      to('curl', 30, '198.51.100.7'),
      to('wget', 30, '192.0.2.2'),
    ],
    tree,
  );
  expect(places.map(({ process, byCommand, count }) => `${process} ${byCommand} ${count}`)).toEqual([
    'curl true 2',
    'ntpd false 1',
    'wget false 1',
  ]);
});
