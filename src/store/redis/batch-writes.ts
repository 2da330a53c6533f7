import type { Redis } from 'ioredis';

/**
 * Lets what one turn of the event loop asks of Redis leave in one write: ioredis makes a system call of each command, and its
 * own remedy (enableAutoPipelining) costs more per command than it saves. What a lost connection leaves unwritten is sent
 * again by ioredis with the rest.
 */
export function oneWrite(redis: Redis): Redis {
  redis.on('connect', () => {
    const { stream } = redis;
    const write = stream.write.bind(stream) as (...args: unknown[]) => boolean;
    let open = false;
    stream.write = (...args: unknown[]) => {
      if (!open) {
        open = true;
        stream.cork();
        setImmediate(() => {
          open = false;
          stream.uncork();
        });
      }
      return write(...args);
    };
  });
  return redis;
}
