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
      'no Redis: set REDIS_URL to one, or put redis-server or valkey-server on PATH, or run `npm run setup` (installs it with the system package manager)',
    );
  }
}

export interface EmbeddedRedis {
  address: RedisAddress;
  stop: () => Promise<void>;
}

/** A unix socket's path may have 107 bytes (sockaddr_un); a deeper data folder gets its socket in the temp folder. */
const longestSocketPath = 100;

/** Each process that uses the embedded Redis holds a connection of this name for as long as it does. */
const holderName = 'runwatch-holder';
const endsWithinMs = 10_000;
/** A large append-only file takes its time. */
const loadsWithinMs = 60_000;

/**
 * Joins the Redis of `dataDir`/redis, or starts redis-server or valkey-server there: with an append-only file, no eviction
 * and a unix socket. Several processes share it; it ends with the last, and a process that dies counts no more. One that
 * ended by itself is started again.
 * @throws {NoRedisError} when neither program is on PATH
 */
export async function startEmbeddedRedis(dataDir: string): Promise<EmbeddedRedis> {
  const dir = resolve(dataDir, 'redis');
  mkdirSync(dir, { recursive: true });
  const inside = join(dir, 'redis.sock');
  const digest = createHash('sha256').update(dir).digest('hex').slice(0, 16);
  const socket = inside.length <= longestSocketPath ? inside : join(tmpdir(), `runwatch-${digest}.sock`);
  const address = { socket };
  const alone = <T>(work: () => Promise<T>) => withStartLock(join(dir, 'start.lock'), work);
  const ensure = async () => {
    if (!(await answers(address))) await startIn(dir, address);
  };
  const holder = await alone(async () => {
    await ensure();
    const connection = connect(address, { name: holderName });
    connection.on('error', () => {});
    await within(loadsWithinMs, connection.ping(), () => new SilentError(loadsWithinMs));
    return connection;
  });
  let leaving = false;
  const again = onceAtATime(() => alone(async () => (leaving ? undefined : ensure())));
  holder.on('close', () => {
    if (!leaving) again().catch(() => {});
  });
  return {
    address,
    stop: async () => {
      leaving = true;
      await alone(() => leave(holder));
    },
  };
}

/** Who asks while it is done already gets the same answer. */
function onceAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let doing: Promise<T> | null = null;
  return () => {
    doing ??= work().finally(() => {
      doing = null;
    });
    return doing;
  };
}

/** The last to leave ends it. */
async function leave(holder: Redis): Promise<void> {
  try {
    const clients = await within(
      endsWithinMs,
      holder.client('LIST') as Promise<string>,
      () => new SilentError(endsWithinMs),
    );
    const holders = clients.split('\n').filter((line) => line.includes(` name=${holderName} `));
    if (holders.length > 1) {
      await holder.quit();
      return;
    }
    const pid = Number(/^process_id:(\d+)/m.exec(await holder.info('server'))?.[1]);
    holder.call('SHUTDOWN').catch(() => {});
    await until(async () => !isRunning(pid), endsWithinMs);
  } catch {
    // Without an answer there is nothing to end.
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
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-2000);
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', () =>
      reject(
        new Error(`${program} ended at once: ${complaint.trim() || 'no reason given'}; look into ${dir}`),
      ),
    );
  });
  failed.catch(() => {});
  await Promise.race([until(() => answers(address), loadsWithinMs), failed]);
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

/** False where nobody listens; waits while it loads its data. */
async function answers(address: { socket: string }): Promise<boolean> {
  if (!existsSync(address.socket)) return false;
  return (await told(address, (redis) => redis.ping())) === 'PONG';
}

/** What it answers; null where nobody listens. @throws when somebody does and is silent for a minute */
async function told<T>(address: RedisAddress, ask: (redis: Redis) => Promise<T>): Promise<T | null> {
  const redis = connect(address, { probe: true });
  redis.on('error', () => {});
  try {
    const answer = redis.connect().then(() => ask(redis));
    return await within(loadsWithinMs, answer, () => new SilentError(loadsWithinMs));
  } catch (error) {
    if (error instanceof SilentError) throw error;
    return null;
  } finally {
    redis.disconnect();
  }
}

class SilentError extends Error {
  constructor(ms: number) {
    super(`the embedded Redis did not answer within ${ms / 1000} seconds`);
  }
}

/** @throws after `ms` */
async function until(condition: () => Promise<boolean>, ms: number): Promise<void> {
  const deadline = Date.now() + ms;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new SilentError(ms);
    await new Promise((done) => setTimeout(done, 25));
  }
}
