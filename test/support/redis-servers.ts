import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from './free-port';
import { until } from './wait';

/** Real redis-server processes on loopback: a single one, a cluster of three masters with a replica each, or a master with sentinels. */
export function createServers() {
  const dir = mkdtempSync(join(tmpdir(), 'runwatch-redis-'));
  const processes = new Map<number, ChildProcess>();

  const cli = (port: number, ...args: string[]) =>
    execFileSync('redis-cli', ['-p', String(port), ...args], { encoding: 'utf8' }).trim();

  async function start(port: number, args: string[], conf?: string): Promise<void> {
    const own = join(dir, String(port));
    mkdirSync(own, { recursive: true });
    if (conf !== undefined) writeFileSync(join(own, 'redis.conf'), conf);
    const file = conf === undefined ? [] : [join(own, 'redis.conf')];
    const all = [...file, '--port', String(port), '--bind', '127.0.0.1', '--dir', own, ...args];
    processes.set(port, spawn('redis-server', all, { stdio: 'ignore' }));
    await until(`redis on ${port}`, () => cli(port, 'ping') === 'PONG', 20);
  }

  const durable = [
    ...['--appendonly', 'yes', '--maxmemory-policy', 'noeviction', '--save', ''],
    ...['--repl-diskless-sync-delay', '0'],
  ];

  /** Waits for a replica: replication is asynchronous, so a master's unreplicated writes die with it. */
  const waitForReplica = (port: number) =>
    until(
      `a replica to catch up with ${port}`,
      () => {
        const info = cli(port, 'info', 'replication');
        const own = /master_repl_offset:(\d+)/.exec(info)?.[1];
        return /slave0:.*state=online/.test(info) && info.includes(`,offset=${own},`);
      },
      30,
    );

  /** Returns its URL, and a function for the port of the master that holds our hash tag. */
  async function cluster() {
    const ports: number[] = [];
    for (let i = 0; i < 6; i++) ports.push(await freePort());
    for (const port of ports)
      await start(port, [...durable, '--cluster-enabled', 'yes', '--cluster-node-timeout', '1500']);
    const nodes = ports.map((port) => `127.0.0.1:${port}`);
    const create = ['--cluster', 'create', ...nodes, '--cluster-replicas', '1', '--cluster-yes'];
    execFileSync('redis-cli', create, { stdio: 'ignore' });
    await until('the cluster', () => /cluster_state:ok/.test(cli(ports[0] as number, 'cluster', 'info')), 30);
    const slot = Number(cli(ports[0] as number, 'cluster', 'keyslot', '{runwatch}'));
    const master = () => {
      const alive = [...processes.keys()][0] as number;
      for (const line of cli(alive, 'cluster', 'nodes').split('\n')) {
        const [, address = '', flags = '', , , , , , ...slots] = line.split(' ');
        const has = slots.some((range) => {
          const [from = 0, to = from] = range.split('-').map(Number);
          return slot >= from && slot <= to;
        });
        if (flags.includes('master') && !flags.includes('fail') && has)
          return Number(/:(\d+)@/.exec(address)?.[1]);
      }
      return 0;
    };
    return { url: `redis-cluster://${nodes.join(',')}`, master };
  }

  /** A master with a replica, and three sentinels that promote the replica if the master is down for 1 s. */
  async function sentinels() {
    const [first, second] = [await freePort(), await freePort()];
    await start(first, durable);
    await start(second, [...durable, '--replicaof', `127.0.0.1 ${first}`]);
    const watchers: number[] = [];
    for (let i = 0; i < 3; i++) watchers.push(await freePort());
    const conf = [
      `sentinel monitor soc 127.0.0.1 ${first} 2`,
      'sentinel down-after-milliseconds soc 1000',
      'sentinel failover-timeout soc 5000',
    ].join('\n');
    for (const port of watchers) await start(port, ['--sentinel'], conf);
    await waitForReplica(first);
    await until(
      'the sentinels to know each other',
      () => /num-other-sentinels\n2/.test(cli(watchers[0] as number, 'sentinel', 'master', 'soc')),
      30,
    );
    const address = () =>
      Number(cli(watchers[0] as number, 'sentinel', 'get-master-addr-by-name', 'soc').split('\n')[1]);
    const url = `redis-sentinel://${watchers.map((port) => `127.0.0.1:${port}`).join(',')}/soc`;
    return { url, master: address, replicaOf: (port: number) => (port === first ? second : first) };
  }

  /** One server; returns its URL. */
  async function single() {
    const port = await freePort();
    await start(port, durable);
    return `redis://127.0.0.1:${port}`;
  }

  return {
    cluster,
    single,
    sentinels,
    waitForReplica,
    /** Starts a killed server again. Without a master, sentinels make it a replica of the current one. */
    restart: (port: number, master?: number) =>
      start(port, [...durable, ...(master ? ['--replicaof', `127.0.0.1 ${master}`] : [])]),
    /** Stops a server from doing anything for `ms`. */
    pause: async (port: number, ms: number) => {
      const child = processes.get(port);
      child?.kill('SIGSTOP');
      await new Promise((done) => setTimeout(done, ms));
      child?.kill('SIGCONT');
    },
    /** Waits until sentinels made a server that returned a replica. Until then it accepts writes that get lost. */
    waitUntilReplica: (port: number) =>
      until(
        `${port} to be a replica`,
        () => /master_link_status:up/.test(cli(port, 'info', 'replication')),
        60,
      ),
    kill: async (port: number) => {
      const child = processes.get(port);
      processes.delete(port);
      const gone = new Promise((done) => child?.once('exit', done));
      child?.kill('SIGKILL');
      await gone;
    },
    stop: () => {
      for (const child of processes.values()) child.kill('SIGKILL');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
