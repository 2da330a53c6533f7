import { App, type Logger as BoltLogger, ExpressReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import type { Router } from 'express';
import { plainLine } from '../../domain/text/plain-text';
import type { Log } from '../../runtime/log';
import { createFastFetch } from './fast-fetch';
import { followPresses } from './listen/follow-presses';
import { listenToForms } from './listen/listen-to-forms';
import { listenToHome } from './listen/listen-to-home';
import { listenToLookups } from './listen/listen-to-lookups';
import { listenToPages } from './listen/listen-to-pages';
import { listenToPresses } from './listen/listen-to-presses';
import type { ListenerDeps, SlackAppDeps } from './listen/listener-deps';
import { createSlackPeople, type SlackPeople } from './slack-people';
import type { SlackConfig } from './slack-settings';
import { channelIn } from './workspaces';

export interface SlackApp {
  /** In HTTP mode, the router that serves /slack/events; otherwise null. */
  router: Router | null;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

/** User lookup by the workspace of the press. Unknown workspaces use the first one. */
export function createPeopleIn(
  client: WebClient,
  config: SlackConfig,
  log: Log,
): (team: string | undefined) => SlackPeople {
  const teams = Object.keys(config.workspaces);
  const own = createSlackPeople(client, teams);
  const others = new Map(
    Object.entries(config.workspaces).map(([team, botToken]) => [
      team,
      createSlackPeople(createSlackClient({ ...config, botToken }, log), teams),
    ]),
  );
  return (team) => others.get(team ?? '') ?? own;
}

/** Clients by workspace. Unknown workspaces use the first one. */
export function createClientIn(config: SlackConfig, log: Log): (team: string | undefined) => WebClient {
  const own = createSlackClient(config, log);
  const others = new Map(
    Object.entries(config.workspaces).map(([team, botToken]) => [
      team,
      createSlackClient({ ...config, botToken }, log),
    ]),
  );
  return (team) => others.get(team ?? '') ?? own;
}

/** Client without automatic retries: before a retry, delivery checks whether the message was posted. */
export const createSlackClient = (
  { botToken, apiUrl }: Pick<SlackConfig, 'botToken' | 'apiUrl'>,
  log: Log,
): WebClient =>
  new WebClient(botToken, {
    slackApiUrl: apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    allowAbsoluteUrls: false,
    maxRequestConcurrency: 50,
    fetch: createFastFetch(new URL(apiUrl).origin, 10_000),
    logger: boltLogger(log),
  });

/** Creates the Bolt app: Socket Mode with an app token, otherwise HTTP with a signing secret. */
export function createSlackApp(deps: SlackAppDeps): SlackApp {
  const { config, log } = deps;
  const logger = boltLogger(log);
  const express = config.appToken
    ? null
    : new ExpressReceiver({ signingSecret: config.signingSecret ?? '', endpoints: '/slack/events', logger });
  const receiver =
    express ??
    new SocketModeReceiver({
      appToken: config.appToken ?? '',
      logger,
      installerOptions: { clientOptions: { slackApiUrl: config.apiUrl } },
    });
  const tokens = config.workspaces;
  const several = Object.keys(tokens).length > 0;
  const app = new App({
    ...(several
      ? { authorize: async ({ teamId }) => ({ botToken: tokens[teamId ?? ''] ?? config.botToken }) }
      : { token: config.botToken }),
    receiver,
    logger,
    clientOptions: { slackApiUrl: config.apiUrl, allowAbsoluteUrls: false },
    deferInitialization: true,
    tokenVerificationEnabled: false,
  });
  const others = new Set(Object.keys(tokens));
  const stopped = new AbortController();
  const own: ListenerDeps = {
    app,
    placeOf: (team, channel) => channelIn(team, channel, others),
    ...deps,
  };
  const clientIn = createClientIn(config, log);
  const listenerDeps = { ...own, press: followPresses(own, { clientIn, stopped: stopped.signal }) };
  listenToPresses(listenerDeps);
  listenToForms(listenerDeps);
  listenToHome(listenerDeps);
  listenToPages(listenerDeps);
  listenToLookups(listenerDeps);

  app.error(async (error) => {
    log.error({ error }, 'a Slack listener failed');
  });

  return {
    router: express ? (express.router as Router) : null,
    start: async () => {
      await app.init();
      if (!express) await app.start();
    },
    stop: async () => {
      stopped.abort();
      if (!express) await app.stop();
    },
  };
}

function boltLogger(log: Log): BoltLogger {
  const logAt =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (...parts: unknown[]) =>
      log[level]({ from: 'slack' }, plainLine(parts.map(String).join(' '), 500));
  return {
    debug: () => {},
    info: logAt('debug'),
    warn: logAt('warn'),
    error: logAt('error'),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}
