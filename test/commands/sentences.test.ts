import { spawnSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const cli = join(__dirname, '../../dist/cli.js');
const dir = mkdtempSync(join(tmpdir(), 'runwatch-sentences-'));
const log = join(__dirname, '../fixtures/activity-log/diagnostic.ndjson');
const runwatch = (args: readonly string[], input = '') => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, RUNWATCH_DATA_DIR: dir },
  });
  return { status, stdout, stderr, rows: stdout.trim().split('\n').filter(Boolean) };
};
const exceptions = (...ids: string[]) => {
  const path = join(dir, `${ids.join('-')}.yaml`);
  const rows = ids.map(
    (id) =>
      `  - {id: ${id}, match: {target: vm-pay-01, caller: ${id}@contoso.example}, reason: Tests, owner: o, expires: 2027-01-31}`,
  );
  writeFileSync(path, `exceptions:\n${rows.join('\n')}\n`);
  return path;
};

test('counts of one are singular', () => {
  const replayed = runwatch(['replay', log]);
  expect(replayed.stderr).toMatch(/ records, 1 alert, 0 suppressed, 0 unreadable\n/);
  const { stdout } = runwatch(['exceptions', 'test', exceptions('dana.reyes'), '--against', log]);
  expect(stdout).toContain('dana.reyes: would have suppressed 1 of 1 alert\n');
});

test('an import says what it added, changed, removed and left, and --json prints each change', () => {
  const both = exceptions('a', 'b');
  const dry = runwatch(['exceptions', 'import', both, '--dry-run']);
  expect(dry.stderr).toBe('Dry run: 2 exceptions would be added; nothing was changed\n');
  expect(runwatch(['exceptions', 'list', '--json']).stdout).toBe('');
  expect(runwatch(['exceptions', 'import', both]).stderr).toBe('2 exceptions added\n');
  expect(runwatch(['exceptions', 'import', both]).stderr).toBe(
    'nothing changed; 2 exceptions are as in the file\n',
  );
  const one = exceptions('c');
  const pruned = runwatch(['exceptions', 'import', one, '--prune', '--json']);
  expect(pruned.stderr).toBe('1 exception added, 2 removed\n');
  expect(pruned.rows.map((row) => JSON.parse(row))).toMatchObject([
    { exception: 'c', change: 'added', before: null, after: { id: 'c' } },
    { exception: 'a', change: 'removed', before: { id: 'a' }, after: null },
    { exception: 'b', change: 'removed', before: { id: 'b' }, after: null },
  ]);
  const exported = runwatch(['exceptions', 'export', '--json']).rows.map((row) => JSON.parse(row).id);
  expect(exported).toEqual(['c']);
  expect(runwatch(['exceptions', 'review', 'c']).stdout).toMatch(/^c: suppressed 0 alerts/);
  const expired = runwatch(['exceptions', 'expire', 'c', '--json']);
  expect(JSON.parse(expired.stdout)).toMatchObject({ id: 'c', expires: expect.stringMatching(/^20/) });
}, 60_000);

test('every command that prints data has --json, and prints one object a line', () => {
  const usageOf = (path: string[]) => runwatch([...path, '--help']).stdout;
  const script = runwatch(['completion', 'bash']).stdout;
  const commands = [...script.matchAll(/^ *'([a-z -]+)'\) words='([^']*)'/gm)];
  const leaves = commands.filter(([, path]) => !commands.some(([, other]) => other?.startsWith(`${path} `)));
  const without = leaves.filter(([, , words]) => !words?.includes('--json')).map(([, path]) => path);
  expect(without).toEqual(['start', 'demo', 'completion']);
  expect(usageOf(['config'])).toContain('--json');
  for (const args of [['config'], ['manifest', 'slack'], ['manifest', 'azure-role'], ['audit', 'export']]) {
    const { rows } = runwatch([...args, '--json']);
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) expect(JSON.parse(row)).toEqual(expect.objectContaining({}));
  }
}, 60_000);

test('runwatch config --json is the printed configuration', () => {
  expect(JSON.parse(runwatch(['config', '--json']).stdout)).toMatchObject({
    pollSeconds: 60,
    RUNWATCH_CONFIG: { score: { burst: 15 } },
  });
});
