import { spawnSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const cli = join(__dirname, '../../dist/cli.js');
const logs = join(__dirname, '../fixtures/activity-log');
const dataDir = mkdtempSync(join(tmpdir(), 'runwatch-usage-'));
const runwatch = (args: readonly string[], env: Record<string, string> = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    input: '',
    encoding: 'utf8',
    timeout: 20_000,
    env: { PATH: process.env.PATH, RUNWATCH_DATA_DIR: dataDir, ...env },
  });
  return { status, stdout, stderr };
};

test.each<[string[], RegExp]>([
  [['start', '--roles', ''], /^--roles: empty, expected a value/],
  [['demo', '--scenario', ' '], /^--scenario: empty/],
  [['alerts', ''], /^TEXT: empty/],
  [['alerts', '--technique', 'run-command', ''], /^--technique: empty/],
  [['replay', '--exceptions', ''], /^--exceptions: empty/],
  [['replay', '--workspace='], /^--workspace: empty/],
  [['role-definitions', '--granting', 'A.B/c/read', '--definitions', ''], /^--definitions: empty/],
  [
    ['alerts', '--subscription', 'abc'],
    /--subscription <id>' argument 'abc' is invalid. Expected a subscription ID/,
  ],
  [['access-review', '--subscription', 'abc'], /--subscription <id>' argument 'abc' is invalid/],
  [['routes', 'test', '--subscription', 'abc'], /--subscription <id>' argument 'abc' is invalid/],
  [['manifest', 'azure-role', '--subscription', 'abc'], /--subscription <id>' argument 'abc' is invalid/],
  [
    [
      'exceptions',
      'add',
      '--subscription',
      'abc',
      '--reason',
      'r',
      '--owner',
      'o',
      '--expires',
      '2027-01-31',
    ],
    /--subscription <values...>' argument 'abc' is invalid/,
  ],
  [['alerts', '--technique', 'run-comand'], /^--technique: got run-comand, did you mean run-command\?/],
  [
    ['routes', 'test', '--technique', 'zzz'],
    /^--technique: got zzz, which `runwatch detections list` does not list/,
  ],
  [
    ['alerts', '--since', '2026-02-01', '--until', '2026-01-01'],
    /^--until: got 2026-01-01T00:00:00\S+, expected a time after --since/,
  ],
  [
    ['manifest', 'slack', '--url', 'nonsense'],
    /--url <url>' argument 'nonsense' is invalid. Expected an https URL/,
  ],
  [['manifest', 'slack', '--url', 'http://bot.contoso.example'], /Expected an https URL/],
  [['manifest', 'slack', '--url', 'https://bot.contoso.example/?a=b'], /Expected an https URL/],
  [['manifest', 'teams', '--app-id', 'abc'], /--app-id <id>' argument 'abc' is invalid. Expected .*GUID/],
  [
    ['manifest', 'slack', '--role', 'watcher'],
    /^--role: not an option of manifest slack; use it with manifest azure-role/,
  ],
  [
    ['manifest', 'azure-role', '--url', 'https://x.example'],
    /^--url: not an option of manifest azure-role; use it with manifest slack/,
  ],
  [['respond', 'RW-1', 'isolat'], /^isolat: unknown action; did you mean isolate\?/],
  [['respond', 'RW-1', 'isolate', '--set', 'keeep=x'], /^--set: isolate has no field keeep; expected keep/],
  [['respond', 'RW-1', 'acknowledge', '--set', 'a=b'], /^--set: acknowledge has no field a; it takes none/],
  [['respond', 'RW-1', 'isolate', '--set', 'keep=a', 'keep=b'], /^--set: keep is given twice/],
  [['exceptions', 'import', 'none.yaml'], /^none.yaml: file not found; pass a YAML file of exceptions/],
  [['exceptions', 'import', logs], /activity-log: is a folder; pass a YAML file of exceptions/],
  [['audit', 'verify', 'none.jsonl'], /^none.jsonl: file not found; pass /],
  [['audit', 'verify', '--key', 'none.pem'], /^--key: none.pem: file not found/],
  [
    ['audit', 'export', '--output', '/nowhere/x'],
    /^--output: \/nowhere\/x: file not found; name a file in an existing folder/,
  ],
  [['exceptions', 'export', '--output', '/nowhere/x'], /^--output: \/nowhere\/x: file not found/],
  [['manifest', 'teams', '--package', '/nowhere/x'], /^--package: \/nowhere\/x: file not found/],
])(
  '%j is a usage error in one line',
  (args, says) => {
    const { status, stdout, stderr } = runwatch(args);
    expect(stderr.replace(/^error: /, '')).toMatch(says);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' });
  },
  30_000,
);

test('a subscription can also be given as its ARM ID', () => {
  const id = '5F3C1A52-7D0E-4F0B-9A64-1D2F6B8E9C01';
  const { stdout } = runwatch([
    'manifest',
    'azure-role',
    '--role',
    'watcher',
    '--subscription',
    `/subscriptions/${id}`,
  ]);
  expect(JSON.parse(stdout).AssignableScopes).toEqual([`/subscriptions/${id.toLowerCase()}`]);
});
