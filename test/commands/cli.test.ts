import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';

const cli = join(__dirname, '../../dist/cli.js');
const logs = join(__dirname, '../fixtures/activity-log');
const dir = mkdtempSync(join(tmpdir(), 'runwatch-cli-'));
const runwatch = (args: string[], input = '', env: Record<string, string> = {}) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    input,
    encoding: 'utf8',
    env: { PATH: process.env.PATH, ...env },
  });
  return { status, alerts: stdout.trim().split('\n').filter(Boolean), stdout, stderr };
};
const file = (name: string, content: string | Buffer) => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

const shapes = ['diagnostic.ndjson', 'log-analytics.json', 'elastic-ecs.ndjson', 'event-hub-message.json'];

test.each(shapes)('replay of %s gives one alert, equal in all shapes, and none for start/action', (name) => {
  const { status, alerts } = runwatch(['replay', '--json', join(logs, name)]);
  expect(status).toBe(0);
  expect(alerts).toHaveLength(1);
  const rest = JSON.parse(runwatch(['replay', '--json', join(logs, 'rest.json')]).alerts[0] ?? '{}');
  const alert = JSON.parse(alerts[0] ?? '{}');
  for (const field of [
    'id',
    'target',
    'startedAt',
    'lastEventAt',
    'correlationId',
    'events',
    'status',
    'technique',
    'operation',
    'mitre',
  ]) {
    expect(alert[field]).toEqual(rest[field]);
  }
  expect({ ...alert.caller, appId: null }).toEqual({ ...rest.caller, appId: null });
});

test('REST and az exports give three alerts: succeeded, refused and managed', () => {
  for (const name of ['rest.json', 'az-monitor-activity-log-list.json']) {
    const alerts = runwatch(['replay', '--json', join(logs, name)]).alerts.map((line) => JSON.parse(line));
    expect(alerts.map((alert) => `${alert.technique} ${alert.status} ${alert.severity}`)).toEqual([
      'run-command succeeded medium',
      'run-command failed low',
      'managed-run-command succeeded medium',
    ]);
    for (const alert of alerts) {
      expect(alert.reasons.reduce((sum: number, reason: { points: number }) => sum + reason.points, 0)).toBe(
        alert.score,
      );
    }
  }
});

test('replay reads stdin, gzip and several files', () => {
  const plain = readFileSync(join(logs, 'diagnostic.ndjson'));
  const zipped = file('log.gz', gzipSync(plain));
  expect(runwatch(['replay', '--json', zipped]).alerts).toHaveLength(1);
  expect(runwatch(['replay', '--json'], plain.toString()).alerts).toHaveLength(1);
  expect(runwatch(['replay', '--json', zipped, join(logs, 'rest.json')]).alerts).toHaveLength(3);
});

test('a broken file gives its readable records, then the line and column, and exit 1', () => {
  const lines = readFileSync(join(logs, 'diagnostic.ndjson'), 'utf8').trim().split('\n');
  const broken = file('broken.ndjson', [...lines.slice(0, 3), '{"time": oops}', lines[3]].join('\n'));
  const { status, alerts, stderr } = runwatch(['replay', '--json', broken]);
  expect(status).toBe(1);
  expect(alerts).toHaveLength(1);
  expect(stderr).toMatch(/broken\.ndjson:4:1\d: /);
});

test('unreadable records are counted by reason, and the rest is used', () => {
  const { status, alerts, stderr } = runwatch(
    ['replay', '--json'],
    `{"a":1}\n5\n${readFileSync(join(logs, 'diagnostic.ndjson'), 'utf8')}`,
  );
  expect(alerts).toHaveLength(1);
  expect(stderr).toMatch(/1 unreadable/);
  expect(status).toBe(1);
});

const exceptions = (expires: string, match = '{caller: dana.reyes@contoso.example, target: vm-pay-*}') =>
  file(
    'exceptions.yaml',
    `exceptions:\n  - id: dana\n    match: ${match}\n    reason: Tests\n    owner: lee@contoso.example\n    expires: ${expires}\n`,
  );

test('exceptions apply at the time of each execution; --fail-on-alert reports remaining alerts', () => {
  const log = join(logs, 'diagnostic.ndjson');
  expect(runwatch(['replay', '--json', '--fail-on-alert', log]).status).toBe(3);
  const covered = runwatch([
    'replay',
    '--json',
    '--fail-on-alert',
    '--exceptions',
    exceptions('2026-11-20'),
    log,
  ]);
  expect(covered.status).toBe(0);
  expect(JSON.parse(covered.alerts[0] ?? '{}')).toMatchObject({ verdict: 'suppressed', exception: 'dana' });
  expect(
    runwatch(['replay', '--json', '--fail-on-alert', '--exceptions', exceptions('2026-11-19'), log]).status,
  ).toBe(3);
});

