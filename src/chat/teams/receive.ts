import type { CloudAdapter, TurnContext } from '@microsoft/agents-hosting';
import express, { type Request, type Response, Router } from 'express';
import type { Log } from '../../runtime/log';
import { isForwarded } from '../forwarded';
import { isTeamsAddress, teamsClouds, verifyChina, whyNotFromTeams } from './authenticate';
import type { TeamsConfig } from './teams-settings';

interface ReceiverDeps {
  config: TeamsConfig;
  adapter: CloudAdapter;
  onTurn: (context: TurnContext) => Promise<void>;
  log: Log;
}

/** Takes Teams' requests at /api/messages. Each is verified before it is processed. */
export function createReceiver({ config, adapter, onTurn, log }: ReceiverDeps): Router {
  const cloud = teamsClouds[config.cloud];
  const router = Router();
  router.post('/api/messages', express.json({ limit: '256kb' }), (request: Request, response: Response) => {
    const refuse = (why: string, error?: unknown) => {
      log.warn({ why, error }, 'a Teams request was refused');
      if (!response.headersSent) response.status(401).end();
    };
    const go = async () => {
      if (config.local) {
        const why = whyNotLocal(request);
        if (why) return refuse(why);
      }
      if (config.cloud === 'china' && !config.local) await verifyChina(request, config.appId);
      const authorize: typeof adapter.authorizeRequest =
        config.cloud === 'china' && !config.local
          ? async (_request, _response, next) => next()
          : adapter.authorizeRequest.bind(adapter);
      await authorize(request, response, (error?: unknown) => {
        if (error) return refuse('the token is invalid', error);
        const { user } = request as Request & { user?: Record<string, unknown> };
        const expected = { cloud: config.cloud, audience: config.appId, tenantId: config.tenantId };
        const why = config.local ? null : whyNotFromTeams(user, request.body, expected);
        if (why) return refuse(why);
        // The SDK takes the scope of its own token from this claim. Bot Service omits it, and the SDK would
        // then request a token for the public cloud.
        if (user && !config.local) Object.assign(request, { user: { ...user, azp: cloud.scope } });
        adapter.process(request, response, onTurn).catch((fault) => {
          log.warn({ error: fault }, 'processing a Teams request failed');
          if (!response.headersSent) response.status(500).end();
        });
      });
    };
    go().catch((error) => refuse('could not verify the request', error));
  });
  return router;
}

const loopback = new Set(['127.0.0.1', 'localhost', '::1']);

/** Without tokens, accept only local requests. The Host check stops web pages that use DNS rebinding. */
function whyNotLocal(request: Request): string | null {
  const named = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[|\]$/g, '');
  if (!loopback.has(named)) return 'TEAMS_LOCAL accepts only requests to a loopback host name';
  if (isForwarded(request)) return 'TEAMS_LOCAL does not accept forwarded requests';
  const { serviceUrl } = (request.body ?? {}) as { serviceUrl?: unknown };
  return isTeamsAddress(serviceUrl, 'local') ? null : 'TEAMS_LOCAL answers only to loopback addresses';
}
