import { AzureError } from '../azure/connection/azure-error';
import type { LogPage, LogWindow } from '../azure/log/activity-log';
import type { ActivityEvent } from '../domain/activity/activity-event';
import { shapeNamed } from '../domain/activity/read-record';
import { techniqueProviders } from '../domain/techniques/catalogue';
import { countEvents, sortOut, type TakeInDeps, takeIn } from './take-in';

export interface PollDeps extends TakeInDeps {
  readLog: (window: LogWindow, provider?: string) => AsyncIterable<LogPage>;
  lookbackMs: number;
  /** Azure's time, ms; `now` is the host's own. Default: the same. */
  azureNow?: () => number;
}

/** Azure keeps 90 days; a minute less, so that the request is not late. */
const keptMs = 90 * 86_400_000 - 60_000;
/** Once every overlap's length a poll looks back this far, for the few events that reach the log hours late. */
export const deepMs = 3 * 3_600_000;
/** A clock that turns out to be this far off while a poll reads has it read again. */
const clockMs = 60_000;
const mostRounds = 3;

/**
 * Reads what is new in a subscription's log, from the watermark less the overlap, and queues each page before it asks for the
 * next. The watermark moves only once the whole window was read, so that a crash or a failure reads again and loses
 * nothing; what was queued is known by its id, and left.
 *
 * A window that keeps failing is read in smaller parts, the older first. A part that cannot be read though it is as small as
 * parts get is noted as a gap: newer events are read meanwhile, and the gap is tried again at each poll.
 */
export async function poll(subscriptionId: string, deps: PollDeps): Promise<void> {
  const { polls } = deps;
  const azureNow = deps.azureNow ?? deps.now;
  for (let round = 0; round < mostRounds; round++) {
    const to = azureNow();
    const offset = to - deps.now();
    const { begin, from } = await windowOf(subscriptionId, to, deps);
    const recent = await readParts(subscriptionId, { begin, from: begin, to }, deps);
    const late = from >= begin || (await readLate(subscriptionId, { begin, from, to }, deps));
    if (!recent || !late) return;
    if (Math.abs(azureNow() - deps.now() - offset) < clockMs) break;
  }
  await polls.noteFailures(subscriptionId, 0);
  await readGap(subscriptionId, deps);
}

interface Span {
  /** The watermark less the overlap, ms. */
  begin: number;
  /** From when on it is read, ms: further back where it is time to look for late events. */
  from: number;
  to: number;
}

/** The smallest part of a window, ms. */
const smallestMs = 60_000;
/** So many failures in a row before a window is read in parts; each further one halves them. */
const patience = 2;

/**
 * Looks for events that reached the log hours late, in what was read before. What is known to be unreadable is left to
 * {@link readGap}, and the watermark stays: newer events wait for none of it.
 */
async function readLate(subscriptionId: string, { begin, from, to }: Span, deps: PollDeps): Promise<boolean> {
  const { polls } = deps;
  let whole = true;
  let start = from;
  for (const gap of [...(await polls.gaps(subscriptionId)), { from: begin, to: begin }]) {
    const end = Math.min(gap.from, begin);
    if (start < end)
      whole = (await readParts(subscriptionId, { begin, from: start, to: end }, deps, false)) && whole;
    start = Math.max(start, gap.to);
  }
  await polls.noteLate(subscriptionId, slotOf(to, deps.lookbackMs));
  return whole;
}

/**
 * Reads a window, in parts where it keeps failing; false when some part had to be noted as a gap.
 * @param moves whether the watermark goes along
 */
async function readParts(
  subscriptionId: string,
  { begin, from, to }: Span,
  deps: PollDeps,
  moves = true,
): Promise<boolean> {
  const { polls } = deps;
  const failures = await polls.failures(subscriptionId);
  const span = Math.max((to - from) / 2 ** Math.max(0, failures - patience), smallestMs);
  let whole = true;
  for (let start = from; ; ) {
    const end = to - start <= span * 1.5 ? to : start + span;
    try {
      await readWhole(subscriptionId, { begin, from: start, to: end }, deps);
    } catch (error) {
      if (!isRefused(error)) await polls.noteFailures(subscriptionId, failures + 1);
      if (isRefused(error) || isUnreachable(error) || failures < patience || end - start > smallestMs * 1.5)
        throw error;
      const message = error instanceof Error ? error.message : String(error);
      await polls.noteGap(subscriptionId, { from: start, to: end, error: message.slice(0, 300) });
      whole = false;
    }
    if (moves) await polls.moveWatermark(subscriptionId, new Date(end).toISOString());
    if (end === to) return whole;
    start = end;
  }
}

/** A refusal concerns every window alike: smaller ones would not help. */
const isRefused = (error: unknown): boolean =>
  error instanceof AzureError && [401, 403, 404, 429].includes(error.statusCode);
const isUnreachable = (error: unknown): boolean => !(error instanceof AzureError) || error.statusCode === 0;

