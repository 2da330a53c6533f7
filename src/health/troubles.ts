import { maxClockOffsetMs } from '../azure/connection/clock';
import type { WebhookReport } from '../domain/system-health/health-report';
import { plainLine } from '../domain/text/plain-text';
import { counted, t, timeText } from '../domain/text/translate';
import type { Gap, SubscriptionHealth } from '../store/events/poll-state';

/** A problem that keeps Runwatch from detecting commands or from reporting them. */
export interface Trouble {
  /** Stays the same for as long as the problem lasts. */
  id: string;
  kind:
    | 'subscription'
    | 'gap'
    | 'no subscription'
    | 'vanished'
    | 'event hub'
    | 'surface'
    | 'audit copy'
    | 'sentinel'
    | 'webhook'
    | 'clock'
    | 'events';
  /** One line: what is wrong and what to do. */
  says: string;
  /** Text to send once it is resolved. */
  over: string;
  /** How long it must last before it is reported, ms. Transient problems are not worth a message. */
  holdMs: number;
}

/** Health data of all processes. Times are ms since 1970. */
export interface HealthState {
  now: number;
  pollSeconds: number;
  subscriptions: readonly SubscriptionHealth[];
  gaps: ReadonlyMap<string, readonly Gap[]>;
  vanished: readonly { id: string; name: string; at: number }[];
  hub: readonly string[];
  /** Channels that reject our messages, with the error. */
  surfaces: readonly { place: string; error: string }[];
  auditCopies: readonly { place: string; error: string }[];
  /** Tables of Microsoft Sentinel that rows are not sent to, or `rejected rows`. */
  sentinel: readonly { place: string; error: string }[];
  webhooks: readonly WebhookReport[];
  /** How far Azure's clock is ahead of the host that is furthest off, ms. */
  clockOffsetMs: number;
  /** Age of the oldest queued events, ms. */
  eventsWaitMs: number;
}

const minute = 60_000;
/** Even a flood of events is processed faster than this, ms. */
const maxEventsWaitMs = 5 * minute;
/** How long a problem that nobody can fix stays on the health page, ms. */
const reportedForMs = 86_400_000;

/** Lists the problems that keep Runwatch from detecting or reporting commands. Pure. */
export function troublesOf(state: HealthState): Trouble[] {
  const { now, subscriptions, gaps, vanished, hub, surfaces, auditCopies, clockOffsetMs, eventsWaitMs } =
    state;
  const troubles: Trouble[] = [];
  if (subscriptions.length === 0)
    troubles.push({
      id: 'no subscription',
      kind: 'no subscription',
      says: t`Runwatch sees no subscription, so it sees no commands. Grant its identity Reader on one, then run \`runwatch doctor\`.`,
      over: t`Runwatch can see subscriptions again.`,
      holdMs: minute,
    });
  troubles.push(...unreadTroubles(state));
  for (const subscription of subscriptions)
    troubles.push(...gapTroubles(subscription, gaps.get(subscription.id) ?? [], now));
  // Subscriptions that vanished at the same check share one notice.
  const gone = vanished.filter(({ at }) => now - at < reportedForMs);
  for (const look of new Set(gone.map(({ at }) => at))) {
    const missed = gone.filter(({ at }) => at === look);
    troubles.push({
      id: `vanished ${look}`,
      kind: 'vanished',
      says: t`Runwatch's identity can no longer see: ${namesOf(missed)}. Commands run there are no longer seen. If this was not intended, restore the identity's role.`,
      over: t`Visible again, or gone for a day: ${namesOf(missed)}.`,
      holdMs: minute / 2,
    });
  }
  for (const says of hub)
    troubles.push({
      id: `event hub ${says.split(':')[0]}`,
      kind: 'event hub',
      says: t`Not being read: ${plainLine(says, 300)}. Polls continue, so events arrive later. Run \`runwatch doctor\`.`,
      over: t`Being read again: ${says.split(':')[0]}.`,
      holdMs: minute,
    });
  for (const { place, error } of surfaces)
    troubles.push({
      id: `surface ${place}`,
      kind: 'surface',
      says: t`Messages to ${plainLine(place, 100)} are rejected: ${plainLine(error, 200)}. They are kept and will be sent once it accepts them.`,
      over: t`Messages to ${plainLine(place, 100)} are accepted again.`,
      holdMs: minute / 3,
    });
  for (const { place, error } of auditCopies)
    troubles.push({
      id: `audit copy ${place}`,
      kind: 'audit copy',
      says: t`The audit log is not copied to its ${place}: ${plainLine(error, 200)}. Nothing is lost. Copying resumes after the last entry that arrived.`,
      over: t`The audit log is copied to its ${place} again.`,
      holdMs: minute,
    });
  for (const one of state.sentinel) troubles.push(sentinelTrouble(one));
  for (const webhook of state.webhooks) troubles.push(...webhookTroubles(webhook, now));
  if (eventsWaitMs > maxEventsWaitMs)
    troubles.push({
      id: 'events',
      kind: 'events',
      says: t`Commands have waited for ${Math.round(eventsWaitMs / minute)} minutes to be processed and have raised no alert yet. Check that a process with the role enrich is running, and check its log.`,
      over: t`Commands are processed without delay again.`,
      holdMs: 0,
    });
  if (Math.abs(clockOffsetMs) > maxClockOffsetMs)
    troubles.push({
      id: 'clock',
      kind: 'clock',
      says: t`The clock of a Runwatch host is ${Math.round(Math.abs(clockOffsetMs) / minute)} minutes ${clockOffsetMs > 0 ? t`behind` : t`ahead of`} Azure's. Runwatch uses Azure's time. Fix the host's clock (NTP).`,
      over: t`The host's clock matches Azure's again.`,
      holdMs: 0,
    });
  return troubles;
}

