import { connect, createServer, type NetConnectOpts, type Socket } from 'node:net';

/** A TCP proxy on loopback whose connections can be cut, or stalled in one direction. */
export async function startProxy(target: () => NetConnectOpts) {
  const pairs = new Set<{ near: Socket; far: Socket }>();
  let refusing = false;
  const stalled = { up: false, down: false };
  const server = createServer((near) => {
    if (refusing) return void near.destroy();
    const far = connect(target());
    const pair = { near, far };
    pairs.add(pair);
    const end = () => {
      near.destroy();
      far.destroy();
      pairs.delete(pair);
    };
    for (const socket of [near, far]) {
      socket.on('error', end);
      socket.on('close', end);
    }
    near.on('data', (data) => void (stalled.up || far.write(data)));
    far.on('data', (data) => void (stalled.down || near.write(data)));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const cutAll = () => {
    for (const { near, far } of pairs) {
      near.destroy();
      far.destroy();
    }
  };
  const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
  return {
    port: (server.address() as { port: number }).port,
    /** Breaks every connection, and accepts none for `ms`. */
    cut: async (ms: number) => {
      refusing = true;
      cutAll();
      await pause(ms);
      refusing = false;
    },
    /** Drops data in one direction for `ms`, then breaks every connection, as TCP would after data loss. */
    lose: async (direction: 'up' | 'down', ms: number) => {
      stalled[direction] = true;
      await pause(ms);
      stalled[direction] = false;
      cutAll();
    },
    stop: async () => {
      cutAll();
      await new Promise((done) => server.close(done));
    },
  };
}
export type TcpProxy = Awaited<ReturnType<typeof startProxy>>;
