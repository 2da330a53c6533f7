import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import { type Door, isLocal } from './chat/console/door';
import type { Config } from './config';
import type { Metrics } from './metrics';
import type { Queues } from './pipeline/queues';
import { redactSecrets } from './redactor';

export interface ServerDeps {
  config: Pick<Config, 'host' | 'port' | 'metricsToken' | 'trustedProxies'>;
  door: Door;
  metrics: Metrics;
  queues: Queues;
  /** What keeps us from being ready; empty when we are. */
  unready: () => Promise<string[]>;
  /** What chats call: each answers a path of its own. */
  webhooks: readonly Router[];
  console: Router;
  /** How long a request may take to arrive, ms. Default: 20 seconds. */
  requestTimeoutMs?: number;
}

export interface RunningServer {
  url: string;
  stop: () => Promise<void>;
}

/** Health, metrics, webhooks, the console and the queues' board, on one port. */
export async function startServer({
  config,
  door,
  metrics,
  queues,
  unready,
  webhooks,
  console,
  requestTimeoutMs = 20_000,
}: ServerDeps): Promise<RunningServer> {
  const app = express();
  app.disable('x-powered-by');
  app.set('trust proxy', config.trustedProxies.length > 0 ? [...config.trustedProxies] : false);
  app.use((_request, response, next) => {
    const send = response.send.bind(response);
    response.send = (body) => send(typeof body === 'string' ? redactSecrets(body) : body);
    next();
  });
  app.get('/healthz', (_request, response) => void response.json({ ok: true }));
  app.get('/readyz', async (request, response) => {
    const reasons = await unready();
    const ready = reasons.length === 0;
    const told = (await door.mayRead(request)) ? { ready, reasons } : { ready };
    response.status(ready ? 200 : 503).json(told);
  });
  app.get('/metrics', async (request, response) => {
    if (!mayScrape(request, config)) return void response.status(401).set('www-authenticate', 'Bearer').end();
    await measureQueues(queues, metrics);
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  for (const webhook of webhooks) app.use(webhook);
  app.use('/console', door.router);
  app.use('/console', door.guard, console);
  app.use('/queues', door.guard, board(queues));
  app.get('/', (_request, response) => response.redirect('/console'));
  app.use(
    (error: Error & { status?: number }, _request: Request, response: Response, _next: NextFunction) => {
      if (!response.headersSent)
        response
          .status(error.status ?? 500)
          .send(
            error.status && error.status < 500
              ? 'The request could not be read.'
              : 'Something went wrong here; see the log.',
          );
    },
  );
  const server = createServer(
    {
      requestTimeout: requestTimeoutMs,
      headersTimeout: Math.min(requestTimeoutMs, 10_000),
      connectionsCheckingInterval: Math.min(requestTimeoutMs / 4, 1000),
    },
    app,
  );
  await listen(server, config.port, config.host);
  const { port } = server.address() as AddressInfo;
  const host = config.host.includes(':')
    ? `[${config.host}]`
    : config.host === '0.0.0.0'
      ? '127.0.0.1'
      : config.host;
  return {
    url: `http://${host}:${port}`,
    stop: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((done, failed) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      failed(
        error.code === 'EADDRINUSE'
          ? new Error(`port ${port} on ${host} is taken; set RUNWATCH_PORT to another`)
          : error,
      ),
    );
    server.listen(port, host, done);
  });
}

/** Beyond this machine /metrics wants RUNWATCH_METRICS_TOKEN where it is set. */
function mayScrape(request: Request, { host, metricsToken }: ServerDeps['config']): boolean {
  if (metricsToken === null || isLocal(request, host)) return true;
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return given !== undefined && same(given, metricsToken);
}

const same = (a: string, b: string) =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());

function board(queues: Queues): Router {
  const adapter = new ExpressAdapter();
  adapter.setBasePath('/queues');
  createBullBoard({
    queues: queues.all().map((queue) => new BullMQAdapter(queue, { readOnlyMode: true })),
    serverAdapter: adapter,
  });
  return adapter.getRouter();
}

async function measureQueues(queues: Queues, metrics: Metrics): Promise<void> {
  const depths = await queues.depths();
  for (const [queue, counts] of Object.entries(depths)) {
    for (const [state, count] of Object.entries(counts))
      metrics.queueDepth.set({ queue, state }, count as number);
  }
}
