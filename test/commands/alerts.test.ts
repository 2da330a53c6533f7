import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { type AlertsFlags, listAlerts } from '../../src/commands/alerts';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { loadConfig } from '../../src/load-config';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
const day = 86_400_000;
const evil = '=HYPERLINK("http://evil.example")';

const put = (id: string, daysAgo: number, more: Partial<Alert> = {}, caller = 'dana@contoso.example') => {
  const from = { id: null, name: caller, upn: null, type: 'User' as const, ip: '203.0.113.24', appId: null };
  const raisedAt = new Date(Date.now() - daysAgo * day).toISOString();
  const alert = newAlert(id, [executionFrom(event({ caller: from })) as Execution], raisedAt);
  return own.store.alerts.update(id, () => ({ alert: { ...alert, ready: true, ...more } }));
};

beforeAll(async () => {
  own = await startStore();
  await put('RW-1', 1, { severity: 'critical', score: 95 });
  await put('RW-2', 20, { state: 'closed', closedAs: 'benign' }, evil);
  for (let n = 0; n < 60; n++)
    await put(`RW-OLD-${n}`, 300 + n / 100, { state: 'closed', verdict: 'suppressed' });
});
afterAll(() => own.stop());

const run = async (text: string[], flags: AlertsFlags) => {
  const out: string[] = [];
  const err: string[] = [];
  const output = { out: (line: string) => out.push(line), err: (line: string) => err.push(line) };
  const config = loadConfig({ RUNWATCH_DATA_DIR: own.dir, RUNWATCH_PUBLIC_URL: 'https://runwatch.example' });
  await listAlerts(text, flags, config, { ...output, interactive: false, color: false });
  return { out, err };
};

test('open alerts are listed with caller, machine and technique', async () => {
  const { out, err } = await run([], { state: ['open'] });
  expect(out[1]).toMatch(/critical 95 +new +RW-1 +dana@contoso.example +vm-1 +Run command/);
  expect(out).toHaveLength(2);
  expect(err).toEqual(['1 alert']);
});

test('old alerts are found by text, and the table says how many more there are', async () => {
  const { out, err } = await run(['vm-1', 'dana'], { until: new Date(Date.now() - 100 * day).toISOString() });
  expect(out).toHaveLength(51);
  expect(err).toEqual(['50 of 60 alerts; --limit shows more']);
});

test('an export has every alert, with its link', async () => {
  const { out } = await run([], { json: true });
  expect(out).toHaveLength(62);
  expect(JSON.parse(out[0] ?? '')).toMatchObject({
    id: 'RW-1',
    severity: 'critical',
    link: 'https://runwatch.example/console/alerts/RW-1',
  });
  expect((await run([], { csv: true })).out).toHaveLength(63);
  expect((await run([], { csv: true, limit: 5 })).out).toHaveLength(6);
});

test('CSV cells that a spreadsheet would run as formulas are escaped', async () => {
  const { out } = await run([], {
    csv: true,
    state: ['closed'],
    since: new Date(Date.now() - 30 * day).toISOString(),
  });
  expect(out[0]).toContain('"id","raisedAt","severity"');
  expect(out[1]).toContain(`"'=HYPERLINK(""http://evil.example"")"`);
});

test('no match says so', async () => {
  expect(await run(['nobody'], {})).toEqual({ out: [], err: ['no alerts match'] });
});

test('the command parses its options and refuses others', () => {
  const cli = (...args: string[]) =>
    spawnSync(process.execPath, [join(__dirname, '../../dist/cli.js'), 'alerts', ...args], {
      encoding: 'utf8',
      env: { PATH: process.env.PATH, RUNWATCH_DATA_DIR: own.dir },
    });
  const { status, stdout } = cli('--severity', 'critical', 'high', '--since', '7d', '--json');
  expect([status, stdout.trim().split('\n').length]).toEqual([0, 1]);
  for (const args of [
    ['--state', 'gone'],
    ['--since', 'someday'],
    ['--limit', '0'],
    ['--csv', '--json'],
  ])
    expect([args, cli(...args).status]).toEqual([args, 2]);
});
