import { Redis } from 'ioredis';

/** Where Redis answers: a URL, or the unix socket of the one that we started. */
export type RedisAddress = { url: string } | { socket: string };

export interface ConnectOptions {
  /** Commands issued in one turn of the event loop travel together. */
  enableAutoPipelining?: boolean;
  /** Fail at once when Redis is not there, instead of waiting for it: for a look whether it is. */
  probe?: boolean;
}

/**
 * A connection that waits out an absent Redis instead of failing commands: nothing is lost while it restarts.
 * Workers block on theirs, so each gets its own.
 */
export function connect(
  address: RedisAddress,
  { enableAutoPipelining = false, probe = false }: ConnectOptions = {},
): Redis {
  const options = {
    enableAutoPipelining,
    lazyConnect: probe,
    maxRetriesPerRequest: probe ? 0 : null,
    retryStrategy: (attempt: number) => (probe ? null : Math.min(50 * 2 ** Math.min(attempt, 6), 2000)),
  };
  return new Redis('url' in address ? address.url : address.socket, options);
}
