import { once } from 'node:events';
import type { Cluster } from 'ioredis';

/** A cluster that is closed says within a tick whether it ends or reconnects, ms. */
const deadAfterMs = 1000;

/**
 * Lets a connection to a Redis Cluster come back after a failover, where ioredis lets those wait for ever who wait for it, as
 * BullMQ's workers do: it says of each node's end that the cluster is closed, and the second such word undoes the end, or the
 * reconnect, that followed the first; and connect() never answers when the cluster was found, but not ready.
 */
export function steady(cluster: Cluster): Cluster {
  for (const state of ['close', 'disconnecting'] as const) {
    cluster.on(state, () => {
      setTimeout(() => {
        if (cluster.status !== state || cluster.nodes().length > 0) return;
        cluster.status = 'end';
        cluster.emit('end');
      }, deadAfterMs).unref();
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
    duplicate: (...of: unknown[]) => steady(duplicate(...of)),
  });
}
