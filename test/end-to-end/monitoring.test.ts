import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { createMetrics } from '../../src/runtime/metrics';
import { runOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { freePort } from '../support/free-port';
import { until } from '../support/wait';

const folder = join(__dirname, '../../deploy/monitoring');
const read = (file: string) => readFileSync(join(folder, file), 'utf8');
const rulesFile = join(folder, 'runwatch-rules.yaml');

interface Rule {
  alert?: string;
  record?: string;
  expr: string;
  annotations?: Record<string, string>;
}
const rules: Rule[] = parse(read('runwatch-rules.yaml')).groups.flatMap(
  (group: { rules: Rule[] }) => group.rules,
);
const alerts = rules.flatMap(({ alert }) => alert ?? []);

interface Panel {
  title: string;
  targets?: { expr: string }[];
}
const dashboard = JSON.parse(read('runwatch-dashboard.json'));
const queries: { panel: string; expr: string }[] = dashboard.panels.flatMap(
  ({ title, targets = [] }: Panel) => targets.map(({ expr }) => ({ panel: title, expr })),
);
const docs = readFileSync(join(__dirname, '../../docs/operations.md'), 'utf8');

/** These have series only after something went wrong, or with settings that the bot of this test lacks. */
const notHere = [
  'runwatch_audit_copy_lag_entries',
  'runwatch_event_hub_lag_seconds',
  'runwatch_webhook',
  'runwatch_sentinel_rows_total',
  'runwatch_callbacks_total',
  'runwatch_throttled_total',
  'runwatch_troubles{',
  'runwatch_subscription_poll_error',
  'runwatch_credential_expiry_timestamp_seconds',
  'runwatch_alerts_past_target',
  'runwatch_time_to_close_seconds',
  'runwatch_api_errors',
  'status=~"0|5..',
];
const needsFaults = (expr: string) =>
  notHere.some((name) => expr.includes(name)) && !expr.includes('vector(0)');

/** As Grafana fills in the variables. */
const filledIn = (expr: string) => expr.replaceAll('$job', '.*').replaceAll('$__rate_interval', '1m');

test('promtool accepts the rules, and every alert fires when it should and not before', () => {
  execFileSync('promtool', ['check', 'rules', rulesFile], { stdio: 'pipe' });
  execFileSync('promtool', ['test', 'rules', join(folder, 'runwatch-rules.test.yaml')], { stdio: 'pipe' });
  const tests = read('runwatch-rules.test.yaml');
  for (const alert of alerts) {
    expect(tests).toMatch(new RegExp(`alertname: ${alert}\\b`));
    expect(docs).toContain(`| \`${alert}\``);
  }
  for (const { annotations, alert } of rules)
    if (alert) expect(annotations?.runbook_url).toMatch(/docs\/operations\.md#prometheus-alerts$/);
  expect(docs).toContain('### Prometheus alerts');
});

test('the rules and the dashboard use metrics and recordings that exist, and every metric of ours is shown', async () => {
  const ours = (await createMetrics().registry.getMetricsAsJSON()).map(({ name }) => name);
  const recorded = rules.flatMap(({ record }) => record ?? []);
  const used = [...queries, ...rules].flatMap(({ expr }) => expr.match(/[\w:]*runwatch_[\w:]*/g) ?? []);
  const plain = used.map((name) => name.replace(/_bucket$/, ''));
  for (const name of plain) expect([...ours, ...recorded]).toContain(name);
  for (const name of ours.filter((one) => one.startsWith('runwatch_'))) expect(plain).toContain(name);
  const inDashboard = queries.map(({ expr }) => expr).join('\n');
  for (const name of recorded) expect(inDashboard + rules.map(({ expr }) => expr).join('\n')).toContain(name);
});

describe('a Prometheus that reads a running bot', () => {
  let bench: Bench;
  let prometheus: ChildProcess;
  let url: string;
  const directory = mkdtempSync(join(tmpdir(), 'runwatch-prometheus-'));

  const query = async (expr: string) => {
    const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query: expr })}`);
    return (await answer.json()) as { status: string; error?: string; data?: { result: unknown[] } };
  };

  beforeAll(async () => {
    bench = await setUp({ mode: 'http' });
    const app = await bench.start();
    runOn(bench, bench.world.vms.pay01);
    const port = await freePort();
    url = `http://127.0.0.1:${port}`;
    const file = join(directory, 'prometheus.yaml');
    writeFileSync(
      file,
      stringify({
        global: { scrape_interval: '1s', evaluation_interval: '1s' },
        rule_files: [rulesFile],
        scrape_configs: [
          { job_name: 'runwatch', static_configs: [{ targets: [new URL(app.healthUrl).host] }] },
        ],
      }),
    );
    const data = `--storage.tsdb.path=${join(directory, 'data')}`;
    prometheus = spawn(
      'prometheus',
      [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`, data],
      {
        stdio: 'ignore',
      },
    );
    const message = await until('the alert', () => bench.slack.alerts()[0]);
    const to = { url: app.url as string };
    await bench.slack.press(message, 'acknowledge', 'U0SAM0000', to);
    await until('acknowledged', () => textOf(bench.slack.alerts()[0]).includes('Acknowledged'));
    await bench.slack.press(bench.slack.alerts()[0] ?? message, 'isolate', 'U0SAM0000', to);
    await until('isolated', () => textOf(bench.slack.alerts()[0]).includes('Isolated:'));
  });
  afterAll(async () => {
    if (prometheus?.exitCode === null) {
      prometheus.kill('SIGKILL');
      await once(prometheus, 'exit');
    }
    await bench?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  test.each(queries.map(({ panel, expr }) => [panel, expr]))('dashboard, %s: %s', async (_, expr) => {
    const parsed = await until('Prometheus', () => query(filledIn(expr)).catch(() => null));
    expect([parsed.status, parsed.error]).toEqual(['success', undefined]);
    if (needsFaults(expr)) return;
    await until(
      `data for ${expr}`,
      async () => {
        const { data } = await query(filledIn(expr));
        return (data?.result ?? []).length > 0;
      },
      20,
    );
  });

  test('every rule is evaluated without an error, and no alert fires for a healthy bot', async () => {
    interface Evaluated {
      name: string;
      health: string;
      lastError?: string;
      state?: string;
    }
    const evaluated = await until('an evaluation of every rule', async () => {
      const answer = await fetch(`${url}/api/v1/rules`);
      const { data } = (await answer.json()) as { data: { groups: { rules: Evaluated[] }[] } };
      const all = data.groups.flatMap((group) => group.rules);
      return all.every(({ health }) => health !== 'unknown') ? all : null;
    });
    expect(evaluated).toHaveLength(rules.length);
    expect(
      evaluated.filter(({ health }) => health !== 'ok').map(({ name, lastError }) => [name, lastError]),
    ).toEqual([]);
    expect(evaluated.filter(({ state }) => state === 'firing').map(({ name }) => name)).toEqual([]);
  });
});
