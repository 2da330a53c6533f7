import { z } from 'zod';
import type { SurfaceSettings } from '../../config/surface-settings';
import { number, starts } from '../../config/variable-types';
import { shownUrl } from '../../domain/text/redactor';

export interface SlackConfig {
  readonly botToken: string;
  readonly channel: string;
  readonly appToken: string | null;
  readonly signingSecret: string | null;
  readonly apiUrl: string;
  /** Messages per second per channel. */
  readonly rate: number;
  /** Bot tokens of other workspaces by team id. */
  readonly workspaces: Readonly<Record<string, string>>;
}

const variables = {
  SLACK_BOT_TOKEN: starts('xoxb-'),
  SLACK_CHANNEL: z.string().min(1),
  SLACK_APP_TOKEN: starts('xapp-'),
  SLACK_SIGNING_SECRET: z.string().min(1),
  SLACK_API_URL: z.url({ protocol: /^https?$/ }).meta({ expected: 'an http(s) URL' }),
  RUNWATCH_SLACK_RATE: number(0.01, 100_000, false),
};

const hidden = '(set, not shown)';

export const slackSettings: SurfaceSettings<typeof variables, SlackConfig> = {
  name: 'slack',
  variables,
  secrets: ['SLACK_BOT_TOKEN', 'SLACK_APP_TOKEN', 'SLACK_SIGNING_SECRET'],
  keys: {
    workspaces: {
      schema: z.record(
        z.string().regex(/^T[A-Z0-9]+$/, 'a Slack team id'),
        z.string().regex(/^[A-Z][A-Z0-9_]*$/),
      ),
      description:
        'other Slack workspaces by team id, each with the name of the variable that holds its bot token; routes use `TEAM/CHANNEL`',
    },
  },
  read: (values, { policy, variable, faults }) => {
    const named = Object.entries((policy.workspaces ?? {}) as Record<string, string>);
    const workspaces = Object.fromEntries(
      named.map(([team, name]) => {
        const token = variable(name);
        if (!token)
          faults.push(`${name}: unset, expected the bot token of workspace ${team} (RUNWATCH_CONFIG)`);
        return [team, token ?? ''];
      }),
    );
    if (!values.SLACK_BOT_TOKEN && !values.SLACK_CHANNEL) return null;
    const missing = (name: string, why: string) => {
      if (!faults.some((fault) => fault.startsWith(`${name}:`)))
        faults.push(`${name}: unset, expected ${why}`);
    };
    if (!values.SLACK_BOT_TOKEN) missing('SLACK_BOT_TOKEN', 'a bot token, because SLACK_CHANNEL is set');
    if (!values.SLACK_CHANNEL)
      missing('SLACK_CHANNEL', 'the channel for alerts, because SLACK_BOT_TOKEN is set');
    if (!values.SLACK_APP_TOKEN && !values.SLACK_SIGNING_SECRET)
      missing('SLACK_APP_TOKEN', 'an app token (Socket Mode), or SLACK_SIGNING_SECRET (HTTP)');
    return {
      botToken: values.SLACK_BOT_TOKEN ?? '',
      channel: values.SLACK_CHANNEL ?? '',
      appToken: values.SLACK_APP_TOKEN ?? null,
      signingSecret: values.SLACK_SIGNING_SECRET ?? null,
      apiUrl: (values.SLACK_API_URL ?? 'https://slack.com/api/').replace(/\/*$/, '/'),
      rate: values.RUNWATCH_SLACK_RATE ?? 1,
      workspaces,
    };
  },
  shown: (slack) => ({
    ...slack,
    botToken: hidden,
    appToken: slack.appToken && hidden,
    signingSecret: slack.signingSecret && hidden,
    apiUrl: shownUrl(slack.apiUrl),
    workspaces: Object.fromEntries(Object.keys(slack.workspaces).map((team) => [team, hidden])),
  }),
};
