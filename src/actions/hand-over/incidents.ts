import type { PolicyFile } from '../../config/config';
import { type Alert, summarize } from '../../domain/alerts/alert';
import { uuidFrom } from '../../domain/text/guid';
import { plainLine } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';
import { sendRequest } from '../../runtime/outgoing-request';
import type { ActionDeps } from '../action';

type Escalation = NonNullable<PolicyFile['escalation']>;

/** A place where incidents can be opened. */
export interface Opener {
  id: string;
  /** The display name; null if the place is not configured. */
  where: (escalation: Escalation) => string | null;
  /** Hosts that its links lead to; null if the link is from a connected chat. */
  hosts: (escalation: Escalation) => readonly string[] | null;
  /** Repeating the request opens no second incident. */
  repeatable: boolean;
  /** Opens an incident for the alert. Returns its link, or null if there is nothing to open. */
  open: (alert: Alert, escalation: Escalation, deps: ActionDeps) => Promise<string | null>;
}

const pagerDuty = 'https://events.pagerduty.com/v2/enqueue';

/** The facts that every incident includes. */
function about(alert: Alert, { linkTo }: ActionDeps) {
  const { technique, target, caller, startedAt } = summarize(alert);
  return {
    id: alert.id,
    title: plainLine(t`${technique.title} on ${target.name} by ${caller.name} (${alert.id})`, 250),
    severity: alert.severity,
    score: alert.score,
    caller: plainLine(caller.name, 200),
    target: target.id,
    startedAt,
    reasons: alert.reasons.map((reason) => plainLine(reason.text, 200)),
    link: linkTo(alert.id) ?? '',
  };
}
type About = ReturnType<typeof about>;

/** PagerDuty's Events API v2, or a compatible service. The alert id as the dedup key prevents duplicates. */
const openPage: Opener['open'] = async (alert, { routingKey, url }, deps) => {
  const { title, severity, target, startedAt, score, reasons, link } = about(alert, deps);
  await post(url ?? pagerDuty, {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: alert.id,
    links: link ? [{ href: link, text: alert.id }] : [],
    payload: {
      summary: title,
      source: target,
      severity: { critical: 'critical', high: 'error', medium: 'warning', low: 'info' }[severity],
      timestamp: startedAt,
      custom_details: { score, reasons },
    },
  });
  return '';
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
  const link = webhook.link?.split('.').reduce<unknown>((at, key) => (at as Loose)?.[key], answer);
  return typeof link === 'string' ? link : '';
};

/**
 * A Microsoft Sentinel incident. Its name is derived from the alert id, so repeating the request changes
 * nothing.
 */
const openSentinel: Opener['open'] = async (alert, { sentinel }, deps) => {
  if (!sentinel) return null;
  const { title, severity, reasons, link, startedAt } = about(alert, deps);
  return deps.azure.putIncident(sentinel, uuidFrom(alert.id), {
    title,
    description: `${reasons.join('; ')}\n${link}`,
    severity: { critical: 'High', high: 'High', medium: 'Medium', low: 'Low' }[severity],
    status: 'New',
    firstActivityTimeUtc: startedAt,
    labels: [{ labelName: 'runwatch' }, { labelName: alert.id }],
  });
};

/** A dedicated channel with the right people, the alert and its thread. */
const openChannel: Opener['open'] = (alert, { channel }, deps) =>
  deps.createChatChannel(alert, Array.isArray(channel) ? channel : []);

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
    open: openPage,
  },
  {
    id: 'webhook',
    where: ({ webhook }) => (webhook ? new URL(webhook.url).hostname : null),
    hosts: ({ webhook }) => (webhook ? [new URL(webhook.url).host] : []),
    repeatable: false,
    open: openTicket,
  },
  {
    id: 'sentinel',
    where: ({ sentinel }) => (sentinel ? 'Microsoft Sentinel' : null),
    hosts: () => portals,
    repeatable: true,
    open: openSentinel,
  },
  {
    id: 'channel',
    where: ({ channel }) => (channel ? t`a dedicated channel` : null),
    hosts: () => null,
    repeatable: true,
    open: openChannel,
  },
];

type Loose = Record<string, unknown>;

/**
 * Fills in {{title}} and other fields in every string of the template. A string that is only one field keeps
 * the field's type.
 */
function filled(template: unknown, facts: About): unknown {
  const fieldOf = (name: string) => (Object.hasOwn(facts, name) ? facts[name as keyof About] : '');
  if (Array.isArray(template)) return template.map((item) => filled(item, facts));
  if (typeof template === 'object' && template !== null)
    return Object.fromEntries(Object.entries(template).map(([key, value]) => [key, filled(value, facts)]));
  if (typeof template !== 'string') return template;
  const alone = /^\{\{(\w+)\}\}$/.exec(template)?.[1];
  if (alone) return fieldOf(alone);
  return template.replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(fieldOf(name)));
}

async function post(url: string, body: unknown, headers: Record<string, string> = {}): Promise<unknown> {
  const { status, text } = await sendRequest({
    url,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
    allowPrivate: true,
  });
  if (status < 200 || status > 299) throw new Error(`${new URL(url).hostname} answered ${status}`);
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
