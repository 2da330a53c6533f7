/** What is known of how Runwatch works, of all processes. Times are RFC 3339. */
export interface HealthReport {
  at: string;
  /** A log that was read longer ago is behind, ms. */
  staleAfterMs: number;
  problems: HealthProblem[];
  subscriptions: SubscriptionReport[];
  surfaces: SurfaceReport[];
  webhooks: readonly WebhookReport[];
  queues: {
    name: string;
    waiting: number;
    active: number;
    delayed: number;
    failed: number;
    oldestSeconds: number;
  }[];
  /** Records of the log that could not be understood, of the last thousand kept. */
  unreadable: number;
  permissions: PermissionReport;
}

export interface HealthProblem {
  id: string;
  kind: string;
  says: string;
  /** When it was first noticed; null if that was just now. */
  since: string | null;
}

export interface SubscriptionReport {
  id: string;
  name: string;
  /** When Azure last answered a poll; null before the first answer. */
  lastPollAt: string | null;
  /** Everything logged before was read; null if nothing was. */
  readTo: string | null;
  error: string | null;
  /** HTTP status of the error. */
  status: number | null;
  historyDays: number;
}

/** Where alerts are sent. */
export interface SurfaceReport {
  name: string;
  waiting: number;
  /** When the oldest waiting message began to wait; null if none waits. */
  waitsSince: string | null;
  /** When it last accepted a message; null if it did not yet. */
  acceptedAt: string | null;
  error: string | null;
}

/** A webhook from RUNWATCH_CONFIG. */
export interface WebhookReport {
  name: string;
  host: string;
  /** Messages that were not accepted yet. */
  waiting: number;
  /** When the oldest of them changed; null if none waits. */
  waitsSince: string | null;
  /** Messages that were given up, of those kept: after a day, or since the destination is gone. */
  failed: number;
  /** When it last accepted a message; null if it did not yet. */
  acceptedAt: string | null;
  /** Why the last attempt failed; null if it did not. */
  error: string | null;
  /** When it answered 410 Gone, since when nothing is sent; null otherwise. */
  goneAt: string | null;
  /** When changes were missed, since they were no longer kept; null if never. */
  lostAt: string | null;
}

/** What Runwatch's identity lacks for the actions that responders may take. */
export interface PermissionReport {
  /** Names of actions that nothing in a subscription permits, of the subscriptions that could be checked. */
  lacking: { subscription: string; actions: string[] }[];
  /** Number of subscriptions that were checked. */
  checked: number;
}
