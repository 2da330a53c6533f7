import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * A port for a program that can't choose a free one itself. It is below Linux's ephemeral range, so that no
 * outgoing connection takes it first. So is a Redis Cluster's second port, which is 10,000 higher.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(12_000, 22_000);
    const server = createServer();
    const free = await new Promise<boolean>((done) => {
      server.once('error', () => done(false));
      server.listen(port, () => done(true));
    });
    if (!free) continue;
    await new Promise((done) => server.close(done));
    return port;
  }
}
