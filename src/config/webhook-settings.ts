import { z } from 'zod';
import { keyOfSecret } from '../domain/webhooks/signature';
import {
  alertEvents,
  type WebhookEvent,
  type WebhookFormat,
  webhookEvents,
  webhookFormats,
} from '../domain/webhooks/webhook-event';

const secret = z
  .string()
  .refine((text) => keyOfSecret(text) !== null, 'expected whsec_ and 24 to 64 bytes in base64');

/** A webhook in RUNWATCH_CONFIG. `when` is added where the conditions of routes are known. */
export const webhookSchema = z.strictObject({
  /** Part of queue names and of the ids that receivers see. */
  name: z.string().regex(/^[a-z0-9][a-z0-9-]{0,30}$/, 'expected a short name such as siem'),
  url: z.url({ protocol: /^https?$/ }),
  secret,
  previousSecret: secret.optional(),
  events: z.array(z.enum(webhookEvents)).min(1).optional(),
  format: z.enum(webhookFormats).optional(),
  allowPrivate: z.literal(true).optional(),
});
type Written = z.output<typeof webhookSchema>;

/** Each has a queue and a worker. */
export const maxWebhooks = 20;

/** What a webhook's keys do not say each for themselves. */
export function webhookFaults(webhooks: readonly Written[]): string[] {
  return webhooks.flatMap(({ name, url, allowPrivate, ...hook }, index) => {
    const { protocol, username, password } = new URL(url);
    const left = eventsOf(hook).filter((event) => !isDescribed(event, formatOf(hook)));
    return [
      webhooks.findIndex((one) => one.name === name) < index && `name: ${name} is used twice`,
      protocol !== 'https:' && !allowPrivate && 'url: expected https, or allowPrivate: true',
      (username || password) && 'url: expected no user or password; receivers check the signature',
      left.length > 0 && `events: ${formatOf(hook)} has alerts only, so it can't have ${left.join(', ')}`,
    ].flatMap((fault) => (fault ? [`webhooks.${index}.${fault}`] : []));
  });
}

export const formatOf = ({ format = 'runwatch' }: Pick<Written, 'format'>): WebhookFormat => format;

/** By default, all events that the format can describe. */
export const eventsOf = (hook: Pick<Written, 'events' | 'format'>): readonly WebhookEvent[] =>
  hook.events ?? webhookEvents.filter((event) => isDescribed(event, formatOf(hook)));

const isDescribed = (event: WebhookEvent, format: WebhookFormat) =>
  format === 'runwatch' || alertEvents.includes(event);
