import type { Alert } from '../alerts/alert';
import { changeKinds } from '../change';
import type { Exception } from '../exceptions/exception';
import type { Measure } from '../measures/measure';

/** What a webhook can be told. */
export const webhookEvents = changeKinds.filter((kind) => kind !== 'approval.changed');
export type WebhookEvent = (typeof webhookEvents)[number];

export const webhookFormats = ['runwatch', 'ocsf', 'ecs'] as const;
export type WebhookFormat = (typeof webhookFormats)[number];

/** OCSF and ECS describe alerts only. */
export const alertEvents: readonly WebhookEvent[] = ['alert.raised', 'alert.changed', 'alert.closed'];

/** What changed, in its present state. */
export type WebhookSubject =
  | { kind: 'alert'; alert: Alert; link: string | null }
  | { kind: 'measure'; measure: Measure }
  /** `exception` is null once it was removed. */
  | { kind: 'exception'; id: string; exception: Exception | null }
  | { kind: 'notice'; id: string; text: string }
  | { kind: 'test' };

export interface WebhookMessage {
  event: WebhookEvent | 'webhook.test';
  /** When it happened, ms. */
  at: number;
  subject: WebhookSubject;
}

/** Longest lists in a message. Counts tell how many there are. */
export const maxListed = 50;
