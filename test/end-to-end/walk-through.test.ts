import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { assign, roleIds, subscriptions } from '../../src/demo/world';
import { alertOn, textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { bash, commandsOf, copyClone, haveEnded, packInto, writeShims } from '../support/docs';
import { freePort } from '../support/free-port';
import { startCollector } from '../support/otlp';
import { until } from '../support/wait';

const root = join(__dirname, '../..');
/** The reader and their colleague, as docs/start.md names them. */
const you = { email: 'you@contoso.example', token: 'reader-token' };
const sam = { id: 'U0SAM0000', email: 'sam@contoso.example' };

const nic = 'Network/networkInterfaces/vm-test-01-nic0';

interface Running {
  pids: number[];
  processes: { name: string; role: string; url: string }[];
}

let dir: string;
let bench: Bench;
let collector: Awaited<ReturnType<typeof startCollector>>;
let prometheus: ChildProcess | null = null;
/** Stands for the containers' file system. */
const containers = () => join(dir, 'containers');
const running = (): Running => JSON.parse(readFileSync(join(containers(), 'state.json'), 'utf8'));

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), 'runwatch-walk-'));
  bench = await setUp({ mode: 'socket' });
  collector = await startCollector();
  const { tenant, slack } = bench;
  const person = tenant.directory.add({
    id: '11aa22bb-0000-4000-8000-000000000009',
    kind: 'User',
    name: 'You',
    login: you.email,
    enabled: true,
  });
  tenant.state.tokens.set(you.token, person.id);
  const scope = `/subscriptions/${subscriptions.sandbox}`;
  assign(tenant, scope, roleIds.vmContributor, person.id, 'User', '4f0a9b1c-2d3e-4f50-6172-8394a5b6c7ee');
  slack.users.set(sam.id, { name: 'sam', email: sam.email });
});
afterEach(async () => {
  if (prometheus?.exitCode === null) {
    prometheus.kill('SIGKILL');
    await once(prometheus, 'exit');
  }
  if (existsSync(join(containers(), 'state.json'))) await stopContainers();
  await collector.stop();
  await bench.stop();
  rmSync(dir, { recursive: true, force: true });
});

async function stopContainers(): Promise<void> {
  const [redis, ...bots] = running().pids;
  for (const group of [bots, [redis as number]]) {
    for (const pid of group.filter((one) => !haveEnded([one]))) process.kill(-pid, 'SIGTERM');
    await until('the end of the processes', () => haveEnded(group));
  }
}

/** Runs docs/start.md in `folder`. */
async function walk(script: string, folder: string, cli: string): Promise<void> {
  const { AZURE_ACCESS_TOKEN: token = '', RUNWATCH_DATA_DIR: _, ...env } = bench.env;
  const { NODE_EXTRA_CA_CERTS, AZURE_RESOURCE_MANAGER_ENDPOINT, SLACK_API_URL = '' } = bench.env;
  await bash(script, folder, {
    ...env,
    PATH: `${writeShims(dir)}:${process.env.PATH}`,
    HOME: process.env.HOME ?? dir,
    RUNWATCH_PORT: String(await freePort()),
    SHIM_ACTIVITY: join(root, 'test/fixtures/activity-log/az-monitor-activity-log-list.json'),
    SHIM_ARM: bench.tenant.endpoint,
    SHIM_CLI: join(folder, cli),
    SHIM_COMPOSE: containers(),
    // What the simulated tenant and Slack need, beside what docs/start.md sets.
    SHIM_CONTAINER: JSON.stringify({
      NODE_EXTRA_CA_CERTS,
      AZURE_RESOURCE_MANAGER_ENDPOINT,
      AZURE_ACCESS_TOKEN: token,
      SLACK_API_URL,
      RUNWATCH_SLACK_RATE: '1000',
      RUNWATCH_POLL_SECONDS: '1',
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_BSP_SCHEDULE_DELAY: '500',
    }),
    SHIM_LOG: join(dir, 'shims.log'),
    SHIM_PACKAGE: cli.startsWith('node_modules') ? packInto(dir) : '',
    SHIM_PATH: process.env.PATH ?? '',
    SHIM_PERSON: you.token,
    SHIM_TOKEN: token,
  });
}

/** The lines of docs/start.md that differ with the package, from its table. */
function withPackage(script: string): string {
  const table = readFileSync(join(root, 'docs/start.md'), 'utf8').matchAll(
    /^\| `(.+?)` +\| (?:`(.+?)`)? +\|$/gm,
  );
  const rows = [...table];
  expect(rows).toHaveLength(5);
  return rows.reduce((text, [, inClone = '', instead = '']) => {
    expect(text).toContain(`${inClone}\n`);
    return text.replace(inClone, () => instead);
  }, script);
}