function sentinelTrouble({ place, error }: HealthState['sentinel'][number]): Trouble {
  const trouble = { id: `sentinel ${place}`, kind: 'sentinel' as const, holdMs: minute };
  const why = plainLine(error, 300);
  if (place === 'rejected rows')
    return {
      ...trouble,
      says: t`Azure refused a row for Microsoft Sentinel: ${why}. Only its ids were sent; Runwatch has all of it. Rows after it are sent.`,
      over: t`Azure has refused no row for Microsoft Sentinel in the last hour.`,
      holdMs: 0,
    };
  if (place === 'audit')
    return {
      ...trouble,
      says: t`The audit log is not sent to Microsoft Sentinel: ${why}. Nothing is lost. Sending resumes after the last entry that arrived.`,
      over: t`The audit log is sent to Microsoft Sentinel again.`,
    };
  return {
    ...trouble,
    says: t`Alerts are not sent to Microsoft Sentinel: ${why}. Nothing is lost. Sending resumes after the last alert that arrived.`,
    over: t`Alerts are sent to Microsoft Sentinel again.`,
  };
}

/** How long a destination may fail before that is reported, ms: many restart. */
const webhookHoldMs = 10 * minute;

function webhookTroubles({ name, error, failed, goneAt, lostAt }: WebhookReport, now: number): Trouble[] {
  const trouble = (id: string, says: string, over: string, holdMs = 0): Trouble => ({
    id: ['webhook', name, id].join(' '),
    kind: 'webhook',
    says,
    over,
    holdMs,
  });
  const troubles: Trouble[] = [];
  if (goneAt !== null)
    troubles.push(
      trouble(
        'gone',
        t`The webhook ${name} is disabled: its destination answered 410 Gone at ${timeText(goneAt)}. Nothing is sent to it. Correct its URL, or run \`runwatch webhooks replay ${name} --failed\` to send again.`,
        t`The webhook ${name} is enabled again.`,
      ),
    );
  else if (error !== null)
    troubles.push(
      trouble(
        'failing',
        t`The webhook ${name} does not accept messages: ${plainLine(error, 200)}. Each is tried again for a day.`,
        t`The webhook ${name} accepts messages again.`,
        webhookHoldMs,
      ),
    );
  if (failed > 0)
    troubles.push(
      trouble(
        'failed',
        t`The webhook ${name} gave up ${counted(failed, '# message', '# messages')}. Run \`runwatch webhooks replay ${name} --failed\` within a week to send them again.`,
        t`No message of the webhook ${name} is left over.`,
      ),
    );
  if (lostAt !== null && now - Date.parse(lostAt) < reportedForMs)
    troubles.push(
      trouble(
        'lost',
        t`The webhook ${name} was so far behind that changes expired before they were sent. See the alerts for them.`,
        t`The changes that the webhook ${name} missed have been reported for a day.`,
      ),
    );
  return troubles;
}

/** More than this many subscriptions with the same problem share one notice. */
const mergeAbove = 3;

/** Subscriptions whose log is not being read. Many with the same cause are merged. */
function unreadTroubles(state: HealthState): Trouble[] {
  const groups = new Map<string, { subscription: SubscriptionHealth; says: string; holdMs: number }[]>();
  for (const subscription of state.subscriptions) {
    const why = unreadReason(subscription, state);
    if (why) groups.set(why.cause, [...(groups.get(why.cause) ?? []), { subscription, ...why }]);
  }
  return [...groups].flatMap(([cause, unread]) => {
    const together = unread.map(({ subscription }) => subscription);
    if (unread.length > mergeAbove)
      return [
        {
          id: `subscriptions ${cause}`,
          kind: 'subscription' as const,
          says: t`The activity logs of ${unread.length} subscriptions are not read: ${namesOf(together)}. The first error: ${unread[0]?.says} Until this is fixed, commands run there are not seen. Runwatch keeps trying.`,
          over: t`The activity logs of these subscriptions are read again, including what was missed.`,
          holdMs: unread[0]?.holdMs ?? 0,
        },
      ];
    return unread.map(({ subscription, says, holdMs }) => ({
      id: `subscription ${subscription.id}`,
      kind: 'subscription' as const,
      says: t`${says} Until this is fixed, commands run there are not seen. Runwatch keeps trying.`,
      over: t`The activity log of subscription ${nameOf(subscription)} is read again, including what was missed.`,
      holdMs,
    }));
  });
}

