import { App, type Logger as BoltLogger, ExpressReceiver, LogLevel, SocketModeReceiver } from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import type { Router } from 'express';
import type { Alert, Presser } from '../../alerts/alert';
import type { Exception } from '../../alerts/exception';
import { plainLine } from '../../alerts/plain-text';
import type { SlackConfig } from '../../config';
import type { Log } from '../../log';
import type { AlertView } from '../../measures/alert-view';
import type { SurfacePress } from '../press';
import { createFastFetch } from './fast-fetch';
import { listenToForms } from './listen-to-forms';
import { listenToPages } from './listen-to-pages';
import { listenToPresses } from './listen-to-presses';
import { createSlackPeople, type SlackPeople } from './people';
import { channelIn } from './workspaces';

export interface SlackAppDeps {
  config: SlackConfig;
  log: Log;
  press: (pressed: SurfacePress) => Promise<string>;
  /** Who somebody is, in the workspace that they pressed in. */
  peopleIn: (team: string | undefined) => SlackPeople;
  mayRead: (presser: Presser) => Promise<boolean>;
  /** Told to whoever may not read. */
  cannotRead: string;
  getView: (id: string) => Promise<AlertView | null>;
  /** Alerts that are still open, newest first. */
  openAlerts: () => Promise<Alert[]>;
  /** False when no responder is configured. */
  responders: boolean;
  /** What an exception matches and would have silenced, in words. */
  backtest: (exception: Pick<Exception, 'match' | 'silenceCritical'>) => Promise<string>;
  /** What a person's home page shows. */
  home: (presser: Presser) => Promise<{ heading: string; lines: string[] }[]>;
  /** Answers `/runwatch …`. */
  command: (text: string) => Promise<string>;
  now: () => number;
}

/** What the listeners share. */
export interface SlackListening extends SlackAppDeps {
  app: App;
  /** A channel as we write it: with its team where that is not the first workspace. */
  placeOf: (team: string | undefined, channel: string) => string;
}

export interface SlackApp {
  /** In HTTP mode: to be mounted; it answers /slack/events. */
  router: Router | null;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Who somebody is, by the workspace that they pressed in; what is no workspace of ours is looked up in the first. */
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

/** Never repeats a request by itself: whether a message was taken is looked up first. */
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

/** Bolt, over HTTP with a signing secret or in Socket Mode with an app token. It turns what is pressed into presses. */
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
  const listening: SlackListening = {
    app,
    placeOf: (team, channel) => channelIn(team, channel, others),
    ...deps,
  };
  listenToPresses(listening);
  listenToForms(listening);
  listenToPages(listening);

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
      if (!express) await app.stop();
    },
  };
}

function boltLogger(log: Log): BoltLogger {
  const say =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (...parts: unknown[]) =>
      log[level]({ from: 'slack' }, plainLine(parts.map(String).join(' '), 500));
  return {
    debug: () => {},
    info: say('debug'),
    warn: say('warn'),
    error: say('error'),
    setLevel: () => {},
    getLevel: () => LogLevel.INFO,
    setName: () => {},
  };
}
