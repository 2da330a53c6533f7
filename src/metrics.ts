import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** What Prometheus reads at /metrics. */
export function createMetrics() {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  return {
    registry,
    polls: new Counter({
      name: 'runwatch_polls_total',
      help: 'Polls of a subscription',
      labelNames: ['result'],
      registers,
    }),
    events: new Counter({
      name: 'runwatch_events_total',
      help: 'Activity events read for the first time',
      labelNames: ['kind'],
      registers,
    }),
    hubLag: new Gauge({
      name: 'runwatch_event_hub_lag_seconds',
      help: "Seconds from the event hub's taking a message to our reading it",
      labelNames: ['partition'],
      registers,
    }),
    alerts: new Counter({
      name: 'runwatch_alerts_total',
      help: 'Alerts raised',
      labelNames: ['technique', 'verdict'],
      registers,
    }),
    deliveries: new Counter({
      name: 'runwatch_deliveries_total',
      help: 'Messages sent or updated',
      labelNames: ['surface', 'result'],
      registers,
    }),
    presses: new Counter({
      name: 'runwatch_presses_total',
      help: 'Buttons pressed',
      labelNames: ['action', 'result'],
      registers,
    }),
    apiCalls: new Counter({
      name: 'runwatch_api_calls_total',
      help: 'Calls to Azure',
      labelNames: ['service', 'status'],
      registers,
    }),
    queueDepth: new Gauge({
      name: 'runwatch_queue_jobs',
      help: 'Jobs in a queue',
      labelNames: ['queue', 'state'],
      registers,
    }),
    delay: new Histogram({
      name: 'runwatch_event_to_message_seconds',
      help: "Seconds from an execution's first event to its message",
      buckets: [1, 2, 5, 10, 30, 60, 120, 300, 600, 1200, 3600],
      registers,
    }),
  };
}
export type Metrics = ReturnType<typeof createMetrics>;
