import type { Severity } from '../domain/alerts/severity';
import type { OpenState } from '../domain/alerts/transitions';
import { shortDigest } from '../domain/text/short-digest';

/** All keys share the hash tag {runwatch}, so that one script can use several keys on a Redis Cluster. */
const key = (...parts: string[]) => `{runwatch}:${parts.join(':')}`;

export const queuePrefix = '{runwatch}';

/** How each kind of key ends, and what bounds it, is in `key-limits.ts`. */
export const keys = {
  alert: (id: string) => key('alert', id),
  alerts: key('alerts'),
  /** Announced alerts that are not closed, by when they were raised. */
  open: (severity: Severity, state: OpenState) => key('open', severity, state),
  /** Open alerts that were never contained, by when they were raised. */
  uncontained: (severity: Severity) => key('uncontained', severity),
  /** Open alerts by when the reminders check them next. */
  checkAt: (severity: Severity) => key('check-at', severity),
  openIndexed: key('open-indexed'),
  /** Alerts of a month ("2026-11") by term and time. */
  searchMonth: (month: string) => key('search', month),
  /** Alerts that changed since they were indexed, by when. */
  unindexed: key('unindexed'),
  /** How many alerts of the search have the same facets. */
  alertCounts: key('alert-counts'),
  /** The version of the search index that includes the alerts of earlier versions. */
  searchIndexed: key('search-indexed'),
  execution: (executionKey: string) => key('execution', executionKey),
  runs: (base: string) => key('runs', base),
  /** An execution that has to be confirmed. */
  check: (executionKey: string) => key('check', executionKey),
  checkNote: (eventId: string) => key('check-note', eventId),
  machineState: (machineId: string) => key('machine-state', shortDigest(machineId)),
  sessions: (sessionKey: string) => key('sessions', sessionKey),
  history: (callerKey: string) => key('history', callerKey),
  historyNames: key('history-names'),
  historyCallers: key('history-callers'),
  lastSeen: (pair: string, ...parts: string[]) => key('last-seen', shortDigest(pair, ...parts)),
  scriptHistory: (sha256: string) => key('script', sha256),
  scriptRuns: (sha256: string) => key('script-runs', sha256),
  scriptsSince: key('scripts-since'),
  /** Versions before 0.2 noted no pairs, so the log is read again into them, under a key of its own. */
  historyFilled: key('history-filled', 'pairs'),
  oldHistoryFilled: key('history-filled'),
  timeline: (owner: string) => key('timeline', owner),
  followers: (owner: string) => key('followers', owner),
  harmlessCloses: (likenessKey: string) => key('harmless-closes', likenessKey),
  exceptions: key('exceptions'),
  /** Alerts that an exception suppressed: how many, by week. */
  exceptionCounts: (id: string) => key('exception-counts', id),
  /** The newest of them. */
  exceptionSeen: (id: string) => key('exception-seen', id),
  /** Written by versions before 0.2. */
  oldExceptionUses: (id: string) => key('exception-uses', id),
  audit: key('audit'),
  auditHead: key('audit-head'),
  auditSequence: key('audit-sequence'),
  auditArchived: key('audit-archived'),
  auditKey: key('audit-key'),
  auditCopies: key('audit-copies'),
  auditCheck: key('audit-check'),
  auditCheckProgress: key('audit-check-progress'),
  watches: key('watches'),
  ownRun: (name: string) => key('own-run', name),
  ownRunsLeft: key('own-runs-left'),
  review: (id: string) => key('review', id),
  callerReview: (alertId: string) => key('caller-review', alertId),
  /** A measure or an approval. */
  record: (id: string) => key('record', id),
  recordIndex: key('record-index'),
  openMeasures: key('open-measures'),
  openApprovals: key('open-approvals'),
  approvalSlot: (asked: string) => key('approval-slot', asked),
  alertsOn: (subject: string) => key('alerts-on', subject),
  storeVersion: key('store-version'),
  /** Written by versions before 0.2. */
  oldRevocations: key('revocations'),
  oldPendingExceptions: key('pending-exceptions'),
  auditOnce: (id: string) => key('audit-once', id),
  watermarks: key('watermarks'),
  subscriptions: key('subscriptions'),
  managementGroups: key('management-groups'),
  seen: (subscriptionId: string) => key('seen', subscriptionId),
  seenRunning: (subscriptionId: string) => key('seen-running', subscriptionId),
  watchedSince: key('watched-since'),
  pollFailures: key('poll-failures'),
  withGaps: key('with-gaps'),
  gaps: (subscriptionId: string) => key('gaps', subscriptionId),
  troubles: key('troubles'),
  surfaceHealth: key('surface-health'),
  clockOffsets: key('clock-offsets'),
  vanished: key('vanished'),
  due: (name: string, slot: number) => key('due', name, String(slot)),
  throttled: (subscriptionId: string) => key('throttled', subscriptionId),
  lock: (name: string) => key('lock', name),
  unreadable: key('unreadable'),
  hubOwnership: (group: string) => key('hub-ownership', group),
  hubCheckpoints: (group: string) => key('hub-checkpoints', group),
  hubHealth: (hub: string) => key('hub-health', hub),
  notice: (id: string) => key('notice', id),
  deliveryState: (surface: string, id: string) => key('told', surface, id),
  undelivered: (surface: string) => key('undelivered', surface),
  slot: (channel: string) => key('slot', channel),
  conversations: (surface: string) => key(`${surface}-conversations`),
  posts: (surface: string, contentId: string) => key(`${surface}-posted`, contentId),
  rejectedPresses: key('press-again'),
  pressResult: (pressId: string) => key('press-done', pressId),
  probe: key('probe'),
  lateSlots: key('late-slots'),
  secretCheck: key('secret-check'),
  /** The tenant that the bot reads. */
  ownerTenant: key('owner-tenant'),
  signInFailures: key('sign-in-failures'),
  signInSession: (id: string) => key('sign-in-session', id),
  signInSessionsOf: (person: string) => key('sign-in-sessions-of', person),
  signInGroups: (person: string) => key('sign-in-groups', person),
  usedSignIn: (id: string) => key('used-sign-in', id),
  answer: (pressId: string) => key('answer', pressId),
  /** Presses of the API by their callers' idempotency keys, and by id. */
  apiKey: (digest: string) => key('api-key', digest),
  apiPress: (pressId: string) => key('api-press', pressId),
  apiLimit: (name: string) => key('api-limit', name),
  /** The alert of an incident elsewhere. */
  ticket: (place: string, ticket: string) => key('ticket', shortDigest(place, ticket)),
  changes: key('changes'),
  /** Stored changes, for readers outside: the API, webhooks, Sentinel, tickets. */
  feed: key('feed'),
  /** Names of webhooks by when they were last configured. */
  webhooks: key('webhooks'),
  webhook: (name: string) => key('webhook', name),
  feedCursor: (reader: string) => key('feed-cursor', reader),
};