/** A real Prometheus that reads all processes and evaluates the rules of deploy/monitoring. */
async function startPrometheus(): Promise<(expr: string) => Promise<number>> {
  const port = await freePort();
  const file = join(dir, 'prometheus.yaml');
  const targets = running().processes.map(({ url }) => new URL(url).host);
  const settings = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(root, 'deploy/monitoring/runwatch-rules.yaml')],
    scrape_configs: [{ job_name: 'runwatch', static_configs: [{ targets }] }],
  };
  writeFileSync(file, stringify(settings));
  const args = [`--config.file=${file}`, `--web.listen-address=127.0.0.1:${port}`];
  prometheus = spawn('prometheus', [...args, `--storage.tsdb.path=${join(dir, 'metrics')}`], {
    stdio: 'ignore',
  });
  return async (expr) => {
    const query = new URLSearchParams({ query: expr });
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/query?${query}`);
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return Number(data.result[0]?.value[1] ?? Number.NaN);
  };
}

/** The alert's page, read with the token that docs/start.md created. */
async function pageOf(alertId: string, folder: string): Promise<string> {
  const url = running().processes.find(({ role }) => role === 'serve')?.url;
  const token = readFileSync(join(folder, 'secrets/console-token'), 'utf8').trim();
  const signedIn = await fetch(`${url}/console/sign-in`, {
    method: 'POST',
    redirect: 'manual',
    body: new URLSearchParams({ token, next: '/console' }),
  });
  const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? '';
  return (
    await fetch(`${url}/console/alerts/${alertId}`, { headers: { cookie, accept: 'text/html' } })
  ).text();
}

/** The names of the spans in each trace with a step on this alert. Its later events have traces of their own. */
const tracesOf = (step: string, alertId: string): string[][] =>
  collector.spans
    .filter(({ name, attributes }) => name === step && attributes['runwatch.alert.id'] === alertId)
    .map(({ traceId }) => collector.spans.filter((span) => span.traceId === traceId).map(({ name }) => name));

test.each([
  ['a clone', 'runwatch', 'dist/cli.js', (script: string) => script],
  ['the npm package in an empty folder', 'empty', 'node_modules/runwatch/dist/cli.js', withPackage],
])(
  'docs/start.md leads from %s to an alert, a press, a metric and a trace',
  async (way, name, cli, change) => {
    const startMs = Date.now();
    const folder = join(dir, name);
    if (name === 'empty') mkdirSync(folder);
    else copyClone(dir);
    await walk(change(commandsOf('docs/start.md')), folder, cli);
    const query = await startPrometheus();

    const message = await alertOn(bench, 'vm-test-01');
    const alertId = message.metadata?.event_payload.alert_id as string;
    const latest = () => bench.slack.messageOf(alertId) ?? message;
    expect(textOf(message)).toContain(you.email);
    expect(textOf(message)).toContain('Virtual Machine Contributor');

    await bench.slack.press(message, 'acknowledge', sam.id, 'socket');
    await until('the acknowledgement', () => textOf(latest()).includes('Acknowledged'));
    await until('it in the console', async () =>
      (await pageOf(alertId, folder)).includes('Acknowledged by <strong>sam</strong>'),
    );
    await bench.slack.press(latest(), 'isolate', sam.id, 'socket');
    await until('the isolation', () => textOf(latest()).includes('Isolated:'));
    const network = bench.tenant.resources.get(bench.world.vms.test01.replace(/Compute.*/, nic)).properties;
    expect(JSON.stringify(network.networkSecurityGroup)).toMatch(/runwatch/i);

    await until('every process in Prometheus', async () => (await query('sum(up)')) === 10);
    await until(
      'a recording rule',
      async () => (await query('count(job:runwatch_event_to_message_seconds:p95_1h)')) > 0,
    );
    await until('the alert as a metric', async () => (await query('sum(runwatch_alerts_total)')) === 1);

    await until('the trace from the event to the message', () =>
      tracesOf('raise', alertId).some((names) => names.includes('poll') && names.includes('post')),
    );
    await until('the trace of the press', () => tracesOf('press', alertId).length > 0);
    process.stderr.write(`${way}: ${((Date.now() - startMs) / 1000).toFixed(0)} s\n`);
  },
  300_000,
);