test('an exception that matches everything is rejected with its file, line and reason', () => {
  const { status, stderr } = runwatch([
    'replay',
    '--exceptions',
    exceptions('2026-11-20', '{}'),
    join(logs, 'rest.json'),
  ]);
  expect(status).toBe(2);
  expect(stderr).toMatch(/exceptions\.yaml:3:\d+: .*match.*empty/);
});

test.each<[string, string[], Record<string, string>, RegExp]>([
  ['an unknown command', ['bogus'], {}, /unknown command/],
  ['an unknown format', ['replay', '--format', 'xml'], {}, /Allowed choices/],
  [
    'an invalid variable',
    ['replay'],
    { RUNWATCH_POLL_SECONDS: 'soon' },
    /RUNWATCH_POLL_SECONDS: got "soon", expected/,
  ],
  ['an unknown role', ['start', '--roles', 'cook'], {}, /--roles: got cook, expected some of poll/],
  ['an unknown scenario', ['demo', '--scenario', 'x'], {}, /expected one of routine, night, storm/],
  ['an invalid scope', ['roles', 'x', '--scope', 'here'], {}, /--scope: got here/],
])('%s is a usage error', (_, args, env, says) => {
  const { status, stderr } = runwatch(args, '', env);
  expect(status).toBe(2);
  expect(stderr).toMatch(says);
});

test('a missing file is an error with a next step', () => {
  const { status, stderr } = runwatch(['replay', 'nowhere.json']);
  expect(status).toBe(1);
  expect(stderr).toMatch(/nowhere\.json: file not found; pass the path/);
});

test('role-definitions reads a file', () => {
  const { stdout, status } = runwatch([
    'role-definitions',
    '--json',
    '--granting',
    'Microsoft.Compute/virtualMachines/runCommand/action',
    '--definitions',
    join(__dirname, '../../data/azure-built-in-roles.json'),
  ]);
  expect(status).toBe(0);
  expect(stdout.trim().split('\n')).toHaveLength(5);
});

test("role-definitions reads Get-AzRoleDefinition's JSON, as Windows PowerShell saves it", () => {
  const role = {
    Name: 'Patch operators',
    Id: 'c0ffee00-1111-4222-8333-444455556666',
    IsCustom: true,
    Description: 'patches',
    Actions: ['Microsoft.Compute/virtualMachines/*'],
    NotActions: [],
    DataActions: [],
    NotDataActions: [],
    AssignableScopes: ['/'],
  };
  const granting = ['--granting', 'Microsoft.Compute/virtualMachines/runCommand/action', '--json'];
  for (const [name, content] of [
    ['one.json', Buffer.from(`\uFEFF${JSON.stringify(role)}`)],
    ['list.json', Buffer.from(`\uFEFF${JSON.stringify([role])}`, 'utf16le')],
  ] as const) {
    const { stdout, status } = runwatch([
      'role-definitions',
      ...granting,
      '--definitions',
      file(name, content),
    ]);
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toEqual({ id: role.Id, name: role.Name, custom: true });
  }
});

test.each([
  [
    'role-definitions',
    ['--granting', 'nonsense', '--definitions', join(__dirname, '../../data/azure-built-in-roles.json')],
  ],
  ['who-can', ['Bogus', '--scope', '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01']],
])('%s rejects an invalid action', (command, args) => {
  const { status, stderr, stdout } = runwatch([command, ...args]);
  expect(stderr).toContain('is not an ARM action');
  expect(stdout).toBe('');
  expect(status).toBe(2);
});

test('exceptions test counts each exception that covers an alert, and reports unreadable input', () => {
  const exceptions = file(
    'two.yaml',
    `exceptions:\n${['a', 'b']
      .map(
        (id) =>
          `  - {id: ${id}, match: {target: vm-pay-01}, reason: patching, owner: ops@contoso.example, expires: 2030-01-01}`,
      )
      .join('\n')}`,
  );
  const log = readFileSync(join(logs, 'diagnostic.ndjson'), 'utf8');
  const { status, alerts, stderr } = runwatch([
    'exceptions',
    'test',
    exceptions,
    '--json',
    '--against',
    file('cut.ndjson', `${log.trim()}\n{"a":`),
  ]);
  expect(alerts.map((line) => JSON.parse(line).suppressed)).toEqual([1, 1]);
  expect(stderr).toContain('the file ends inside an object');
  expect(status).toBe(1);
});

test('a full disk behind stdout is reported', () => {
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', `"${process.execPath}" "${cli}" replay --json "${join(logs, 'rest.json')}" > /dev/full`],
    { encoding: 'utf8', env: { PATH: process.env.PATH } },
  );
  expect(stderr).toContain('no space left on device');
  expect(status).toBe(1);
});

test.each(['start', 'demo', 'replay', 'roles', 'who-can', 'role-definitions'])(
  '%s has help with an example',
  (name) => {
    const { status, stdout } = runwatch([name, '--help']);
    expect(status).toBe(0);
    expect(stdout).toMatch(/Example/);
  },
);

