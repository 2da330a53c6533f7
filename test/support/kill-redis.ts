import { connect, type RedisAddress } from '../../src/store/redis/connect';

/** Kills Redis like a crash, and returns its process id. */
export async function killRedis(address: RedisAddress): Promise<number> {
  const pid = await pidOfRedis(address);
  process.kill(pid, 'SIGKILL');
  return pid;
}

export async function pidOfRedis(address: RedisAddress): Promise<number> {
  const redis = connect(address);
  redis.on('error', () => {});
  const pid = Number(/^process_id:(\d+)/m.exec(await redis.info('server'))?.[1]);
  redis.disconnect();
  return pid;
}
