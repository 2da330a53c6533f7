import { stringify } from 'yaml';
import { configuredSurfaces } from '../chat/surfaces';
import type { Config, PolicyFile } from '../config/config';
import { allTechniques } from '../domain/techniques/catalogue';
import { isOn } from '../domain/techniques/detections';
import { hideSecrets, redactSecrets, shownUrl } from '../domain/text/redactor';
import { defaultReminders } from '../pipeline/reminder-steps';
import type { Output } from './support/output';

const hidden = '(set, not shown)';

/** Prints the effective configuration: the variables, then RUNWATCH_CONFIG with its defaults. */
export function printConfig(config: Config, output: Output, flags: { json?: boolean } = {}): void {
  hideSecrets(config.hidden);
  const { azure, surfaces, eventHub, policy, points, detections, responders, ...others } = config;
  const { hidden: _, warnings: __, ...rest } = others;
  const shown = {
    ...rest,
    redisUrl: config.redisUrl && shownUrl(config.redisUrl),
    consoleToken: config.consoleToken && hidden,
    signIn: config.signIn && { ...config.signIn, clientSecret: hidden },
    metricsToken: config.metricsToken && hidden,
    tracing: config.tracing && {
      endpoint: shownUrl(config.tracing.endpoint),
      headers: config.tracing.headers && hidden,
    },
    fetchScript: config.fetchScript && {
      identity: config.fetchScript.identity && {
        ...config.fetchScript.identity,
        clientSecret: config.fetchScript.identity.clientSecret && hidden,
      },
    },
    secrets: config.secrets && { current: hidden, previous: config.secrets.previous && hidden },
    azure: { ...azure, endpoint: shownUrl(azure.endpoint), accessToken: azure.accessToken && hidden },
    eventHub: eventHub && { ...eventHub, connectionString: eventHub.connectionString && hidden },
    ...Object.fromEntries(
      configuredSurfaces(surfaces).map(({ definition, settings }) => [
        definition.name,
        definition.shown(settings),
      ]),
    ),
    responders,
    detections: Object.fromEntries(
      allTechniques().map(({ id }) => [id, isOn(id, detections) ? 'on' : 'off']),
    ),
    RUNWATCH_CONFIG: {
      ...shownPolicy(policy),
      score: points,
      reminders: { ...defaultReminders, ...policy.reminders },
    },
  };
  output.out(redactSecrets(flags.json ? JSON.stringify(shown) : stringify(shown).trimEnd()));
}

/** Shows the fields and templates of a webhook body. Hides literal texts, which may be credentials. */
function hideLiterals(body: unknown): unknown {
  if (typeof body === 'string') return body.includes('{{') ? body : hidden;
  if (Array.isArray(body)) return body.map(hideLiterals);
  if (typeof body !== 'object' || body === null) return body;
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, hideLiterals(value)]));
}

type Update = NonNullable<NonNullable<NonNullable<PolicyFile['escalation']>['webhook']>['update']>;

const shownUpdate = (update: Update): Update => ({
  ...update,
  url: shownUrl(update.url),
  ...(update.body === undefined ? {} : { body: hideLiterals(update.body) }),
});

/** Shows webhook URLs without their secrets, and only the names of headers and keys. */
function shownPolicy({ escalation, audit, heartbeat, webhooks, ...policy }: PolicyFile): PolicyFile {
  const webhook = escalation?.webhook;
  return {
    ...policy,
    ...(webhooks
      ? {
          webhooks: webhooks.map((hook) => ({
            ...hook,
            url: shownUrl(hook.url),
            secret: hidden,
            ...(hook.previousSecret ? { previousSecret: hidden } : {}),
          })),
        }
      : {}),
    ...(heartbeat ? { heartbeat: { url: shownUrl(heartbeat.url) } } : {}),
    ...(audit ? { audit: { ...audit, ...(audit.webhook ? { webhook: shownUrl(audit.webhook) } : {}) } } : {}),
    ...(escalation
      ? {
          escalation: {
            ...escalation,
            ...(escalation.routingKey ? { routingKey: hidden } : {}),
            ...(escalation.callbackSecret ? { callbackSecret: hidden } : {}),
            ...(escalation.url ? { url: shownUrl(escalation.url) } : {}),
            ...(webhook
              ? {
                  webhook: {
                    ...webhook,
                    url: shownUrl(webhook.url),
                    ...(webhook.body === undefined ? {} : { body: hideLiterals(webhook.body) }),
                    ...(webhook.callback ? { callback: { ...webhook.callback, secret: hidden } } : {}),
                    ...(webhook.update ? { update: shownUpdate(webhook.update) } : {}),
                    headers: Object.fromEntries(
                      Object.keys(webhook.headers ?? {}).map((name) => [name, hidden]),
                    ),
                  },
                }
              : {}),
          },
        }
      : {}),
  };
}
