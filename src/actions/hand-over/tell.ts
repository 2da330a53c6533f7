import type { Alert, ClosedAs } from '../../domain/alerts/alert';
import type { TicketState } from '../../domain/alerts/triage';
import { uuidFrom } from '../../domain/text/guid';
import type { ActionDeps } from '../action';
import { about, type Escalation, pageFor } from './incident-facts';
import { pagerDuty, post } from './post';
import { filled, filledUrl } from './template';

/** A state to tell a place. */
export interface Told {
  alert: Alert;
  /** What names the incident there. */
  ticket: string;
  state: TicketState;
  /** What the place was told before. */
  before: TicketState;
}

type Tell = (told: Told, escalation: Escalation, deps: ActionDeps) => Promise<boolean>;

/**
 * PagerDuty can't reopen a resolved incident by an event: a reopened alert triggers a new one. An acknowledged incident
 * stays so, which is not said to be open.
 */
export const tellPage: Tell = async ({ alert, ticket, state, before }, escalation, deps) => {
  const { url = pagerDuty, routingKey } = escalation;
  const send = (action: string) =>
    post(url, { routing_key: routingKey, event_action: action, dedup_key: ticket });
  if (state === 'closed') await send('resolve');
  else {
    if (state === 'open' || before === 'closed') await post(url, pageFor(alert, ticket, escalation, deps));
    if (state === 'acknowledged') await send('acknowledge');
  }
  return !(state === 'open' && before === 'acknowledged');
};

/** By the template of the configuration; a state that it does not name is not told. */
export const tellTicket: Tell = async ({ alert, ticket, state }, { webhook }, deps) => {
  const { update } = webhook ?? {};
  const value = update?.states ? update.states[state] : state;
  if (!webhook || !update || value === undefined) return false;
  const fields = { ...about(alert, deps), ticket, state: value, by: alert.history.at(-1)?.by.name ?? '' };
  const body = filled(update.body ?? { state: '{{state}}' }, fields);
  await post(filledUrl(update.url, fields), body, webhook.headers, update.method);
  return true;
};

/** Reasons that Sentinel has for the same finding; of any other, it is told that the finding is undetermined. */
const classifications: Partial<Record<ClosedAs, Record<string, string>>> = {
  'true positive': { classification: 'TruePositive', classificationReason: 'SuspiciousActivity' },
  expected: { classification: 'BenignPositive', classificationReason: 'SuspiciousButExpected' },
};

export const tellSentinel: Tell = async ({ alert, ticket, state, before }, { sentinel }, { azure }) => {
  if (!sentinel) return false;
  const status = { open: 'New', acknowledged: 'Active', closed: 'Closed' }[state];
  const known = alert.closedAs ? classifications[alert.closedAs] : undefined;
  const properties = { status, ...(state === 'closed' ? (known ?? { classification: 'Undetermined' }) : {}) };
  return azure.changeIncident(sentinel, uuidFrom(ticket), properties, { mayReopen: before === 'closed' });
};
