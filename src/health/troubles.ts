import { plainLine } from '../alerts/plain-text';
import { clockToleratedMs } from '../azure/clock';
import type { Gap, SubscriptionHealth } from '../store/poll-state';

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
    | 'secret';
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
  secretFits: boolean;
}

const minute = 60_000;
/** What can't be mended is told this long, ms. */
const toldForMs = 86_400_000;

/** All that keeps us from seeing or telling. Pure. */
export function troublesOf(state: HealthState): Trouble[] {
  const { now, subscriptions, gaps, vanished, hub, surfaces, auditCopies, clockOffsetMs, secretFits } = state;
  const troubles: Trouble[] = [];
  if (subscriptions.length === 0)
    troubles.push({
      id: 'no subscription',
      kind: 'no subscription',
      says: 'Runwatch sees no subscription, so it sees no commands. Give its identity Reader on one, and run `runwatch doctor`.',
      over: 'Runwatch sees subscriptions again.',
      holdMs: minute,
    });
  for (const subscription of subscriptions) {
    const why = whyBlind(subscription, state);
    const name = nameOf(subscription);
    if (why)
      troubles.push({
        id: `subscription ${subscription.id}`,
        kind: 'subscription',
        says: `${why.says} Commands run there are not seen until then; it keeps trying.`,
        over: `The activity log of subscription ${name} is read again, with what was missed meanwhile.`,
        holdMs: why.holdMs,
      });
    troubles.push(...gapTroubles(subscription, gaps.get(subscription.id) ?? [], now));
  }
  for (const { id, name, at } of vanished)
    if (now - at < toldForMs)
      troubles.push({
        id: `vanished ${id}`,
        kind: 'vanished',
        says: `Subscription ${nameOf({ id, name })} is gone from what Runwatch's identity sees, so its log is no longer read. If that was not intended, give the identity its role back.`,
        over: `Subscription ${nameOf({ id, name })} is seen again, or was gone for a day.`,
        holdMs: 0,
      });
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
  if (Math.abs(clockOffsetMs) > clockToleratedMs)
    troubles.push({
      id: 'clock',
      kind: 'clock',
      says: `The clock of a Runwatch host is ${Math.round(Math.abs(clockOffsetMs) / minute)} minutes ${clockOffsetMs > 0 ? 'behind' : 'ahead of'} Azure's. Runwatch goes by Azure's; set the host's (NTP).`,
      over: "The host's clock agrees with Azure's again.",
      holdMs: 0,
    });
  if (!secretFits)
    troubles.push({
      id: 'secret',
      kind: 'secret',
      says: 'RUNWATCH_SECRET differs between processes, so some of them do not act. Give every process the same one.',
      over: 'RUNWATCH_SECRET is the same in every process again.',
      holdMs: 0,
    });
  return troubles;
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
): { says: string; holdMs: number } | null {
  const name = nameOf(subscription);
  const { error, status = 0, lastPollAt, since } = subscription;
  const reason = error ? plainLine(error, 300) : '';
  if (status === 403)
    return { says: `Runwatch may not read the activity log of subscription ${name}: ${reason}.`, holdMs: 0 };
  if (status === 401)
    return {
      says: `Azure does not accept Runwatch's credential for subscription ${name}, which may have expired: ${reason}.`,
      holdMs: 0,
    };
  if (status === 404)
    return { says: `Azure does not know subscription ${name} any more: ${reason}.`, holdMs: 0 };
  const last = lastPollAt ? Date.parse(lastPollAt) : (since ?? now);
  if (now - last <= staleAfterMs(pollSeconds)) return null;
  const when = lastPollAt ? `since ${iso(last)}` : 'at all yet';
  return {
    says: `The activity log of subscription ${name} was not read ${when}${reason ? `: ${reason}` : ''}.`,
    holdMs: silenceHoldMs,
  };
}

/** Three intervals, or ten minutes where that is sooner and still more than an interval. */
export const staleAfterMs = (pollSeconds: number): number =>
  Math.min(3 * pollSeconds, Math.max(600, 1.5 * pollSeconds)) * 1000 + 5000;

const nameOf = ({ id, name }: { id: string; name: string }) => (name ? `${plainLine(name, 80)} (${id})` : id);
const iso = (ms: number) => `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