test('a port in use fails the start with a next step and leaves nothing running', async () => {
  const { createServer } = await import('node:http');
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  const env = {
    RUNWATCH_PORT: String(port),
    RUNWATCH_DATA_DIR: dir,
    AZURE_ACCESS_TOKEN: 'x',
    AZURE_RESOURCE_MANAGER_ENDPOINT: 'https://127.0.0.1:1',
    RUNWATCH_LOG_LEVEL: 'silent',
  };
  const { status, stderr } = runwatch(['start'], '', env);
  server.close();
  expect(status).toBe(1);
  expect(stderr).toMatch(/is already in use; set RUNWATCH_PORT to another/);
});

test('exceptions can be managed in the store and as YAML', () => {
  const env = { RUNWATCH_DATA_DIR: dir };
  const added = runwatch(
    [
      'exceptions',
      'add',
      '--caller',
      'a@contoso.example',
      '--reason',
      'r',
      '--owner',
      'o',
      '--expires',
      '2027-01-31',
      '--json',
    ],
    '',
    env,
  );
  const { id } = JSON.parse(added.stdout);
  const yaml = runwatch(['exceptions', 'export'], '', env).stdout;
  expect(yaml).toContain(id);
  const changed = file('changed.yaml', yaml.replace('reason: r', 'reason: another'));
  const imported = runwatch(['exceptions', 'import', changed], '', env);
  expect(imported.stdout).toMatch(/- reason: r\n\+ reason: another/);
  expect(runwatch(['exceptions', 'import', changed], '', env).stderr).toMatch(
    /nothing changed; 1 exception is as in the file/,
  );
  expect(runwatch(['exceptions', 'show', id], '', env).stdout).toContain('another');
  expect(runwatch(['exceptions', 'expire', id], '', env).status).toBe(0);
  expect(runwatch(['exceptions', 'list'], '', env).stdout).toContain('(expired)');
  expect(runwatch(['audit', 'verify'], '', env)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/^Redis: 3 entries, from \S+ to \S+, 3 signed, complete\n$/),
  });
  const against = runwatch([
    'exceptions',
    'test',
    exceptions('2026-11-20'),
    '--json',
    '--against',
    join(logs, 'rest.json'),
  ]);
  expect(JSON.parse(against.stdout)).toMatchObject({ exception: 'dana', suppressed: 2 });
  expect(
    runwatch(['exceptions', 'add', '--reason', 'r', '--owner', 'o', '--expires', '2027-01-31'], '', env)
      .status,
  ).toBe(2);
}, 60_000);

test('the published schema is the one used for validation', async () => {
  const { z } = await import('zod');
  const { exceptionsFileSchema } = await import('../../src/domain/exceptions/exceptions-file');
  const published = JSON.parse(readFileSync(join(__dirname, '../../schema/exceptions.json'), 'utf8'));
  expect(published).toMatchObject(
    JSON.parse(JSON.stringify(z.toJSONSchema(exceptionsFileSchema, { io: 'input' }))),
  );
});

test('the Slack manifest has the settings for Socket Mode and for HTTP', () => {
  expect(JSON.parse(runwatch(['manifest', 'slack']).stdout).settings.socket_mode_enabled).toBe(true);
  const http = JSON.parse(runwatch(['manifest', 'slack', '--url', 'https://bot.contoso.example/']).stdout);
  expect(http.settings).toMatchObject({
    socket_mode_enabled: false,
    interactivity: { request_url: 'https://bot.contoso.example/slack/events' },
  });
});

test('config prints the points of every reason, but no secret', () => {
  const { status, stdout } = runwatch(['config'], '', {
    AZURE_ACCESS_TOKEN: 'hunter2hunter2',
    SLACK_BOT_TOKEN: 'xoxb-hunter2',
    SLACK_CHANNEL: 'C1',
    SLACK_SIGNING_SECRET: 'hunter2',
  });
  expect(status).toBe(0);
  expect(stdout).toMatch(/firstOnMachine: 15/);
  expect(stdout).not.toContain('hunter2');
});

test('the Teams manifest contains the bot', () => {
  const id = '11111111-2222-4333-8444-555555555555';
  expect(JSON.parse(runwatch(['manifest', 'teams', '--app-id', id]).stdout)).toMatchObject({
    id,
    bots: [{ botId: id }],
  });
});

test('an unknown variable is warned of, and its value is not printed', () => {
  const { status, stderr } = runwatch(['config'], '', { RUNWATCH_CONSOL_TOKEN: 'hunter2-hunter2' });
  expect(status).toBe(0);
  expect(stderr).toBe(
    'RUNWATCH_CONSOL_TOKEN: unknown, so it has no effect; did you mean RUNWATCH_CONSOLE_TOKEN?\n',
  );
});
