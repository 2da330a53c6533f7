import type { Redis } from 'ioredis';

/**
 * Sends all commands from one turn of the event loop in one write. By default, ioredis makes a system call
 * per command, and its enableAutoPipelining costs more per command than it saves. After a lost connection,
 * ioredis resends commands.
 */
export function batchWrites(redis: Redis): Redis {
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
