import {
  App,
  type BlockAction,
  type Logger as BoltLogger,
  type ButtonAction,
  ExpressReceiver,
  LogLevel,
  SocketModeReceiver,
  type StaticSelectAction,
} from '@slack/bolt';
import { WebClient } from '@slack/web-api';
import type { Router } from 'express';
import { type Alert, type Presser, summarize } from '../../alerts/alert';
import type { Match } from '../../alerts/exception';
import { plainLine } from '../../alerts/plain-text';
import { type ActionId, actionIds, type SlackConfig } from '../../config';
import type { Log } from '../../log';
import { readExceptionForm } from '../exception-form';
import { exceptionCallback, exceptionModal, type ModalMemory, valuesOf } from './exception-modal';
import { createFastFetch } from './fast-fetch';
import { escapeMrkdwn } from './mrkdwn';
import { createSlackPeople } from './people';

/** A press as it leaves a surface. */
export interface Pressed {
  alertId: string;
  action: ActionId;
  by: Presser;
  input?: Record<string, unknown>;
  replyTo: { surface: string; channel: string; user: string };
  /** The surface's own id of this press, so that one delivered twice counts once. */
  nonce: string;
}

export interface SlackAppDeps {
  config: SlackConfig;
  log: Log;
  press: (pressed: Pressed) => Promise<void>;
  getAlert: (id: string) => Promise<Alert | null>;
  /** What an exception would have silenced, in words. */
  backtest: (match: Match) => Promise<string>;
  /** What a person's home page shows. */
  home: (userId: string) => Promise<{ heading: string; lines: string[] }[]>;
  /** Answers `/runwatch …`. */
  command: (text: string) => Promise<string>;
  now: () => number;
}

export interface SlackApp {
  /** In HTTP mode: to be mounted; it answers /slack/events. */
  router: Router | null;
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

/** Slack waits 3 seconds for an acknowledgement; the queue gets most of them before we answer without it. */
const ackWithinMs = 2000;

/** Never repeats a request by itself: whether a message was taken is looked up first. */
export const createSlackClient = (
  { botToken, apiUrl }: Pick<SlackConfig, 'botToken' | 'apiUrl'>,
  log: Log,
): WebClient =>
  new WebClient(botToken, {
    slackApiUrl: apiUrl,
    retryConfig: { retries: 0 },
    rejectRateLimitedCalls: true,
    timeout: 10_000,
    allowAbsoluteUrls: false,
    maxRequestConcurrency: 50,
    fetch: createFastFetch(new URL(apiUrl).origin),
    logger: boltLogger(log),
  });

/** Bolt, over HTTP with a signing secret or in Socket Mode with an app token. It turns what is pressed into presses. */
export function createSlackApp({
  config,
  log,
  press,
  getAlert,
  backtest,
  home,
  command,
  now,
}: SlackAppDeps): SlackApp {
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
  const app = new App({
    token: config.botToken,
    receiver,
    logger,
    clientOptions: { slackApiUrl: config.apiUrl, allowAbsoluteUrls: false },
    deferInitialization: true,
    tokenVerificationEnabled: false,
  });
  const people = createSlackPeople(app.client);

  app.action<BlockAction<ButtonAction>>(
    new RegExp(`^(${actionIds.filter((id) => id !== 'quick_exception').join('|')})$`),
    async ({ ack, body, action, client }) => {
      const alertId = action.value ?? '';
      const id = action.action_id as ActionId;
      const channel = body.channel?.id ?? config.channel;
      if (id === 'add_exception') {
        await ack();
        const [alert, by] = await Promise.all([
          getAlert(alertId),
          people.presser(body.user.id, body.user.name),
        ]);
        if (!alert) return;
        const { caller, target } = summarize(alert);
        const tested = await backtest({ caller: caller.name, target: target.name });
        await client.views.open({
          trigger_id: body.trigger_id,
          view: exceptionModal(alert, by, channel, now(), tested),
        });
        return;
      }
      const nonce = `${body.user.id}.${id}.${action.action_ts ?? body.trigger_id}`;
      await soonest(ack, async () => {
        const by = await people.presser(body.user.id, body.user.name);
        await press({
          alertId,
          action: id,
          by,
          nonce,
          replyTo: { surface: 'slack', channel, user: body.user.id },
        });
      });
    },
  );

  app.action<BlockAction<StaticSelectAction>>('quick_exception', async ({ ack, body, action }) => {
    const [alertId = '', choice = ''] = action.selected_option.value.split(' ');
    const replyTo = { surface: 'slack', channel: body.channel?.id ?? config.channel, user: body.user.id };
    await soonest(ack, async () => {
      const by = await people.presser(body.user.id, body.user.name);
      await press({
        alertId,
        action: 'quick_exception',
        by,
        input: { choice },
        nonce: `${body.user.id}.${choice}.${action.action_ts}`,
        replyTo,
      });
    });
  });

  app.action<BlockAction<ButtonAction>>(/^caller_(yes|no|automation)$/, async ({ ack, body, action }) => {
    const answer = action.action_id.slice('caller_'.length);
    const replyTo = { surface: 'slack', channel: body.channel?.id ?? body.user.id, user: body.user.id };
    await soonest(ack, async () => {
      const by = await people.presser(body.user.id, body.user.name);
      await press({
        alertId: action.value ?? '',
        action: 'ask_caller',
        by,
        input: { answer },
        nonce: `${body.user.id}.answer`,
        replyTo,
      });
    });
  });

  app.view(exceptionCallback, async ({ ack, body, view }) => {
    const form = readExceptionForm(valuesOf(view.state.values));
    if ('faults' in form) {
      await ack({ response_action: 'errors', errors: form.faults as Record<string, string> });
      return;
    }
    const memory = JSON.parse(view.private_metadata) as ModalMemory;
    await soonest(ack, async () => {
      const by = await people.presser(body.user.id, body.user.name);
      const replyTo = { surface: 'slack', channel: memory.channel, user: body.user.id };
      await press({
        alertId: memory.alertId,
        action: 'add_exception',
        by,
        input: form.input,
        nonce: `${body.user.id}.${view.id}`,
        replyTo,
      });
    });
  });

  app.command('/runwatch', async ({ ack, command: asked, client }) => {
    await ack();
    const text = (await command(asked.text)).slice(0, 30_000);
    await client.chat.postEphemeral({
      channel: asked.channel_id,
      user: asked.user_id,
      text: escapeMrkdwn(text),
    });
  });

  app.event('app_home_opened', async ({ event, client }) => {
    if (event.tab !== 'home') return;
    const parts = await home(event.user);
    const blocks = parts.map(({ heading, lines }) => ({
      type: 'section' as const,
      text: {
        type: 'mrkdwn' as const,
        text: `*${escapeMrkdwn(heading)}*\n${lines.map(escapeMrkdwn).join('\n')}`.slice(0, 3000),
        verbatim: true,
      },
    }));
    await client.views.publish({ user_id: event.user, view: { type: 'home', blocks } });
  });

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

/** Queues, then acknowledges; acknowledges anyway when the queue takes too long, and goes on queueing. */
async function soonest(ack: () => Promise<void>, work: () => Promise<void>): Promise<void> {
  const working = work();
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([
    working,
    new Promise<void>((done) => {
      timer = setTimeout(done, ackWithinMs);
    }),
  ]).finally(() => clearTimeout(timer));
  await ack();
  await working;
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
