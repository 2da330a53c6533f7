import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Bench, setUp } from '../support/bot';

let bench: Bench;
beforeEach(async () => {
  bench = await setUp({ mode: 'socket' });
});
afterEach(() => bench.stop());

interface Checked {
  name: string;
  ok: boolean;
  optional?: boolean;
  says: string;
  fix?: string;
  topic: string;
  help: string;
}

const page = 'https://github.com/runwatch/runwatch/blob/main/docs/doctor.md';

/** Runs the built `runwatch doctor`, with the simulated tenant's CA. */
async function run(args: string[], changes: Record<string, string> = {}) {
  const program = spawn(process.execPath, [join(__dirname, '../../dist/cli.js'), 'doctor', ...args], {
    env: { PATH: process.env.PATH, ...bench.env, ...changes },
  });
  let out = '';
  program.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const code = await new Promise<number | null>((done) => program.on('close', done));
  return { code, lines: out.trim().split('\n') };
}

async function doctor(
  changes: Record<string, string> = {},
): Promise<{ code: number | null; checks: Checked[] }> {
  const { code, lines } = await run(['--json'], changes);
  return { code, checks: lines.map((line) => JSON.parse(line)) };
}

test('a correct setup passes every required check', async () => {
  const { code, checks } = await doctor();
  const failed = checks.filter(({ ok, optional }) => !ok && !optional);
  expect(failed).toEqual([]);
  expect(code).toBe(0);
  const names = checks.map(({ name }) => name);
  expect(names).toEqual(
    expect.arrayContaining([
      `reach ${bench.tenant.endpoint}`,
      'azure credential',
      'slack token',
      'slack channel',
      'redis version',
      'redis persistence',
      'redis eviction',
      'clock',
    ]),
  );
});

test('each problem is reported with a fix', async () => {
  const policy = join(bench.env.RUNWATCH_DATA_DIR as string, 'policy.yaml');
  writeFileSync(policy, 'audit: {webhook: http://127.0.0.1:1/audit}');
  const { code, checks } = await doctor({
    RUNWATCH_CONFIG: policy,
    AZURE_ACCESS_TOKEN: 'wrong',
    SLACK_BOT_TOKEN: 'xoxb-wrong',
    TEAMS_APP_ID: 'a0b1c2d3-0000-4000-8000-000000000001',
    TEAMS_APP_PASSWORD: 'wrong',
    TEAMS_TENANT_ID: '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310',
  });
  expect(code).toBe(1);
  const named = (name: string) => checks.find((check) => check.name === name);
  expect(named('azure credential')).toMatchObject({
    ok: false,
    says: expect.stringContaining('AZURE_ACCESS_TOKEN'),
  });
  expect(named('slack token')).toMatchObject({ ok: false, fix: expect.stringContaining('SLACK_BOT_TOKEN') });
  expect(named('teams app')).toMatchObject({
    ok: false,
    fix: expect.stringContaining('az ad app credential reset'),
  });
  expect(named('reach http://127.0.0.1:1')).toMatchObject({ ok: false });
  for (const { topic, help } of checks) expect(help).toBe(`${page}#${topic}`);
  for (const { name, ok, fix } of checks) if (!ok) expect([name, fix || 'nothing']).not.toContain('nothing');
}, 60_000);

test('each kind of problem is printed with the address of its section, once', async () => {
  const { code, lines } = await run([], { SLACK_BOT_TOKEN: 'xoxb-wrong', REDIS_URL: 'redis://127.0.0.1:1' });
  expect(code).toBe(1);
  const printed = lines.filter((line) => line.includes(page)).map((line) => line.trim());
  expect(printed).toEqual(expect.arrayContaining([`${page}#slack-token`, `${page}#redis`]));
  expect(new Set(printed).size).toBe(printed.length);
  const slack = lines.findIndex((line) => line.startsWith('FAIL  slack token:'));
  expect(lines.slice(slack + 1, slack + 3)).toEqual([
    expect.stringContaining('SLACK_BOT_TOKEN'),
    `      ${page}#slack-token`,
  ]);
});
