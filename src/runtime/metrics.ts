import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Alert } from '../domain/alerts/alert';
import { stepsReached } from '../domain/alerts/timing';

/** From a minute to a week. */
const responseSeconds = [60, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400, 259_200, 604_800];
const seconds = [0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 3600];

/** Metrics that Prometheus scrapes at /metrics. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const counter = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Counter<L>({ name: `runwatch_${name}`, help, labelNames, registers });
  const gauge = <L extends string = never>(name: string, help: string, labelNames: readonly L[] = []) =>
    new Gauge<L>({ name: `runwatch_${name}`, help, labelNames, registers });
  const histogram = <L extends string = never>(
    name: string,
    help: string,
    labelNames: readonly L[] = [],
    buckets = seconds,
  ) => new Histogram<L>({ name: `runwatch_${name}`, help, labelNames, buckets, registers });
  const metrics = {
    registry,
    polls: counter('polls_total', 'Subscription polls', ['result']),
    events: counter('events_total', 'Activity events read for the first time', ['kind']),
    alerts: counter('alerts_total', 'Alerts raised', ['technique', 'verdict']),
    deliveries: counter('deliveries_total', 'Messages sent or updated', ['surface', 'result']),
    webhooks: counter('webhooks_total', 'Attempts to send a webhook', ['webhook', 'result']),
    presses: counter('presses_total', 'Buttons pressed', ['action', 'result']),
    callbacks: counter('callbacks_total', 'Callbacks of ticket systems', ['place', 'result']),
    apiCalls: counter('api_calls_total', 'Calls to Azure', ['service', 'status']),
    throttled: counter('throttled_total', 'Throttled requests', ['service']),
    hubLag: gauge(
      'event_hub_lag_seconds',
      'Seconds from when the event hub received a message until Runwatch read it',
      ['partition'],
    ),
    queueDepth: gauge('queue_jobs', 'Jobs in a queue', ['queue', 'state']),
    queueAge: gauge('queue_oldest_job_age_seconds', 'Age of the oldest waiting job', ['queue']),
    delay: histogram('event_to_message_seconds', "Seconds from an execution's first event to its message"),
    deliverySeconds: histogram('delivery_seconds', 'Seconds to send a message to a surface', ['surface']),
    pressSeconds: histogram('press_seconds', 'Seconds from a press to its outcome', ['surface']),
    subscriptions: gauge('subscriptions_watched', 'Subscriptions that are polled'),
    subscriptionsFailing: gauge('subscriptions_failing', 'Subscriptions whose last poll failed'),
    lastPoll: gauge(
      'subscription_last_poll_timestamp_seconds',
      'Time of the last successful poll of a subscription',
      ['subscription'],
    ),
    pollError: gauge(
      'subscription_poll_error',
      "1 if a subscription's last poll failed, with its HTTP status",
      ['subscription', 'status'],
    ),
    undelivered: gauge('alerts_undelivered', 'Undelivered alerts and notices, by surface', ['surface']),
    openAlerts: gauge('alerts_open', 'Open alerts', ['severity', 'state']),
    pastTarget: gauge('alerts_past_target', 'Open alerts past their target (sla), by the step to take', [
      'severity',
      'step',
    ]),
    drifted: gauge('isolations_drifted', 'Isolated machines whose isolation was changed outside Runwatch'),
    exceptionsInForce: gauge('exceptions_in_force', 'Exceptions that have not expired'),
    exceptionsUsed: gauge('exceptions_used', 'Alerts suppressed by current exceptions'),
    auditLag: gauge('audit_copy_lag_entries', 'Audit entries missing from a copy', ['place']),
    sentinelRows: counter(
      'sentinel_rows_total',
      'Rows sent to Microsoft Sentinel; reduced: refused, so only their ids were sent',
      ['table', 'result'],
    ),
    webhookAge: gauge('webhook_oldest_seconds', 'Age of the oldest change that a webhook was not sent yet', [
      'webhook',
    ]),
    webhookFailed: gauge('webhook_failed', 'Messages that a webhook gave up', ['webhook']),
    troubles: gauge('troubles', 'Problems that affect detection or delivery, by kind', ['kind']),
    redisUp: gauge('redis_up', '1 if Redis responds'),
    clockOffset: gauge('clock_offset_seconds', "How far Azure's clock is ahead of this host's"),
    credentialExpiry: gauge(
      'credential_expiry_timestamp_seconds',
      'When the configured access token expires',
    ),
    build: gauge('build_info', 'Always 1, labeled with the running versions', ['version', 'node']),
  };
  const timeTo = (words: string, event: string) =>
    histogram(`time_to_${words}_seconds`, `Seconds from an alert to ${event}`, ['severity'], responseSeconds);
  const responseTimes = {
    acknowledge: timeTo('acknowledge', 'its first response'),
    contain: timeTo('contain', 'its first containment'),
    close: timeTo('close', 'its first close'),
  };
  metrics.build.set({ version: require('../../package.json').version, node: process.version }, 1);
  return {
    ...metrics,
    /** Observes the steps that a stored change of an alert reached, each once per alert. */
    changedAlert: (before: Alert | null, after: Alert) => {
      if (!after.announced) return;
      for (const { step, ms } of stepsReached(before, after))
        responseTimes[step].observe({ severity: after.severity }, ms / 1000);
    },
    /** @param status 0 without a response */
    calledAzure: (service: string, status: number) => {
      metrics.apiCalls.inc({ service, status: String(status) });
      if (status === 429) metrics.throttled.inc({ service });
    },
  };
}
export type Metrics = ReturnType<typeof createMetrics>;
