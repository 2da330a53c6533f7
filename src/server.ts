import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createBullBoard } from '@bull-board/api';
import { BullMQAdapter } from '@bull-board/api/bullMQAdapter';
import { ExpressAdapter } from '@bull-board/express';
import express, { type NextFunction, type Request, type Response, type Router } from 'express';
import type { Config } from './config';
import type { Metrics } from './metrics';
import type { Queues } from './pipeline/queues';

export interface ServerDeps {
  config: Pick<Config, 'host' | 'port' | 'consoleToken'>;
  metrics: Metrics;
  queues: Queues;
  /** What keeps us from being ready; empty when we are. */
  unready: () => Promise<string[]>;
  /** What chats call: each answers a path of its own. */
  webhooks: readonly Router[];
  console: Router;
}

export interface RunningServer {
  url: string;
  stop: () => Promise<void>;
}

const loopback = new Set(['127.0.0.1', '::1', 'localhost']);

/** Health, metrics, webhooks, the console and the queues' board, on one port. */
export async function startServer({
  config,
  metrics,
  queues,
  unready,
  webhooks,
  console,
}: ServerDeps): Promise<RunningServer> {
  const app = express();
  app.disable('x-powered-by');
  app.get('/healthz', (_request, response) => void response.json({ ok: true }));
  app.get('/readyz', async (_request, response) => {
    const reasons = await unready();
    response.status(reasons.length === 0 ? 200 : 503).json({ ready: reasons.length === 0, reasons });
  });
  app.get('/metrics', async (_request, response) => {
    await measureQueues(queues, metrics);
    response.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
  for (const webhook of webhooks) app.use(webhook);
  const guard = guarded(config);
  app.use('/console', guard, console);
  app.use('/queues', guard, board(queues));
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
  const server = createServer(app);
  server.requestTimeout = 30_000;
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

const cookieName = 'runwatch_console';

/**
 * On loopback: only under a loopback name, so that no web page can reach us by DNS rebinding. Elsewhere: only with
 * RUNWATCH_CONSOLE_TOKEN, as a bearer, or once as ?token=, which is then kept in a cookie.
 */
function guarded({ host, consoleToken }: ServerDeps['config']) {
  const isLoopback = loopback.has(host);
  return (request: Request, response: Response, next: NextFunction): void => {
    const named = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
    if (isLoopback && !consoleToken) {
      if (loopback.has(named)) return next();
      return void response.status(403).send('Open the console as http://127.0.0.1 or http://localhost.');
    }
    if (!consoleToken) {
      return void response
        .status(403)
        .send(
          'Set RUNWATCH_CONSOLE_TOKEN (16 characters or more) to open the console here, or bind RUNWATCH_HOST to 127.0.0.1.',
        );
    }
    const fromQuery = typeof request.query.token === 'string' ? request.query.token : null;
    if (fromQuery && same(fromQuery, consoleToken)) {
      response.cookie(cookieName, digest(consoleToken), {
        httpOnly: true,
        sameSite: 'strict',
        secure: request.secure,
        path: '/',
      });
      return response.redirect(request.baseUrl);
    }
    const cookie = new RegExp(`(?:^|; )${cookieName}=([^;]+)`).exec(request.headers.cookie ?? '')?.[1];
    const bearer = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if ((cookie && same(cookie, digest(consoleToken))) || (bearer && same(bearer, consoleToken)))
      return next();
    response
      .status(401)
      .set('www-authenticate', 'Bearer')
      .send('Add ?token=… with RUNWATCH_CONSOLE_TOKEN to the address once, or send it as a bearer token.');
  };
}

const digest = (token: string) => createHash('sha256').update(`console ${token}`).digest('hex');
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
