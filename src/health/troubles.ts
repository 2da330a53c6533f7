import { clockToleratedMs } from '../azure/connection/clock';
import { plainLine } from '../domain/text/plain-text';
import type { Gap, SubscriptionHealth } from '../store/events/poll-state';

/** A reason why commands may be run unseen, or why nobody would be told. */
export interface Trouble {
  /** The same trouble has the same id for as long as it lasts. */
  id: string;
  kind:
    | 'subscription'
    | 'gap'
    | 'no subscription'
    | 'vanished'
    | 'event hub'
    | 'surface'
    | 'audit copy'
    | 'clock'
    | 'events';
  /** What is wrong and what to do, in one line. */
  says: string;
  /** What is said once it is over. */
  over: string;
  /** How long it must last before it is said, ms: what passes by itself is not worth a message. */
  holdMs: number;
}

/** What is known of how the bot does. Times are ms since 1970. */
export interface HealthState {
  now: number;
  pollSeconds: number;
  subscriptions: readonly SubscriptionHealth[];
  gaps: ReadonlyMap<string, readonly Gap[]>;
  vanished: readonly { id: string; name: string; at: number }[];
  hub: readonly string[];
  /** Places of a surface that refuse what we post, with the reason. */
  surfaces: readonly { place: string; error: string }[];
  auditCopies: readonly { place: string; error: string }[];
  /** How far Azure's clock is ahead of a host of ours, ms. */
  clockOffsetMs: number;
  /** How long the oldest events that were read wait to be looked into, ms. */
  eventsWaitMs: number;
}

const minute = 60_000;
/** A flood takes less, ms. */
const eventsMayWaitMs = 5 * minute;
/** What nobody can change is told this long, ms. */
const toldForMs = 86_400_000;

/** All that keeps us from seeing or telling. Pure. */
export function troublesOf(state: HealthState): Trouble[] {
  const { now, subscriptions, gaps, vanished, hub, surfaces, auditCopies, clockOffsetMs, eventsWaitMs } =
    state;
  const troubles: Trouble[] = [];
  if (subscriptions.length === 0)
    troubles.push({
      id: 'no subscription',
      kind: 'no subscription',
      says: 'Runwatch sees no subscription, so it sees no commands. Give its identity Reader on one, and run `runwatch doctor`.',
      over: 'Runwatch sees subscriptions again.',
      holdMs: minute,
    });
  troubles.push(...blindTroubles(state));
  for (const subscription of subscriptions)
    troubles.push(...gapTroubles(subscription, gaps.get(subscription.id) ?? [], now));
  // Those that were missed by the same look are told together.
  const gone = vanished.filter(({ at }) => now - at < toldForMs);
  for (const look of new Set(gone.map(({ at }) => at))) {
    const missed = gone.filter(({ at }) => at === look);
    troubles.push({
      id: `vanished ${look}`,
      kind: 'vanished',
      says: `Gone from what Runwatch's identity sees: ${namesOf(missed)}. What is run there is no longer seen. If that was not intended, give the identity its role back.`,
      over: `Seen again, or gone for a day: ${namesOf(missed)}.`,
      holdMs: minute / 2,
    });
  }
  for (const says of hub)
    troubles.push({
      id: `event hub ${says.split(':')[0]}`,
      kind: 'event hub',
      says: `Not read: ${plainLine(says, 300)}. Polls go on, so events come later; run \`runwatch doctor\`.`,
      over: `Read again: ${says.split(':')[0]}.`,
      holdMs: minute,
    });
  for (const { place, error } of surfaces)
    troubles.push({
      id: `surface ${place}`,
      kind: 'surface',
      says: `Messages to ${plainLine(place, 100)} are not taken: ${plainLine(error, 200)}. They are kept, and sent once it takes them.`,
      over: `Messages to ${plainLine(place, 100)} are taken again.`,
      holdMs: minute / 3,
    });
  for (const { place, error } of auditCopies)
    troubles.push({
      id: `audit copy ${place}`,
      kind: 'audit copy',
      says: `The audit log is not copied to its ${place}: ${plainLine(error, 200)}. Nothing is lost; it goes on behind the last entry that arrived.`,
      over: `The audit log is copied to its ${place} again.`,
      holdMs: minute,
    });
  if (eventsWaitMs > eventsMayWaitMs)
    troubles.push({
      id: 'events',
      kind: 'events',
      says: `Commands that were read have waited for ${Math.round(eventsWaitMs / minute)} minutes and raised no alert yet. Look whether a process with the role enrich runs, and what its log says.`,
      over: 'Commands that are read raise alerts at once again.',
      holdMs: 0,
    });
  if (Math.abs(clockOffsetMs) > clockToleratedMs)
    troubles.push({
      id: 'clock',
      kind: 'clock',
      says: `The clock of a Runwatch host is ${Math.round(Math.abs(clockOffsetMs) / minute)} minutes ${clockOffsetMs > 0 ? 'behind' : 'ahead of'} Azure's. Runwatch goes by Azure's; set the host's (NTP).`,
      over: "The host's clock agrees with Azure's again.",
      holdMs: 0,
    });
  return troubles;
}

/** More subscriptions than this with the same trouble are told together. */
const alone = 3;

