import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { runCommand } from '../../src/demo/scenarios';
import { firstBrokenLink } from '../../src/domain/audit/audit-chain';
import { createQueues } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { connect } from '../../src/store/redis/connect';
import { createStore } from '../../src/store/store';
import { textOf } from '../support/alerts';
import { type Bench, setUp } from '../support/bot';
import { killRedis, pidOfRedis } from '../support/kill-redis';
import { startProxy, type TcpProxy } from '../support/proxy';
import { type SimulatedTeams, startTeams } from '../support/teams';
import { until } from '../support/wait';

/**
 * Injects random faults from a printed seed, while executions are logged and buttons are pressed. At the end
 * each execution has one message in its final state, each press one effect, and the audit log is intact.
 * FAULTS_SEED repeats a run; FAULTS_ROUNDS makes it longer.
 */
const seed = Number(process.env.FAULTS_SEED ?? Date.now() % 1_000_000);
const rounds = Number(process.env.FAULTS_ROUNDS ?? 16);
/** Every second pair of seeds also uses Teams. Even seeds press over HTTP, odd ones over Socket Mode. */
const withTeams = seed % 4 >= 2;
/** Executions per round; Teams shows at most two messages per second. */
const perRound = withTeams ? 3 : 8;
/** Operations per round that run no command; each is three events. */
const noise = 30;

let state = seed;
const random = () => {
  state = (state * 1664525 + 1013904223) % 4294967296;
  return state / 4294967296;
};
const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;

const mode = seed % 2 === 0 ? 'http' : 'socket';
const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));

/** Unpacks to 300 MB of spaces. */
const bomb = gzipSync(Buffer.alloc(300 * 1024 * 1024, 32));

let bench: Bench;
let teams: SimulatedTeams;
let proxies: Record<'redis' | 'slack' | 'arm' | 'teams', TcpProxy>;
let port: number;
const cli = join(__dirname, '../../dist/cli.js');
const roles = ['poll,enrich', 'deliver', 'respond,serve'] as const;
/** Unexpected process exits. */
const unexpectedExits: string[] = [];
let stopping = false;
/** A killed deliverer may leave a duplicate card, because Teams can't be asked what it accepted. */
let deliverersKilled = 0;
const processes = new Map<(typeof roles)[number], ChildProcess>();

beforeAll(async () => {
  process.stdout.write(`faults: seed ${seed}, ${rounds} rounds\n`);
  bench = await setUp({ mode });
  teams = await startTeams();
  const at = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
  proxies = {
    redis: await startProxy(() => ({ path: (bench.redis.address as { socket: string }).socket })),
    slack: await startProxy(() => at(bench.slack.apiUrl)),
    arm: await startProxy(() => at(bench.tenant.endpoint)),
    teams: await startProxy(() => at(teams.address)),
  };
  teams.setServiceUrl(`http://127.0.0.1:${proxies.teams.port}`);
  if (withTeams) bench.env.TEAMS_LOCAL = '1';
  const probe = createServer();
  await new Promise<void>((done) => probe.listen(0, '127.0.0.1', done));
  port = (probe.address() as { port: number }).port;
  await new Promise((done) => probe.close(done));
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz', email: 'sam@contoso.example' });
  for (const role of roles) start(role);
  await serves();
  if (withTeams) await teams.install(`http://127.0.0.1:${port}`);
});
afterAll(async () => {
  stopping = true;
  for (const child of processes.values()) child.kill('SIGKILL');
  for (const proxy of Object.values(proxies)) await proxy.stop();
  await teams.stop();
  await bench.stop();
});

