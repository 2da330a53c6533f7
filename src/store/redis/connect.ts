import { Cluster, Redis } from 'ioredis';
import { oneWrite } from './batch-writes';
import { steady } from './cluster-connection';

/**
 * Where Redis answers: a URL, or the unix socket of the one that we started. `redis-cluster://` (or `rediss-cluster://`, with
 * TLS) names some nodes of a Redis Cluster, `redis-sentinel://HOST:PORT,…/NAME` some sentinels and the master's name.
 */
export type RedisAddress = { url: string } | { socket: string };

export interface ConnectOptions {
  /** Fail at once when Redis is not there, instead of waiting for it: for a look whether it is. */
  probe?: boolean;
  /** What Redis knows the connection by. */
  name?: string;
}

/**
 * A connection that waits out an absent Redis instead of failing commands: nothing is lost while it restarts.
 * Workers block on theirs, so each gets its own.
 */
export function connect(address: RedisAddress, { probe = false, name: known }: ConnectOptions = {}): Redis {
  const options = {
    ...(known ? { connectionName: known } : {}),
    lazyConnect: probe,
    maxRetriesPerRequest: probe ? 0 : null,
    retryStrategy: (attempt: number) => (probe ? null : patient(attempt)),
  };
  if (!('url' in address)) return oneWrite(new Redis(address.socket, options));
  const [, tls, kind] = /^redis(s?)-(cluster|sentinel):/.exec(address.url) ?? [];
  if (!kind) return oneWrite(new Redis(address.url, options));
  const { nodes, name, ...login } = severalOf(address.url);
  const secure = tls ? { tls: {} } : {};
  if (kind === 'sentinel')
    return oneWrite(
      new Redis({ ...options, ...login, ...secure, sentinels: nodes, name, sentinelRetryStrategy: patient }),
    );
  // Its commands are those of one Redis, as long as every key has the same hash tag.
  const cluster = new Cluster(nodes, {
    lazyConnect: probe,
    retryDelayOnFailover: 500,
    retryDelayOnClusterDown: 500,
    slotsRefreshInterval: 2000,
    clusterRetryStrategy: (attempt) => (probe ? null : patient(attempt)),
    redisOptions: { ...options, ...login, ...secure },
  });
  return steady(cluster) as unknown as Redis;
}

const patient = (attempt: number) => Math.min(50 * 2 ** Math.min(attempt, 6), 2000);

/** The parts of `redis-…://USER:PASSWORD@HOST:PORT,HOST:PORT/NAME`. */
export function severalOf(url: string) {
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
