import { stringify } from 'yaml';
import type { Config } from '../config';
import { defaultReminders } from '../pipeline/remind';
import type { Output } from './output';

const hidden = '(set, not shown)';

/** Prints what is in force: what the variables say, then what RUNWATCH_CONFIG may hold, with its defaults. */
export function printConfig(config: Config, output: Output): void {
  const { azure, slack, teams, policy, points, techniquesOff, responders, ...rest } = config;
  const shown = {
    ...rest,
    redisUrl: config.redisUrl && hidden,
    consoleToken: config.consoleToken && hidden,
    azure: { ...azure, accessToken: azure.accessToken && hidden },
    slack: slack && {
      ...slack,
      botToken: hidden,
      appToken: slack.appToken && hidden,
      signingSecret: slack.signingSecret && hidden,
    },
    teams: teams && { ...teams, appPassword: hidden },
    responders,
    techniquesOff: [...techniquesOff],
    RUNWATCH_CONFIG: {
      ...policy,
      ...(policy.escalation ? { escalation: { ...policy.escalation, routingKey: hidden } } : {}),
      score: points,
      reminders: { ...defaultReminders, ...policy.reminders },
    },
  };
  output.out(stringify(shown).trimEnd());
}
