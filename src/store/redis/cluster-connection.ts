import { once } from 'node:events';
import type { Cluster } from 'ioredis';

/** A closed cluster ends or reconnects within a tick. After this time it is stuck, ms. */
const stuckAfterMs = 1000;

/**
 * Works around two ioredis bugs that block users of a Redis Cluster connection, such as BullMQ workers,
 * forever. After a failover, ioredis reports "close" for each node. The second report cancels the end or
 * reconnect of the first. Also, connect() never settles if the cluster was found but is not ready.
 */
export function withFailoverFixes(cluster: Cluster): Cluster {
  for (const state of ['close', 'disconnecting'] as const) {
    cluster.on(state, () => {
      setTimeout(() => {
        if (cluster.status !== state || cluster.nodes().length > 0) return;
        cluster.status = 'end';
        cluster.emit('end');
      }, stuckAfterMs).unref();
    });
  }
  const connect = cluster.connect.bind(cluster);
  const duplicate = cluster.duplicate.bind(cluster) as (...of: unknown[]) => Cluster;
  return Object.assign(cluster, {
    connect: async () => {
      const settled = new AbortController();
      const ready = once(cluster, 'ready', settled);
      const end = once(cluster, 'end', settled).then(() => {
        throw new Error('Connection is closed.');
      });
      await Promise.race([connect(), ready, end]).finally(() => settled.abort());
    },
    duplicate: (...of: unknown[]) => withFailoverFixes(duplicate(...of)),
  });
}
