import { Cluster, Redis } from 'ioredis';
import { batchWrites } from './batch-writes';
import { withFailoverFixes } from './cluster-connection';

/**
 * A Redis URL, or the unix socket of the embedded Redis. `redis-cluster://` (`rediss-cluster://` with TLS)
 * lists nodes of a Redis Cluster. `redis-sentinel://HOST:PORT,…/NAME` lists sentinels and the name of the
 * master.
 */
export type RedisAddress = { url: string } | { socket: string };

export interface ConnectOptions {
  /** Fail immediately if Redis is unavailable, instead of waiting for it. */
  probe?: boolean;
  /** The connection's name in Redis. */
  name?: string;
}

/**
 * A connection that waits while Redis is unavailable instead of failing commands, so a restart loses
 * nothing. Workers make blocking calls, so each needs its own connection.
 */
export function connect(address: RedisAddress, { probe = false, name: known }: ConnectOptions = {}): Redis {
  const options = {
    ...(known ? { connectionName: known } : {}),
    lazyConnect: probe,
    maxRetriesPerRequest: probe ? 0 : null,
    retryStrategy: (attempt: number) => (probe ? null : backoffMs(attempt)),
  };
  if (!('url' in address)) return batchWrites(new Redis(address.socket, options));
  const [, tls, kind] = /^redis(s?)-(cluster|sentinel):/.exec(address.url) ?? [];
  if (!kind) return batchWrites(new Redis(address.url, options));
  const { nodes, name, ...login } = parseNodes(address.url);
  const secure = tls ? { tls: {} } : {};
  if (kind === 'sentinel')
    return batchWrites(
      new Redis({
        ...options,
        ...login,
        ...secure,
        sentinels: nodes,
        name,
        sentinelRetryStrategy: backoffMs,
      }),
    );
  // A Cluster accepts the same commands as a single Redis while all keys share a hash tag.
  const cluster = new Cluster(nodes, {
    lazyConnect: probe,
    retryDelayOnFailover: 500,
    retryDelayOnClusterDown: 500,
    slotsRefreshInterval: 2000,
    clusterRetryStrategy: (attempt) => (probe ? null : backoffMs(attempt)),
    redisOptions: { ...options, ...login, ...secure },
  });
  return withFailoverFixes(cluster) as unknown as Redis;
}

const backoffMs = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000);

/** The parts of `redis-…://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME`. */
export function parseNodes(url: string) {
  const { username, password, pathname } = new URL(url.replace(/,[^/]*/, ''));
  const hosts = /\/\/(?:[^@/]*@)?([^/]+)/.exec(url)?.[1] ?? '';
  const nodes = hosts.split(',').map((part) => {
    const { hostname, port } = new URL(`redis://${part}`);
    return { host: hostname, port: Number(port || 6379) };
  });
  return {
    nodes,
    name: pathname.slice(1) || 'mymaster',
    ...(username ? { username: decodeURIComponent(username) } : {}),
    ...(password ? { password: decodeURIComponent(password) } : {}),
  };
}