/** Subscriptions whose log is not read; many with one cause are one trouble. */
function blindTroubles(state: HealthState): Trouble[] {
  const groups = new Map<string, { subscription: SubscriptionHealth; says: string; holdMs: number }[]>();
  for (const subscription of state.subscriptions) {
    const why = whyBlind(subscription, state);
    if (why) groups.set(why.cause, [...(groups.get(why.cause) ?? []), { subscription, ...why }]);
  }
  return [...groups].flatMap(([cause, blind]) => {
    const together = blind.map(({ subscription }) => subscription);
    if (blind.length > alone)
      return [
        {
          id: `subscriptions ${cause}`,
          kind: 'subscription' as const,
          says: `The activity logs of ${blind.length} subscriptions are not read: ${namesOf(together)}. The first says: ${blind[0]?.says} Commands run there are not seen until then; it keeps trying.`,
          over: 'The activity logs that were told together are read again, with what was missed meanwhile.',
          holdMs: blind[0]?.holdMs ?? 0,
        },
      ];
    return blind.map(({ subscription, says, holdMs }) => ({
      id: `subscription ${subscription.id}`,
      kind: 'subscription' as const,
      says: `${says} Commands run there are not seen until then; it keeps trying.`,
      over: `The activity log of subscription ${nameOf(subscription)} is read again, with what was missed meanwhile.`,
      holdMs,
    }));
  });
}

/**
 * What to say of a trouble that is not among the current ones any more; null while it is not known to be over: a log is
 * read again only once a poll says so.
 */
export function overOf(told: { id: string; over: string; since: number }, state: HealthState): string | null {
  const [what = '', id = ''] = told.id.split(' ');
  const read = ({ error, lastPollAt }: SubscriptionHealth) =>
    error === null && lastPollAt !== null && Date.parse(lastPollAt) > told.since;
  if (what === 'subscriptions') return state.subscriptions.every((one) => read(one)) ? told.over : null;
  if (what !== 'subscription' && what !== 'gap' && what !== 'lost') return told.over;
  const subscription = state.subscriptions.find((one) => one.id === id);
  if (!subscription) return `Subscription ${id} is no longer watched, so its log is no longer read.`;
  return what !== 'subscription' || read(subscription) ? told.over : null;
}

const namedAtMost = 3;
/** The first few by name, and how many more. */
function namesOf(subscriptions: readonly { id: string; name: string }[]): string {
  const named = subscriptions.slice(0, namedAtMost).map(nameOf).join(', ');
  const others = subscriptions.length - namedAtMost;
  return others > 0 ? `${named} and ${others} more` : named;
}

/** One that waits to be read, and one that nobody can read any more, however many spans there are. */
function gapTroubles(subscription: SubscriptionHealth, gaps: readonly Gap[], now: number): Trouble[] {
  const name = nameOf(subscription);
  const waiting = gaps.filter(({ lostAt }) => !lostAt);
  const lost = gaps.filter(({ lostAt }) => lostAt && now - lostAt < toldForMs);
  const troubles: Trouble[] = [];
  if (waiting[0])
    troubles.push({
      id: `gap ${subscription.id}`,
      kind: 'gap',
      says: `The activity log of subscription ${name} could not be read ${spansOf(waiting)}: ${plainLine(waiting[0].error, 200)}. Commands run then are not known yet; it is tried again.`,
      over: `No part of the activity log of subscription ${name} waits to be read any more.`,
      holdMs: 0,
    });
  if (lost[0])
    troubles.push({
      id: `lost ${subscription.id}`,
      kind: 'gap',
      says: `The activity log of subscription ${name} was never read ${spansOf(lost)}, and Azure no longer keeps it: commands run then are not known.`,
      over: `That a part of the activity log of subscription ${name} is lost has been shown for a day.`,
      holdMs: 0,
    });
  return troubles;
}

const namedSpans = 3;

/** Spans that touch are one. */
function spansOf(gaps: readonly Gap[]): string {
  const spans: { from: number; to: number }[] = [];
  for (const { from, to } of [...gaps].sort((a, b) => a.from - b.from)) {
    const last = spans.at(-1);
    if (last && from <= last.to) last.to = Math.max(last.to, to);
    else spans.push({ from, to });
  }
  const named = spans.slice(0, namedSpans).map(({ from, to }) => `from ${iso(from)} to ${iso(to)}`);
  const others = spans.length - named.length;
  return `${named.join(', ')}${others > 0 ? ` and in ${others} more spans` : ''}`;
}

/** A start reads at once what a stop left unread, so it has this long before silence is told, ms. */
const silenceHoldMs = minute / 2;

/** Why a subscription's log is not read; null when it is. */
function whyBlind(
  subscription: SubscriptionHealth,
  { now, pollSeconds }: HealthState,
): { says: string; holdMs: number; cause: string } | null {
  const name = nameOf(subscription);
  const { error, status = 0, lastPollAt, since } = subscription;
  const reason = error ? plainLine(error, 300) : '';
  if (status === 403)
    return {
      says: `Runwatch may not read the activity log of subscription ${name}: ${reason}.`,
      holdMs: 0,
      cause: '403',
    };
  if (status === 401)
    return {
      says: `Azure does not accept Runwatch's credential for subscription ${name}, which may have expired: ${reason}.`,
      holdMs: 0,
      cause: '401',
    };
  if (status === 404)
    return { says: `Azure does not know subscription ${name} any more: ${reason}.`, holdMs: 0, cause: '404' };
  const last = lastPollAt ? Date.parse(lastPollAt) : (since ?? now);
  if (now - last <= staleAfterMs(pollSeconds)) return null;
  const when = lastPollAt ? `since ${iso(last)}` : 'at all yet';
  return {
    says: `The activity log of subscription ${name} was not read ${when}${reason ? `: ${reason}` : ''}.`,
    holdMs: silenceHoldMs,
    cause: 'silent',
  };
}

/** Three intervals, or ten minutes where that is sooner and still more than an interval. */
export const staleAfterMs = (pollSeconds: number): number =>
  Math.min(3 * pollSeconds, Math.max(600, 1.5 * pollSeconds)) * 1000 + 5000;

const nameOf = ({ id, name }: { id: string; name: string }) => (name ? `${plainLine(name, 80)} (${id})` : id);
const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