function start(role: (typeof roles)[number]): void {
  const { PATH = '' } = process.env;
  const child = spawn(process.execPath, [cli, 'start', '--roles', role], {
    env: {
      PATH,
      ...bench.env,
      RUNWATCH_PORT: String(port),
      NODE_OPTIONS: `--require ${join(__dirname, '../support/jumping-clock.cjs')}`,
      REDIS_URL: `redis://127.0.0.1:${proxies.redis.port}`,
      RUNWATCH_SECRET: 'qb1mWQ0e6ys5aTz3jWcR7uKxv9N2dLhP',
      SLACK_API_URL: `http://127.0.0.1:${proxies.slack.port}/api/`,
      AZURE_RESOURCE_MANAGER_ENDPOINT: `https://127.0.0.1:${proxies.arm.port}`,
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let last = '';
  child.stderr.on('data', (chunk) => {
    last = (last + chunk).slice(-2000);
  });
  processes.set(role, child);
  // Restarts the process, as docker, systemd and Kubernetes do.
  child.once('exit', (_, signal) => {
    if (stopping || processes.get(role) !== child) return;
    // A process that is still starting does not handle SIGUSR2 yet, so the signal ends it.
    if (signal !== 'SIGUSR2') unexpectedExits.push(`${role}: ${last}`);
    start(role);
  });
}
const answers = (path: string) =>
  fetch(`http://127.0.0.1:${port}${path}`).then(
    (answer) => answer.ok,
    () => false,
  );
const serves = () =>
  until(
    `the server (seed ${seed})`,
    async () => (await answers('/healthz')) && (mode === 'http' || bench.slack.connected()),
    60,
  );

async function kill(role: (typeof roles)[number], signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const child = processes.get(role) as ChildProcess;
  const gone = new Promise((done) => child.once('exit', done));
  processes.delete(role);
  child.kill(signal);
  await gone;
  start(role);
  if (role === 'respond,serve') await serves();
}

const redisPid = () => pidOfRedis(bench.redis.address);

/** Each round injects one of these faults. */
const faults: Record<string, () => unknown> = {
  'kill the poller': () => kill('poll,enrich'),
  'kill the deliverer': () => {
    deliverersKilled++;
    return kill('deliver');
  },
  'kill the responder': () => kill('respond,serve'),
  'rolling restart': async () => {
    for (const role of roles) await kill(role, 'SIGTERM');
  },
  'the poller’s clock jumps': () => processes.get('poll,enrich')?.kill('SIGUSR2'),
  'the deliverer’s clock jumps': () => processes.get('deliver')?.kill('SIGUSR2'),
  'the responder’s clock jumps': () => processes.get('respond,serve')?.kill('SIGUSR2'),
  'Redis is full': async () => {
    const redis = connect(bench.redis.address);
    await redis.config('SET', 'maxmemory', '1');
    await pause(1500);
    await redis.config('SET', 'maxmemory', '0');
    redis.disconnect();
  },
  'the connection to Redis is cut': () => proxies.redis.cut(700),
  'nothing comes back from Redis': () => proxies.redis.lose('down', 1500),
  'nothing gets to Redis': () => proxies.redis.lose('up', 1500),
  'nothing comes back from Slack': () => proxies.slack.lose('down', 1500),
  'nothing gets to Slack': () => proxies.slack.lose('up', 1500),
  'Teams throttles': () => teams.fail(3, 429),
  'Teams fails': () => teams.fail(3, 500),
  'nothing gets to Teams': () => proxies.teams.lose('up', 1500),
  'the connection to ARM is cut': () => proxies.arm.cut(700),
  'nothing comes back from ARM': () => proxies.arm.lose('down', 1500),
  'the socket is refreshed': () => bench.slack.refreshSocket(),
  'the socket is cut': () => bench.slack.cutSocket(),
  'Redis killed and started again': async () => {
    await killRedis(bench.redis.address);
    await redisPid();
  },
  'Redis paused': async () => {
    const pid = await redisPid();
    process.kill(pid, 'SIGSTOP');
    await pause(2000);
    process.kill(pid, 'SIGCONT');
  },
  'Slack throttles': () =>
    bench.slack.add({ method: 'chat.postMessage', times: 3, status: 429, retryAfter: 1 }),
  'Slack fails': () =>
    bench.slack.add({ method: pick(['chat.postMessage', 'chat.update']), times: 3, status: 500 }),
  'Slack’s response is lost': () => bench.slack.add({ method: 'chat.postMessage', times: 2, after: true }),
  'Slack disconnects': () => bench.slack.add({ method: 'chat.postMessage', times: 2, cut: true }),
  'ARM throttles': () => bench.tenant.faults.add({ when: /^GET /, status: 429, retryAfter: 1, times: 4 }),
  'ARM fails': () => bench.tenant.faults.add({ when: /^GET /, status: pick([500, 503]), times: 6 }),
  'ARM’s token has expired': () => bench.tenant.faults.add({ when: /^GET /, status: 401, times: 2 }),
  'ARM’s response is cut': () =>
    bench.tenant.faults.add({
      when: /^GET .*eventtypes/,
      status: 200,
      body: '{"value":[{"eventDa',
      times: 2,
    }),
  'ARM disconnects': () => bench.tenant.faults.add({ when: /^GET /, status: 500, cut: true, times: 3 }),
  'ARM never answers': () =>
    bench.tenant.faults.add({ when: /^GET .*eventtypes/, status: 200, play: () => {}, times: 1 }),
  'ARM answers with a sign-in page': () =>
    bench.tenant.faults.add({
      when: /^GET /,
      status: 200,
      body: '<html>Sign in</html>',
      headers: { 'content-type': 'text/html' },
      times: 4,
    }),
  'ARM answers with a gzip bomb': () =>
    bench.tenant.faults.add({
      when: /^GET .*eventtypes/,
      status: 200,
      times: 2,
      play: (response) =>
        void response
          .writeHead(200, { 'content-type': 'application/json', 'content-encoding': 'gzip' })
          .end(bomb),
    }),
  'ARM redirects elsewhere': () =>
    bench.tenant.faults.add({
      when: /^GET /,
      status: 307,
      body: '',
      headers: { location: 'https://evil.example/' },
      times: 2,
    }),
  'ARM’s pages come twice': () =>
    bench.tenant.faults.add({
      when: /^GET .*eventtypes/,
      status: 200,
      times: 6,
      play: (response, request) => {
        response.writeHead(200, { 'content-type': 'application/json' });
        response.end(
          JSON.stringify({
            value: [],
            nextLink: `${bench.tenant.endpoint}${request.path}?api-version=2015-04-01`,
          }),
        );
      },
    }),
  'ARM’s clock is an hour behind': () =>
    bench.tenant.faults.add({
      when: /^GET .*eventtypes/,
      status: 503,
      times: 2,
      play: (response) =>
        void response.writeHead(503, { date: new Date(Date.now() - 3_600_000).toUTCString() }).end(),
    }),
};

/** Logs executions by distinct callers, so none form a burst. Some records are late, repeated or reversed. */
function logSome(round: number): void {
  const { vms, people } = bench.world;
  const machines = [vms.pay01, vms.pay02, ...vms.web];
  for (let i = 0; i < noise; i++)
    bench.tenant.log({
      name: 'Microsoft.Compute/virtualMachines/write',
      resourceId: pick(machines),
      caller: people.patchBot,
      at: Date.now() - 20_000,
      tookMs: 1000,
    });
  for (let i = 0; i < perRound; i++) {
    const number = round * perRound + i;
    const records = bench.tenant.log({
      name: runCommand,
      resourceId: pick(machines),
      caller: {
        ...people.kim,
        id: `${String(number).padStart(8, '0')}-0000-4000-8000-000000000000`,
        login: `user${number}@contoso.example`,
      },
      at: Date.now() - 30_000,
      tookMs: 5000,
    });
    const log = bench.tenant.state.log;
    const entries = log.splice(-records.length);
    if (random() < 0.3) entries.reverse();
    if (random() < 0.3) entries.push(...entries.map((entry) => ({ ...entry })));
    for (const entry of entries) log.push({ ...entry, visibleAt: Date.now() + Math.floor(random() * 3000) });
  }
}

test('despite any fault, each execution ends as one message and each press has one effect', async () => {
  const pressed = new Set<string>();
  const injected: string[] = [];
  for (let round = 0; round < rounds; round++) {
    logSome(round);
    const name = pick(Object.keys(faults));
    injected.push(name);
    await faults[name]?.();
    const open = bench.slack
      .alerts()
      .filter((m) => !pressed.has(m.metadata?.event_payload.alert_id as string));
    if (open.length > 0) {
      const message = pick(open);
      const to = mode === 'http' ? { url: `http://127.0.0.1:${port}` } : 'socket';
      const answer = await bench.slack.press(message, 'acknowledge', 'U0SAM0000', to).catch(() => null);
      if (answer?.status === 200) pressed.add(message.metadata?.event_payload.alert_id as string);
    }
    const wanted = Math.floor(random() * (round + 1) * perRound * 0.8);
    await until(
      `message ${wanted} (seed ${seed}; ${injected.join(', ')})`,
      async () => {
        const posted = bench.slack.alerts().length;
        if (posted >= wanted) return true;
        throw new Error(`${posted} of ${(round + 1) * perRound}; ${await pipelineState()}`);
      },
      // A request without a response times out after a minute.
      120,
    );
  }
  bench.slack.clear();
  bench.tenant.faults.clear();
  teams.fail(0, 500);
  const all = rounds * perRound;
  const callers = Array.from({ length: all }, (_, i) => `user${i}@contoso.example `);
  const store = createStore(bench.redis.address, []);
  await until(
    `every message in its final state (seed ${seed}; ${injected.join(', ')})`,
    async () => {
      const texts = bench.slack.alerts().map(textOf);
      const missing = callers.filter(
        (caller) => !texts.some((text) => text.includes(caller.trim()) && text.includes('Succeeded')),
      );
      const waiting = bench.slack
        .alerts()
        .filter((m) => pressed.has(m.metadata?.event_payload.alert_id as string))
        .filter((m) => !textOf(m).includes('Acknowledged by *Sam Ortiz*'));
      if (missing.length + waiting.length === 0) return true;
      throw new Error(
        `missing ${missing.slice(0, 5)} (${missing.length}), unacknowledged ${waiting.length}, of ${texts.length}; ${await pipelineState()}`,
      );
    },
    Number(process.env.FAULTS_PATIENCE ?? 120),
  );
  expect({ seed, unexpectedExits }).toEqual({ seed, unexpectedExits: [] });
  if (withTeams) await expectCards(all, injected);
  const ids = bench.slack.alerts().map((m) => m.metadata?.event_payload.alert_id);
  expect({ seed, messages: ids.length, alerts: new Set(ids).size }).toEqual({
    seed,
    messages: all,
    alerts: all,
  });
  const entries = await store.audit.read({ limit: 1_000_000 });
  expect({ seed, broken: firstBrokenLink(entries) }).toEqual({ seed, broken: null });
  const done = entries.filter((entry) => entry.action === 'acknowledge' && entry.result === 'done');
  expect(new Set(done.map((entry) => entry.alertId)).size).toBe(done.length);
  for (const id of pressed) expect(done.map((entry) => entry.alertId)).toContain(id);
  await store.close();
}, 480_000);

/** Each execution has one card in its final state. Only a killed deliverer may leave a duplicate. */
async function expectCards(all: number, injected: readonly string[]): Promise<void> {
  const callers = Array.from({ length: all }, (_, i) => `user${i}@contoso.example `);
  await until(
    `every card in its final state (seed ${seed}; ${injected.join(', ')})`,
    async () => {
      const texts = teams.cards().map(({ card }) => JSON.stringify(card));
      const missing = callers.filter(
        (caller) => !texts.some((text) => text.includes(caller.trim()) && text.includes('Succeeded')),
      );
      if (missing.length === 0) return true;
      throw new Error(
        `missing ${missing.slice(0, 5)} (${missing.length}) of ${texts.length}; ${await pipelineState()}`,
      );
    },
    Number(process.env.FAULTS_PATIENCE ?? 120),
  );
  expect({ seed, said: teams.texts() }).toEqual({ seed, said: [] });
  const copies = teams.cards().length - all;
  expect({ seed, copies: copies <= deliverersKilled ? 0 : copies }).toEqual({ seed, copies: 0 });
}

/** The state of polling and the queues, for failure messages. */
async function pipelineState(): Promise<string> {
  const queues = createQueues(bench.redis.address, createLog('silent'));
  const store = createStore(bench.redis.address, []);
  const schedulers = await queues.poll.getJobSchedulers();
  const text = JSON.stringify({
    depths: await queues.depths(),
    subscriptions: await store.polls.subscriptions(),
    schedulers,
  });
  await queues.close();
  await store.close();
  return text;
}
