import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import type { Redis } from 'ioredis';
import { within } from '../../runtime/within';
import { connect, type RedisAddress } from './connect';
import { isRunning, withStartLock } from './start-lock';

export class NoRedisError extends Error {
  readonly code = 'NO_REDIS';
  constructor() {
    super(
      'no Redis found: set REDIS_URL, put redis-server or valkey-server on PATH, or run `npm run setup` (installs one with the system package manager)',
    );
  }
}

export interface EmbeddedRedis {
  address: RedisAddress;
  stop: () => Promise<void>;
}

/**
 * A unix socket path is limited to 107 bytes (sockaddr_un). For a longer path, the socket goes to the temp
 * folder.
 */
const longestSocketPath = 100;

/** Each process that uses the embedded Redis keeps a connection with this name open. */
const holderName = 'runwatch-holder';
const shutdownTimeoutMs = 10_000;
/** Loading a large append-only file takes a while. */
const startTimeoutMs = 60_000;

/**
 * Connects to the Redis in `dataDir`/redis, or starts one with an append-only file, no eviction and a unix
 * socket. Several processes share it. The last process to stop shuts it down; crashed processes don't count.
 * If Redis exits unexpectedly, it is restarted.
 * @throws {NoRedisError} if neither redis-server nor valkey-server is on PATH
 */
export async function startEmbeddedRedis(dataDir: string): Promise<EmbeddedRedis> {
  const dir = resolve(dataDir, 'redis');
  mkdirSync(dir, { recursive: true });
  const defaultSocket = join(dir, 'redis.sock');
  const digest = createHash('sha256').update(dir).digest('hex').slice(0, 16);
  const socket =
    defaultSocket.length <= longestSocketPath ? defaultSocket : join(tmpdir(), `runwatch-${digest}.sock`);
  const address = { socket };
  const withLock = <T>(work: () => Promise<T>) => withStartLock(join(dir, 'start.lock'), work);
  const ensureRunning = async () => {
    if (!(await isResponding(address))) await startIn(dir, address);
  };
  const holder = await withLock(async () => {
    await ensureRunning();
    const connection = connect(address, { name: holderName });
    connection.on('error', () => {});
    await within(startTimeoutMs, connection.ping(), () => new RedisTimeoutError(startTimeoutMs));
    return connection;
  });
  let stopping = false;
  const restartOnce = shareInFlight(() => withLock(async () => (stopping ? undefined : ensureRunning())));
  holder.on('close', () => {
    if (!stopping) restartOnce().catch(() => {});
  });
  return {
    address,
    stop: async () => {
      stopping = true;
      await withLock(() => disconnectHolder(holder));
    },
  };
}

/** Concurrent calls share one run and its result. */
function shareInFlight<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null;
  return () => {
    running ??= work().finally(() => {
      running = null;
    });
    return running;
  };
}

/** Disconnects, and shuts Redis down if this is the last process. */
async function disconnectHolder(holder: Redis): Promise<void> {
  try {
    const clients = await within(
      shutdownTimeoutMs,
      holder.client('LIST') as Promise<string>,
      () => new RedisTimeoutError(shutdownTimeoutMs),
    );
    const holders = clients.split('\n').filter((line) => line.includes(` name=${holderName} `));
    if (holders.length > 1) {
      await holder.quit();
      return;
    }
    const pid = Number(/^process_id:(\d+)/m.exec(await holder.info('server'))?.[1]);
    holder.call('SHUTDOWN').catch(() => {});
    await waitUntil(async () => !isRunning(pid), shutdownTimeoutMs);
  } catch {
    // Redis does not respond, so there is nothing to shut down.
  } finally {
    holder.disconnect();
  }
}

async function startIn(dir: string, address: { socket: string }): Promise<void> {
  const program = onPath('redis-server') ?? onPath('valkey-server');
  if (!program) throw new NoRedisError();
  const child = spawn(
    program,
    [
      ...['--port', '0'],
      ...['--unixsocket', address.socket],
      ...['--unixsocketperm', '700'],
      ...['--dir', dir],
      ...['--appendonly', 'yes'],
      ...['--maxmemory-policy', 'noeviction'],
      ...['--save', ''],
      ...['--daemonize', 'no'],
      ...['--loglevel', 'warning'],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  let errorOutput = '';
  child.stderr.on('data', (data: Buffer) => {
    errorOutput = (errorOutput + data.toString()).slice(-2000);
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', () =>
      reject(
        new Error(`${program} exited at startup: ${errorOutput.trim() || 'no reason given'}; check ${dir}`),
      ),
    );
  });
  failed.catch(() => {});
  await Promise.race([waitUntil(() => isResponding(address), startTimeoutMs), failed]);
  child.unref();
  (child.stderr as unknown as { unref: () => void }).unref();
}

export function onPath(program: string, path = process.env.PATH ?? ''): string | null {
  for (const dir of [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin']) {
    const file = join(dir, program);
    if (dir !== '' && existsSync(file)) return file;
  }
  return null;
}

/** False if nothing listens on the socket. Waits while Redis loads its data. */
async function isResponding(address: { socket: string }): Promise<boolean> {
  if (!existsSync(address.socket)) return false;
  return (await query(address, (redis) => redis.ping())) === 'PONG';
}

/** Redis's reply; null if nothing listens. @throws if Redis does not reply within a minute */
async function query<T>(address: RedisAddress, ask: (redis: Redis) => Promise<T>): Promise<T | null> {
  const redis = connect(address, { probe: true });
  redis.on('error', () => {});
  try {
    const answer = redis.connect().then(() => ask(redis));
    return await within(startTimeoutMs, answer, () => new RedisTimeoutError(startTimeoutMs));
  } catch (error) {
    if (error instanceof RedisTimeoutError) throw error;
    return null;
  } finally {
    redis.disconnect();
  }
}

class RedisTimeoutError extends Error {
  constructor(ms: number) {
    super(`the embedded Redis did not answer within ${ms / 1000} seconds`);
  }
}

/** @throws after `ms` */
async function waitUntil(condition: () => Promise<boolean>, ms: number): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new RedisTimeoutError(ms);
    await new Promise((done) => setTimeout(done, 25));
  }
}
