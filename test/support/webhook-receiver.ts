import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { Webhook } from 'standardwebhooks';

export interface Received {
  id: string;
  body: { type: string; data: { id: string; rev: number } };
}
export type Behavior = (response: ServerResponse, message: Received) => void;

export const webhookSecret = `whsec_${Buffer.alloc(32, 7).toString('base64')}`;

/** A receiver on loopback that verifies each message with the reference library. */
export async function startReceiver(secret = webhookSecret) {
  const received: Received[] = [];
  const refused: string[] = [];
  const accept: Behavior = (response) => void response.writeHead(204).end();
  const receiver = { received, refused, behavior: accept, accept, url: '', stop: () => {} };
  const server = createServer(async (request: IncomingMessage, response) => {
    const text = Buffer.concat(await request.toArray()).toString('utf8');
    try {
      const body = new Webhook(secret).verify(text, request.headers as Record<string, string>);
      const message = { id: String(request.headers['webhook-id']), body } as Received;
      received.push(message);
      receiver.behavior(response, message);
    } catch (error) {
      refused.push((error as Error).message);
      response.writeHead(401).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `http://127.0.0.1:${(server.address() as { port: number }).port}/hooks/a-secret-path-of-the-receiver`;
  receiver.stop = () => {
    server.closeAllConnections();
    server.close();
  };
  return receiver;
}
export type Receiver = Awaited<ReturnType<typeof startReceiver>>;
