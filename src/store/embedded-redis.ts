import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { connect, type RedisAddress } from './connect';

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

/**
 * Starts redis-server or valkey-server with an append-only file, no eviction and a unix socket, its data in
 * `dataDir`/redis; joins one that already runs there (left by a process that died, or another process of ours).
 * @throws {NoRedisError} when neither program is on PATH
 */
export async function startEmbeddedRedis(dataDir: string): Promise<EmbeddedRedis> {
  const dir = resolve(dataDir, 'redis');
  mkdirSync(dir, { recursive: true });
  const inside = join(dir, 'redis.sock');
  const digest = createHash('sha256').update(dir).digest('hex').slice(0, 16);
  const socket = inside.length <= longestSocketPath ? inside : join(tmpdir(), `runwatch-${digest}.sock`);
  const address = { socket };
  if (await answers(address)) return { address, stop: async () => {} };
  const program = onPath('redis-server') ?? onPath('valkey-server');
  if (!program) throw new NoRedisError();
  const child = spawn(
    program,
    [
      '--port',
      '0',
      '--unixsocket',
      socket,
      '--unixsocketperm',
      '700',
      '--dir',
      dir,
      '--appendonly',
      'yes',
      '--maxmemory-policy',
      'noeviction',
      '--save',
      '',
      '--daemonize',
      'no',
      '--loglevel',
      'warning',
    ],
    { stdio: ['ignore', 'ignore', 'pipe'], detached: true },
  );
  let complaint = '';
  child.stderr.on('data', (data: Buffer) => {
    complaint = (complaint + data.toString()).slice(-2000);
  });
  const ended = new Promise<void>((done) => child.once('exit', () => done()));
  const failed = ended.then(() => {
    throw new Error(`${program} ended at once: ${complaint.trim() || 'no reason given'}; look into ${dir}`);
  });
  failed.catch(() => {});
  await Promise.race([untilAnswers(address), failed]);
  return {
    address,
    stop: async () => {
      child.kill('SIGTERM');
      await ended;
    },
  };
}

export function onPath(program: string, path = process.env.PATH ?? ''): string | null {
  for (const dir of [...path.split(delimiter), '/usr/sbin', '/usr/local/sbin']) {
    const file = join(dir, program);
    if (dir !== '' && existsSync(file)) return file;
  }
  return null;
}

async function answers(address: RedisAddress): Promise<boolean> {
  if ('socket' in address && !existsSync(address.socket)) return false;
  const redis = connect(address, { probe: true });
  redis.on('error', () => {});
  try {
    await redis.connect();
    return (await redis.ping()) === 'PONG';
  } catch {
    return false;
  } finally {
    redis.disconnect();
  }
}

/** Loading a large append-only file takes its time. */
async function untilAnswers(address: RedisAddress): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await answers(address))) {
    if (Date.now() > deadline) throw new Error('the embedded Redis did not answer within 60 seconds');
    await new Promise((done) => setTimeout(done, 25));
  }
}
