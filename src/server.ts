import { createHash, timingSafeEqual } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import express, { type Express, type NextFunction, type Request, type Response, type Router } from 'express';
import { Problem, sendProblem } from './api/problem';
import { type Auth, isLocal } from './chat/console/auth';
import { html } from './chat/console/html';
import { setPageHeaders } from './chat/console/page-headers';
import type { Config } from './config/config';
import { redactSecrets } from './domain/text/redactor';
import type { Metrics } from './runtime/metrics';

export interface ServerDeps {
  config: Pick<Config, 'metricsToken' | 'trustedProxies'>;
  host: string;
  port: number;
  metrics: Metrics;
  /** Updates the gauges. Subscription ids are included only if the reader may see them. */
  updateGauges: (withNames: boolean) => Promise<void>;
  /** Reasons why this process is not ready; empty when it is. */
  unready: () => Promise<string[]>;
  /** Console, queue board, API and webhooks; null in a process without the role serve. */
  pages: Pages | null;
  /** How long a request may take to arrive, ms. Default: 20 seconds. */
  requestTimeoutMs?: number;
}

export interface Pages {
  auth: Auth;
  console: Router;
  board: Router;
  /** The HTTP API. */
  api: Router;
  /** Endpoints that the chats call, each on its own path. */
  webhooks: readonly Router[];
}

export interface RunningServer {
  url: string;
  stop: () => Promise<void>;
}

/** Serves health and metrics and, with pages, the webhooks, console and queue board on the same port. */
export async function startServer(deps: ServerDeps): Promise<RunningServer> {
  const { config, host, port, metrics, updateGauges, unready, pages, requestTimeoutMs = 20_000 } = deps;
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
    const mayKnow = isLocal(request, host) || (ready && (await pages?.auth.mayRead(request)));
    response.status(ready ? 200 : 503).json(mayKnow ? { ready, reasons } : { ready });
  });
  app.get('/metrics', async (request, response) => {
    const scope = mayScrape(request, host, config.metricsToken);
    if (!scope) return void response.status(401).set('www-authenticate', 'Bearer').end();
    await updateGauges(scope === 'all');
    const text = await metrics.registry.metrics();
    const visible = scope === 'all' ? text : text.replace(/^runwatch_subscription_.*\n/gm, '');
    response.type(metrics.registry.contentType).send(visible);
  });
  if (pages) mountPages(app, pages, unready);
  app.use(
    (error: Error & { status?: number }, _request: Request, response: Response, _next: NextFunction) => {
      if (!response.headersSent)
        response
          .status(error.status ?? 500)
          .send(
            error.status && error.status < 500
              ? 'The request is invalid.'
              : 'Something went wrong. See the Runwatch log.',
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
  await listen(server, port, host);
  const address = server.address() as AddressInfo;
  const named = host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host;
  return {
    url: `http://${named}:${address.port}`,
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
          ? new Error(`port ${port} on ${host} is already in use; set RUNWATCH_PORT to another port`)
          : error,
      ),
    );
    server.listen(port, host, done);
  });
}

/** Mounts the console, queue board, API and webhooks. Without Redis, they say that Runwatch is not ready. */
function mountPages(
  app: Express,
  { auth, console, board, api, webhooks }: Pages,
  unready: ServerDeps['unready'],
): void {
  for (const webhook of webhooks) app.use(webhook);
  app.use(['/console', '/queues'], async (request, response, next) => {
    const reasons = await unready();
    if (reasons.length === 0) return next();
    setPageHeaders(request, response);
    response.status(503).set('retry-after', '5').send(unreadyPage(reasons));
  });
  app.use('/api/v1', async (_request, response, next) => {
    const reasons = await unready();
    if (reasons.length === 0) return next();
    const headers = { 'retry-after': '5', 'cache-control': 'no-store' };
    sendProblem(response, new Problem('not-ready', `${reasons.join('. ')}.`, { headers }));
  });
  app.use('/api/v1', api);
  app.use('/console', auth.router);
  app.use('/console', auth.guard, console);
  app.use('/queues', auth.guard, board);
  app.get('/', (_request, response) => response.redirect('/console'));
}

const unreadyPage = (reasons: readonly string[]): string =>
  `<!doctype html>${
    html`<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="5">
<title>Not ready · Runwatch</title>
</head>
<body>
<main>
<h1>Runwatch is not ready</h1>
<p>${reasons.join('. ')}. Until it does, Runwatch sees no commands and sends no messages. No stored data is lost. Runwatch continues automatically.</p>
<p>This page reloads every 5 seconds.</p>
</main>
</body>
</html>`.text
  }`;

/**
 * Who may read /metrics. Local requests and holders of RUNWATCH_METRICS_TOKEN read everything.
 * Without a configured token, others read it without subscription ids.
 */
function mayScrape(
  request: Request,
  host: string,
  metricsToken: string | null,
): 'all' | 'without names' | null {
  if (isLocal(request, host)) return 'all';
  if (metricsToken === null) return 'without names';
  const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
  return given !== undefined && same(given, metricsToken) ? 'all' : null;
}

const same = (a: string, b: string) =>
  timingSafeEqual(createHash('sha256').update(a).digest(), createHash('sha256').update(b).digest());
