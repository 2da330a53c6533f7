import { z } from 'zod';
import type { TicketState } from '../domain/alerts/triage';
import { plainLine } from '../domain/text/plain-text';
import type { CallbackSource } from './callback';

const states: Readonly<Record<string, TicketState>> = {
  'incident.acknowledged': 'acknowledged',
  'incident.unacknowledged': 'open',
  'incident.resolved': 'closed',
  'incident.reopened': 'open',
};

/** Source: developer.pagerduty.com/docs/webhooks-overview, V3. The test event `pagey.ping` has no incident. */
const schema = z.object({
  event: z.object({
    id: z.string().min(1).max(200),
    event_type: z.string().max(100),
    occurred_at: z.iso.datetime({ offset: true }),
    agent: z.object({ summary: z.string().optional(), type: z.string().optional() }).nullish(),
    data: z.object({ incident_key: z.string().max(300).nullish() }),
  }),
});

/** The incident's key is the dedup key that Runwatch sent. */
export const pagerDutyCallbacks: CallbackSource = {
  place: 'pagerduty',
  path: '/callbacks/pagerduty',
  header: 'x-pagerduty-signature',
  scheme: 'v1',
  secretOf: ({ callbackSecret }) => callbackSecret ?? null,
  nameOf: () => 'PagerDuty',
  read: (body) => {
    const { id, event_type, occurred_at, agent, data } = schema.parse(body).event;
    const state = Object.hasOwn(states, event_type) ? states[event_type] : undefined;
    if (!state || !data.incident_key) return null;
    // Integrations and services act too, but are not people.
    const person = agent?.type?.startsWith('user') ? plainLine(agent.summary, 80) : '';
    const at = new Date(occurred_at).toISOString();
    return { id, ticket: data.incident_key, state, at, ...(person ? { person } : {}) };
  },
};