/**
 * Text for a problem that is no longer current; null until it is known to be resolved.
 * For a log, that takes a successful poll.
 */
export function recoveryText(
  reported: { id: string; over: string; since: number },
  state: HealthState,
): string | null {
  const [what = '', id = ''] = reported.id.split(' ');
  const read = ({ error, lastPollAt }: SubscriptionHealth) =>
    error === null && lastPollAt !== null && Date.parse(lastPollAt) > reported.since;
  if (what === 'subscriptions') return state.subscriptions.every((one) => read(one)) ? reported.over : null;
  if (what !== 'subscription' && what !== 'gap' && what !== 'lost') return reported.over;
  const subscription = state.subscriptions.find((one) => one.id === id);
  if (!subscription) return t`Subscription ${id} is no longer monitored, so its log is no longer read.`;
  return what !== 'subscription' || read(subscription) ? reported.over : null;
}

const maxNames = 3;
/** Names the first few subscriptions and counts the rest. */
function namesOf(subscriptions: readonly { id: string; name: string }[]): string {
  const named = subscriptions.slice(0, maxNames).map(nameOf).join(', ');
  const others = subscriptions.length - maxNames;
  return others > 0 ? t`${named} and ${others} more` : named;
}

/** At most two problems per subscription: spans that are still retried, and spans that are lost. */
function gapTroubles(subscription: SubscriptionHealth, gaps: readonly Gap[], now: number): Trouble[] {
  const name = nameOf(subscription);
  const waiting = gaps.filter(({ lostAt }) => !lostAt);
  const lost = gaps.filter(({ lostAt }) => lostAt && now - lostAt < reportedForMs);
  const troubles: Trouble[] = [];
  if (waiting[0])
    troubles.push({
      id: `gap ${subscription.id}`,
      kind: 'gap',
      says: t`The activity log of subscription ${name} could not be read ${spansOf(waiting)}: ${plainLine(waiting[0].error, 200)}. Commands run then are unknown so far. Runwatch retries at each poll.`,
      over: t`The activity log of subscription ${name} has no unread gaps left.`,
      holdMs: 0,
    });
  if (lost[0])
    troubles.push({
      id: `lost ${subscription.id}`,
      kind: 'gap',
      says: t`The activity log of subscription ${name} was never read ${spansOf(lost)}, and Azure no longer keeps it. Commands run then are unknown.`,
      over: t`The lost part of the activity log of subscription ${name} has been reported for a day.`,
      holdMs: 0,
    });
  return troubles;
}

const maxSpans = 3;

/** Merges adjacent spans. */
function spansOf(gaps: readonly Gap[]): string {
  const spans: { from: number; to: number }[] = [];
  for (const { from, to } of [...gaps].sort((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else spans.push({ from, to });
  }
  const named = spans.slice(0, maxSpans).map(({ from, to }) => t`from ${iso(from)} to ${iso(to)}`);
  const others = spans.length - named.length;
  return `${named.join(', ')}${others > 0 ? counted(others, ' and # more time span', ' and # more time spans') : ''}`;
}

/** After a restart, polls first catch up. Silence is reported only after this long, ms. */
const silenceHoldMs = minute / 2;

/** Why a subscription's log is not being read; null if it is. */
function unreadReason(
  subscription: SubscriptionHealth,
  { now, pollSeconds }: HealthState,
): { says: string; holdMs: number; cause: string } | null {
  const name = nameOf(subscription);
  const { error, status = 0, lastPollAt, since } = subscription;
  const reason = error ? plainLine(error, 300) : '';
  if (status === 403)
    return {
      says: t`Runwatch may not read the activity log of subscription ${name}: ${reason}.`,
      holdMs: 0,
      cause: '403',
    };
  if (status === 401)
    return {
      says: t`Azure does not accept Runwatch's credential for subscription ${name}, which may have expired: ${reason}.`,
      holdMs: 0,
      cause: '401',
    };
  if (status === 404)
    return {
      says: t`Azure does not know subscription ${name} any more: ${reason}.`,
      holdMs: 0,
      cause: '404',
    };
  const last = lastPollAt ? Date.parse(lastPollAt) : (since ?? now);
  if (now - last <= staleAfterMs(pollSeconds)) return null;
  const when = lastPollAt ? t`since ${iso(last)}` : t`at all yet`;
  return {
    says: t`The activity log of subscription ${name} was not read ${when}${reason ? `: ${reason}` : ''}.`,
    holdMs: silenceHoldMs,
    cause: 'silent',
  };
}

/** A poll is stale after 3 intervals, or after 10 min (at least 1.5 intervals) if that is shorter. */
export const staleAfterMs = (pollSeconds: number): number =>
  Math.min(3 * pollSeconds, Math.max(600, 1.5 * pollSeconds)) * 1000 + 5000;

const nameOf = ({ id, name }: { id: string; name: string }) => (name ? `${plainLine(name, 80)} (${id})` : id);
const iso = (ms: number) => timeText(ms);
