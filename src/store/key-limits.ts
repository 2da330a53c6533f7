import { maxLikeClosed } from '../domain/alerts/similar';
import { keptChanges } from './change-feed';
import { maxFollowers } from './events/timeline-store';
import { keys } from './keys';
import { maxAlertsOn } from './measures-store';

/** How a kind of key ends, and what bounds it. Every key has one; a test compares them with what is stored. */
export interface KeyLimit {
  /** Redis removes it by its expiry. */
  expires: boolean;
  /** Members, fields or entries of one key; null if it is a single value. */
  most: number | null;
  /** What else bounds or ends it. */
  ends: string;
}

const value = (ends: string): KeyLimit => ({ expires: false, most: null, ends });
const expiring = (ends: string, most: number | null = null): KeyLimit => ({ expires: true, most, ends });
const bounded = (most: number, ends: string): KeyLimit => ({ expires: false, most, ends });

/** With RUNWATCH_KEEP_DAYS at its highest, and more alerts a day than people can read. */
const allAlerts = 10_000_000;
const allSubscriptions = 200_000;
const oneOfTheBot = value('one for the bot');
const oldVersion = 'written by versions before 0.2; removed when it is converted';
const withAlerts = (ends: string) => expiring(ends, allAlerts);
const perSubscription = bounded(
  allSubscriptions,
  'a field per subscription; removed 100 days after Azure last answered for it',
);

export const keyLimits: Record<keyof typeof keys, KeyLimit> = {
  alert: expiring('RUNWATCH_KEEP_DAYS after its last change, and 30 days for the daily sweep', 20),
  alerts: bounded(allAlerts, 'the daily sweep removes expired alerts'),
  open: withAlerts('alerts leave it when they are closed or expire'),
  uncontained: withAlerts('alerts leave it when they are contained, closed or expire'),
  checkAt: withAlerts('alerts leave it when they are closed or expire'),
  openIndexed: oneOfTheBot,
  searchMonth: expiring('some 30 terms per alert of the month; removed with its last alert', 30 * allAlerts),
  unindexed: bounded(allAlerts, 'alerts leave it when they are indexed, every 10 s'),
  alertCounts: expiring('a field per combination of facets that an alert has', 100_000),
  searchIndexed: oneOfTheBot,
  execution: expiring('100 days'),
  runs: expiring('100 days; 200 runs'),
  check: expiring('7 days; its schema bounds it'),
  checkNote: expiring('6 hours; 500 characters'),
  machineState: expiring('90 days; its schema bounds it'),
  sessions: expiring('8 days; 200 sessions'),
  history: expiring('90 days', 5000),
  historyNames: expiring('callers without a command for 91 days leave it with the next command', allAlerts),
  historyCallers: expiring('callers without a command for 91 days leave it with the next command', allAlerts),
  lastSeen: expiring('91 days', 101),
  scriptHistory: expiring('91 days', 2001),
  scriptRuns: expiring('91 days', 2002),
  scriptsSince: expiring('91 days'),
  historyFilled: perSubscription,
  oldHistoryFilled: bounded(allSubscriptions, oldVersion),
  timeline: expiring('6 hours, longer while an alert follows it', 300),
  followers: expiring('6 hours after the last alert followed', maxFollowers),
  harmlessCloses: expiring('90 days', maxLikeClosed),
  exceptions: bounded(100_000, 'added by people; removed 400 days after they expired'),
  exceptionCounts: expiring('400 days after the last use', 27),
  exceptionSeen: expiring('400 days after the last use', 2000),
  oldExceptionUses: expiring('written by versions before 0.2; 400 days after the next use', allAlerts),
  audit: bounded(
    100_000_000,
    'kept as evidence; with `audit.archive`, entries older than a year move to files',
  ),
  auditHead: oneOfTheBot,
  auditSequence: oneOfTheBot,
  auditArchived: oneOfTheBot,
  auditKey: oneOfTheBot,
  auditCopies: bounded(10, 'a field per webhook'),
  auditCheck: expiring('400 days'),
  auditCheckProgress: expiring('30 s'),
  watches: expiring('with the last watch; 90 days at most', 10_000),
  ownRun: expiring('7 days; its schema bounds it'),
  ownRunsLeft: expiring('7 days', 10_000),
  review: expiring('30 days'),
  callerReview: expiring('30 days'),
  record: bounded(10, 'expires with RUNWATCH_KEEP_DAYS once it is undone, done or decided'),
  recordIndex: bounded(allAlerts, 'a field per subject; the daily sweep removes expired records'),
  openMeasures: bounded(100_000, 'measures leave it when they end'),
  openApprovals: bounded(100_000, 'approvals leave it when they are decided or expire, within a day'),
  approvalSlot: expiring('2 days'),
  alertsOn: expiring('RUNWATCH_KEEP_DAYS after the newest alert', maxAlertsOn),
  storeVersion: oneOfTheBot,
  oldRevocations: bounded(100_000, oldVersion),
  oldPendingExceptions: bounded(100_000, oldVersion),
  auditOnce: expiring('7 days'),
  watermarks: perSubscription,
  subscriptions: bounded(allSubscriptions, 'a field per subscription that is read'),
  managementGroups: expiring('30 days; a field per subscription that is read', allSubscriptions),
  seen: expiring('100 days; events leave it after one overlap', 10_000_000),
  seenRunning: expiring('100 days; events leave it after three hours and an overlap', 10_000_000),
  watchedSince: perSubscription,
  pollFailures: perSubscription,
  withGaps: perSubscription,
  gaps: expiring('100 days; gaps leave it when they are read', 10_000),
  troubles: bounded(allSubscriptions, 'problems leave it when they end'),
  surfaceHealth: bounded(10_000, 'a field per channel; removed 90 days after its last message'),
  clockOffsets: bounded(10_000, 'a field per host; removed after 10 minutes'),
  vanished: perSubscription,
  due: expiring('twice its interval'),
  throttled: expiring('as long as Azure says'),
  lock: expiring('seconds'),
  lateSlots: perSubscription,
  unreadable: bounded(1000, 'the newest; 2,000 characters each'),
  hubOwnership: expiring('100 days; a field per partition', 2000),
  hubCheckpoints: expiring('100 days; a field per partition', 2000),
  hubHealth: expiring('100 days; a field per partition', 2001),
  notice: expiring('30 days'),
  deliveryState: expiring('400 days'),
  undelivered: withAlerts('messages leave it when they are delivered'),
  slot: expiring('a minute after the channel is free'),
  conversations: bounded(10_000, 'a field per conversation that the app is in'),
  posts: expiring('RUNWATCH_KEEP_DAYS; a field per conversation', 10_000),
  rejectedPresses: expiring('30 days', 500),
  pressResult: expiring('25 hours'),
  probe: expiring('a second'),
  secretCheck: oneOfTheBot,
  ownerTenant: oneOfTheBot,
  signInFailures: expiring('a minute'),
  signInSession: expiring('an hour without use'),
  signInSessionsOf: expiring('12 hours', 20),
  signInGroups: expiring('12 hours'),
  usedSignIn: expiring('minutes'),
  answer: expiring('10 minutes'),
  changes: value('a channel; it stores nothing'),
  feed: bounded(keptChanges + 1000, 'the oldest changes are removed'),
  feedCursor: expiring('400 days without use'),
  webhook: expiring('400 days after its last message', 10),
  webhooks: bounded(1000, 'a webhook leaves it a week after it was last configured'),
  apiKey: expiring('a day'),
  apiPress: expiring('a day'),
  apiLimit: expiring('a minute after the last request'),
  ticket: expiring('with the alert'),
};

