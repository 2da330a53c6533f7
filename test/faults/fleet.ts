import { type ChildProcess, spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createQueues } from '../../src/pipeline/queues';
import { createKeyring } from '../../src/runtime/keyring';
import { createLog } from '../../src/runtime/log';
import type { RedisAddress } from '../../src/store/redis/connect';
import { createStore } from '../../src/store/store';
import { setUp } from '../support/bot';
import { freePort } from '../support/free-port';
import { clientId, clientSecret, startIssuer } from '../support/issuer';
import { startProxy, type TcpProxy } from '../support/proxy';
import { createServers } from '../support/redis-servers';
import { startTeams } from '../support/teams';
import { until } from '../support/wait';

const secret = 'qb1mWQ0e6ys5aTz3jWcR7uKxv9N2dLhP';
export const keyring = createKeyring({ current: secret, previous: null });
export const roles = ['poll,enrich', 'deliver', 'respond,serve'] as const;
export type FleetRole = (typeof roles)[number];

export interface FleetOptions {
  mode: 'http' | 'socket';
  withTeams: boolean;
  /** Redis is a master with a replica and three sentinels. */
  withSentinels: boolean;
  /** Sets by how much the clock of this process is ahead, ms. */
  setClock: (ms: number) => void;
}

/**
 * Runwatch as three processes of plain Node, each with its own roles, and everything it talks to: a tenant, Slack,
 * Teams, an OpenID provider and Redis, behind proxies that can fail. A process that ends is started again.
 */
export async function startFleet({ mode, withTeams, withSentinels, setClock }: FleetOptions) {
  const bench = await setUp({ mode });
  const servers = createServers();
  const sentinels = withSentinels ? await servers.sentinels() : null;
  const teams = await startTeams();
  const at = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
  const proxies: Record<'redis' | 'slack' | 'arm' | 'teams', TcpProxy> = {
    redis: await startProxy(() => ({ path: (bench.redis.address as { socket: string }).socket })),
    slack: await startProxy(() => at(bench.slack.apiUrl)),
    arm: await startProxy(() => at(bench.tenant.endpoint)),
    teams: await startProxy(() => at(teams.address)),
  };
  const address: RedisAddress = sentinels ? { url: sentinels.url } : bench.redis.address;
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const issuer = await startIssuer(url, await freePort(), 'localhost');
  issuer.people.set('sam', { name: 'Sam Ito', groups: [] });
  issuer.people.set('lee', { name: 'Lee Okafor', groups: [] });
  bench.slack.users.set('U0SAM0000', { name: 'Sam Ortiz' });
  bench.slack.users.set('U0LEE0000', { name: 'Lee Okafor' });
  teams.setServiceUrl(`http://127.0.0.1:${proxies.teams.port}`);
  const directory = bench.env.RUNWATCH_DATA_DIR as string;
  const policy = join(directory, 'policy.yaml');
  writeFileSync(policy, 'fourEyes: [isolate]\n');
  const env: Record<string, string> = {
    PATH: process.env.PATH ?? '',
    ...bench.env,
    RUNWATCH_PORT: String(port),
    RUNWATCH_PUBLIC_URL: url,
    RUNWATCH_CONFIG: policy,
    RUNWATCH_OIDC_ISSUER: issuer.url,
    RUNWATCH_OIDC_CLIENT_ID: clientId,
    RUNWATCH_OIDC_CLIENT_SECRET: clientSecret,
    RUNWATCH_SECRET: secret,
    REDIS_URL: sentinels?.url ?? `redis://127.0.0.1:${proxies.redis.port}`,
    SLACK_API_URL: `http://127.0.0.1:${proxies.slack.port}/api/`,
    AZURE_RESOURCE_MANAGER_ENDPOINT: `https://127.0.0.1:${proxies.arm.port}`,
    ...(withTeams ? { TEAMS_LOCAL: '1' } : {}),
  };

  const processes = new Map<FleetRole, ChildProcess>();
  /** Unexpected ends, with the last words on standard error. */
  const unexpectedExits: string[] = [];
  let stopping = false;
  let passed = 0;
  const ahead = new Map<FleetRole, number>();
  const clockOf = (role: FleetRole) => join(directory, `clock-${roles.indexOf(role)}`);
  const writeClock = (role: FleetRole) =>
    writeFileSync(clockOf(role), String(passed + (ahead.get(role) ?? 0)));

  function start(role: FleetRole): void {
    writeClock(role);
    const program = [join(__dirname, 'cli-with-clock.cjs'), clockOf(role), 'start', '--roles', role];
    const child = spawn(process.execPath, program, { env, stdio: ['ignore', 'ignore', 'pipe'] });
    let last = '';
    child.stderr.on('data', (chunk) => {
      last = (last + chunk).slice(-2000);
    });
    processes.set(role, child);
    child.once('exit', (_, signal) => {
      if (stopping || processes.get(role) !== child) return;
      // A process that is still starting does not handle SIGUSR2 yet, so the signal ends it.
      if (signal !== 'SIGUSR2') unexpectedExits.push(`${role}: ${last}`);
      start(role);
    });
  }

  const answers = (path: string) =>
    fetch(`${url}${path}`).then(
      (answer) => answer.ok,
      () => false,
    );
  const serves = () =>
    until(
      'the server',
      async () => (await answers('/healthz')) && (mode === 'http' || bench.slack.connected()),
      60,
    );

  async function kill(role: FleetRole, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = processes.get(role) as ChildProcess;
    const gone = new Promise((done) => child.once('exit', done));
    processes.delete(role);
    child.kill(signal);
    await gone;
    start(role);
    if (role === 'respond,serve') await serves();
  }

  for (const role of roles) start(role);
  const store = createStore(address, withTeams ? ['slack', 'teams'] : ['slack'], keyring.auditSigner());
  store.onError(() => {});
  const queues = createQueues(address, createLog('silent'));
  await serves();
  if (withTeams) await teams.install(url);

  return {
    bench,
    teams,
    issuer,
    proxies,
    servers,
    sentinels,
    store,
    queues,
    address,
    url,
    mode,
    withTeams,
    unexpectedExits,
    kill,
    serves,
    /** Moves the clock of one process 20 s ahead, or back. */
    jump: (role: FleetRole) => {
      ahead.set(role, ahead.get(role) ? 0 : 20_000);
      writeClock(role);
      processes.get(role)?.kill('SIGUSR2');
    },
    /** Moves every clock, ours too. */
    letPass: (ms: number) => {
      passed += ms;
      setClock(passed);
      for (const role of roles) {
        writeClock(role);
        processes.get(role)?.kill('SIGUSR2');
      }
    },
    stop: async () => {
      stopping = true;
      for (const child of processes.values()) child.kill('SIGKILL');
      await queues.close().catch(() => {});
      await store.close();
      for (const proxy of Object.values(proxies)) await proxy.stop();
      await issuer.stop();
      await teams.stop();
      servers.stop();
      await bench.stop();
    },
  };
}
export type Fleet = Awaited<ReturnType<typeof startFleet>>;
