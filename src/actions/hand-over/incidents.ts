import type { Alert } from '../../domain/alerts/alert';
import { uuidFrom } from '../../domain/text/guid';
import { t } from '../../domain/text/translate';
import type { ActionDeps } from '../action';
import { type About, about, type Escalation, pageFor } from './incident-facts';
import { pagerDuty, post } from './post';
import { type Told, tellPage, tellSentinel, tellTicket } from './tell';
import { filled, ticketIdOf, valueAt } from './template';

/** A place where incidents can be opened. */
export interface Opener {
  id: string;
  /** The display name; null if the place is not configured. */
  where: (escalation: Escalation) => string | null;
  /** Hosts that its links lead to; null if the link is from a connected chat. */
  hosts: (escalation: Escalation) => readonly string[] | null;
  /** Repeating the request opens no second incident. */
  repeatable: boolean;
  /** What names the alert's incident there; null if the place chooses that. */
  ticketOf: (alert: Alert) => string | null;
  /** Opens an incident for the alert. Returns null if there is nothing to open. */
  open: (alert: Alert, escalation: Escalation, deps: ActionDeps) => Promise<Opened | null>;
  /** Tells the place the alert's state. Returns false if it is not configured to be told. Safe to repeat. */
  tell?: (told: Told, escalation: Escalation, deps: ActionDeps) => Promise<boolean>;
}

interface Opened {
  /** As the place returned it; may be empty. */
  link: string;
  /** What names the incident there, if the place chose it. */
  ticket?: string | undefined;
}

/** PagerDuty's Events API v2, or a compatible service. The alert id as the dedup key prevents duplicates. */
const openPage: Opener['open'] = async (alert, escalation, deps) => {
  await post(escalation.url ?? pagerDuty, pageFor(alert, alert.id, escalation, deps));
  return { link: '' };
};

/**
 * ServiceNow, Jira and similar. The configuration gives the body's template and the path of the link in the
 * response.
 */
const openTicket: Opener['open'] = async (alert, { webhook }, deps) => {
  if (!webhook) return null;
  const facts = about(alert, deps);
  const body = filled(webhook.body ?? facts, facts);
  const answer = await post(webhook.url, body, { 'idempotency-key': alert.id, ...webhook.headers });
  const link = webhook.link ? valueAt(answer, webhook.link) : null;
  const ticket = webhook.ticket ? ticketIdOf(valueAt(answer, webhook.ticket)) : null;
  return { link: typeof link === 'string' ? link : '', ...(ticket ? { ticket } : {}) };
};

/**
 * A Microsoft Sentinel incident. Its name is derived from the alert id, so repeating the request changes
 * nothing.
 */
const openSentinel: Opener['open'] = async (alert, { sentinel }, deps) => {
  if (!sentinel) return null;
  const { title, severity, reasons, link, startedAt } = about(alert, deps);
  const url = await deps.azure.putIncident(sentinel, uuidFrom(alert.id), {
    title,
    description: `${reasons.join('; ')}\n${link}`,
    severity: { critical: 'High', high: 'High', medium: 'Medium', low: 'Low' }[severity],
    status: 'New',
    firstActivityTimeUtc: startedAt,
    labels: [{ labelName: 'runwatch' }, { labelName: alert.id }],
  });
  return { link: url };
};

/** A dedicated channel with the right people, the alert and its thread. */
const openChannel: Opener['open'] = async (alert, { channel }, deps) => {
  const link = await deps.createChatChannel(alert, Array.isArray(channel) ? channel : []);
  return link === null ? null : { link };
};

/**
 * Opens an incident about Runwatch itself when chat did not accept a notice. It goes to PagerDuty and the
 * webhook, if configured. Returns whether any accepted it.
 */
export async function openIncident(
  { id, title, since }: { id: string; title: string; since: number },
  event: 'trigger' | 'resolve',
  escalation: Escalation | undefined,
): Promise<boolean> {
  const { routingKey, url, webhook } = escalation ?? {};
  const startedAt = new Date(since).toISOString();
  const posts: Promise<unknown>[] = [];
  if (routingKey)
    posts.push(
      post(url ?? pagerDuty, {
        routing_key: routingKey,
        event_action: event,
        dedup_key: id,
        payload: {
          summary: title.slice(0, 1000),
          source: 'runwatch',
          severity: 'critical',
          timestamp: startedAt,
        },
      }),
    );
  if (webhook && event === 'trigger') {
    const facts: About = {
      id,
      title,
      severity: 'critical',
      score: 100,
      caller: 'Runwatch',
      target: 'Runwatch',
      startedAt,
      reasons: [title],
      link: '',
    };
    posts.push(
      post(webhook.url, filled(webhook.body ?? facts, facts), {
        'idempotency-key': id,
        ...webhook.headers,
      }),
    );
  }
  const results = await Promise.allSettled(posts);
  const [failed] = results.filter((result) => result.status === 'rejected');
  if (failed && results.every((result) => result.status === 'rejected')) throw failed.reason;
  return results.length > 0;
}

/** Portals of the Azure clouds, and that of Defender, where Sentinel has moved. */
const portals = ['portal.azure.com', 'portal.azure.us', 'portal.azure.cn', 'security.microsoft.com'];

export const openers: readonly Opener[] = [
  {
    id: 'pagerduty',
    where: ({ routingKey }) => (routingKey ? 'PagerDuty' : null),
    hosts: () => [],
    repeatable: true,
    ticketOf: ({ id }) => id,
    open: openPage,
    tell: tellPage,
  },
  {
    id: 'webhook',
    where: ({ webhook }) => (webhook ? new URL(webhook.url).hostname : null),
    hosts: ({ webhook }) => (webhook ? [new URL(webhook.url).host] : []),
    repeatable: false,
    ticketOf: () => null,
    open: openTicket,
    tell: tellTicket,
  },
  {
    id: 'sentinel',
    where: ({ sentinel }) => (sentinel ? 'Microsoft Sentinel' : null),
    hosts: () => portals,
    repeatable: true,
    ticketOf: ({ id }) => id,
    open: openSentinel,
    tell: tellSentinel,
  },
  {
    id: 'channel',
    where: ({ channel }) => (channel ? t`a dedicated channel` : null),
    hosts: () => null,
    repeatable: true,
    ticketOf: () => null,
    open: openChannel,
  },
];