/**
 * BullMQ's keys, by what follows the queue's name. `queues.ts` says what is kept: no completed jobs, and the newest
 * 1,000 failed ones for 7 days.
 */
const queueLimits: Record<string, KeyLimit> = {
  id: oneOfTheBot,
  meta: bounded(20, 'the settings of the queue'),
  events: bounded(11_000, 'the oldest are removed'),
  wait: bounded(allAlerts, 'jobs leave it when they begin'),
  active: bounded(10_000, 'as many as workers run at once'),
  paused: bounded(allAlerts, 'jobs leave it when they begin'),
  delayed: bounded(allAlerts, 'jobs leave it when they are due'),
  prioritized: bounded(allAlerts, 'jobs leave it when they begin'),
  completed: bounded(0, 'completed jobs are removed'),
  failed: bounded(1000, '7 days'),
  stalled: bounded(10_000, 'as many as workers run at once'),
  'stalled-check': expiring('seconds'),
  pc: oneOfTheBot,
  marker: bounded(2, 'tells workers of jobs'),
  limiter: expiring('seconds'),
  repeat: bounded(2 * allSubscriptions, 'a schedule per subscription that is read, and those of the bot'),
  /** Deduplication: removed with its job. */
  de: value('until its job ends'),
  /** The next job of a deduplicated one that runs. */
  dn: bounded(10, 'until its job begins'),
  /** A job, or its log, lock and so on. */
  job: bounded(30, 'until it completes; failed ones 7 days'),
};

const mark = '\u0001';

/** The names of each kind's keys: a text, or a pattern where a part differs. */
const families = Object.entries(keys).map(([name, of]) => {
  const named = typeof of === 'string' ? of : (of as (...parts: string[]) => string)(mark, mark, mark);
  const isHashed = typeof of !== 'string' && !named.includes(mark);
  const [prefix = '', ...rest] = (isHashed ? named.replace(/[^:]+$/, mark) : named).split(mark);
  const pattern = new RegExp(`^${[prefix, ...rest].map(literal).join('[^]*')}$`);
  return { name: name as keyof typeof keys, prefix, pattern };
});

function literal(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** The kind of a stored key and its limit; null if it is declared nowhere. @param queues their names */
export function limitOf(key: string, queues: readonly string[]): { kind: string; limit: KeyLimit } | null {
  const [, queue = '', part = ''] = key.split(':');
  const isQueue = queues.includes(queue);
  if (isQueue && part in queueLimits) return ofQueue(part);
  // A queue has the name of a kind of ours, whose keys are no numbers.
  if (isQueue && /^\d+$/.test(part)) return ofQueue('job');
  const found = families
    .filter(({ pattern }) => pattern.test(key))
    .sort((a, b) => b.prefix.length - a.prefix.length)[0];
  if (found) return { kind: found.name, limit: keyLimits[found.name] };
  return isQueue ? ofQueue('job') : null;
}

const ofQueue = (kind: string) => ({ kind: `queue ${kind}`, limit: queueLimits[kind] as KeyLimit });