/**
 * What could not be read before: one try a poll, whichever waits longest, in halves where it still fails. What Azure no longer
 * keeps is lost, and stays said.
 */
async function readGap(subscriptionId: string, deps: PollDeps): Promise<void> {
  const { polls } = deps;
  const now = (deps.azureNow ?? deps.now)();
  const [gap] = (await polls.gaps(subscriptionId))
    .filter(({ lostAt }) => !lostAt)
    .sort((a, b) => (a.triedAt ?? 0) - (b.triedAt ?? 0) || a.from - b.from);
  if (!gap) return;
  const { from, to } = gap;
  if (from < now - keptMs) {
    await polls.noteGap(subscriptionId, { ...gap, lostAt: now });
    return;
  }
  await polls.gapTried(subscriptionId, gap, now);
  try {
    await readWhole(subscriptionId, { begin: from, from, to }, deps);
    await polls.closeGap(subscriptionId, gap);
  } catch (error) {
    if (isRefused(error)) throw error;
    if (isUnreachable(error) || to - from < 2 * smallestMs) return;
    const middle = Math.floor((from + to) / 2);
    await polls.splitGap(subscriptionId, { ...gap, triedAt: now }, middle);
  }
}

async function readWhole(subscriptionId: string, { begin, from, to }: Span, deps: PollDeps): Promise<void> {
  const window = { subscriptionId, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  for await (const records of readWindow(deps, window))
    await takePage(subscriptionId, records, { begin, to }, deps);
}

/** Queues what of a page is new, and remembers that it was. */
async function takePage(
  subscriptionId: string,
  records: readonly unknown[],
  { begin, to }: Pick<Span, 'begin' | 'to'>,
  deps: PollDeps,
): Promise<void> {
  const { polls, lookbackMs } = deps;
  const { running, others, unreadable } = sortOut(
    records,
    deps.techniquesOff,
    shapeNamed('rest') ?? undefined,
  );
  const recent = [...others.values()].filter((event) => Date.parse(event.time) >= begin);
  const unseenRunning = await polls.unseen(subscriptionId, [...running.keys()], 'running');
  const unseen = await polls.unseen(subscriptionId, [...recent.map(({ id }) => id), ...unreadable.keys()]);
  const fresh = {
    running: [...running.values()].filter(({ id }) => unseenRunning.has(id)),
    others: recent.filter(({ id }) => unseen.has(id)),
    unreadable: [...unreadable].flatMap(([id, record]) => (unseen.has(id) ? [record] : [])),
  };
  await takeIn(fresh, deps);
  const seen = timesOf(fresh.others);
  for (const id of unreadable.keys()) if (unseen.has(id)) seen.set(id, to);
  // The window was chosen by a clock that this page's Date header may have corrected.
  const latest = Math.min(to, (deps.azureNow ?? deps.now)());
  const oldest = Math.min(begin, latest - lookbackMs);
  await polls.commit(subscriptionId, {
    all: { ids: seen, forget: oldest - lookbackMs },
    running: { ids: timesOf(fresh.running), forget: Math.min(oldest, latest - deepMs) - lookbackMs },
  });
  countEvents(fresh, deps);
}

const timesOf = (events: readonly ActivityEvent[]) =>
  new Map(events.map((event) => [event.id, Date.parse(event.time)] as const));

/** The deep look is due once in each of these. */
const slotOf = (at: number, lookbackMs: number) => Math.floor(at / lookbackMs);

/**
 * From when on a poll reads: `begin` is the watermark less the overlap, `from` is further back when it is time to look for
 * late events, never before the subscription was watched at all. A clock that was set back does not move either ahead.
 */
async function windowOf(
  subscriptionId: string,
  to: number,
  { polls, lookbackMs }: PollDeps,
): Promise<{ begin: number; from: number }> {
  const watermark = await polls.watermark(subscriptionId);
  const last = watermark ? Math.min(Date.parse(watermark), to) : to;
  const begin = Math.max(last - lookbackMs, to - keptMs);
  const looked = (await polls.lateSlot(subscriptionId)) ?? slotOf(last, lookbackMs);
  if (looked === slotOf(to, lookbackMs)) return { begin, from: begin };
  const since = (await polls.watchedSince(subscriptionId)) ?? to;
  return { begin, from: Math.min(begin, Math.max(to - deepMs, since - lookbackMs)) };
}

/**
 * One request where one page holds all. Where it doesn't, the rest of the subscription's traffic is left unread:
 * the providers that can run code are asked for one by one, since the filter takes one. Nothing is kept from page to page.
 */
export async function* readWindow(
  { readLog }: Pick<PollDeps, 'readLog'>,
  window: LogWindow,
): AsyncGenerator<unknown[]> {
  for await (const page of readLog(window)) {
    yield page.records;
    if (!page.more) return;
    break;
  }
  for (const provider of techniqueProviders()) {
    for await (const page of readLog(window, provider)) yield page.records;
  }
}
