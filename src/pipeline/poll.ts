import { AzureError } from '../azure/connection/azure-error';
import type { LogPage, LogWindow } from '../azure/log/activity-log';
import type { ActivityEvent } from '../domain/activity/activity-event';
import { shapeById } from '../domain/activity/read-record';
import { providersRead } from '../domain/techniques/detections';
import { countEvents, type IntakeDeps, intakeEvents, sortRecords } from './intake-events';

export interface PollDeps extends IntakeDeps {
  readLog: (window: LogWindow, provider?: string) => AsyncIterable<LogPage>;
  lookbackMs: number;
  /** Azure's time, ms; `now` is this host's time. Default: `now`. */
  azureNow?: () => number;
}

/** Azure keeps 90 days. The margin of one minute keeps the request within that limit. */
const keptMs = 90 * 86_400_000 - 60_000;
/** Once per overlap period, a poll reads this far back: a few events reach the log hours late. */
export const lateLookbackMs = 3 * 3_600_000;
/** If the clock offset changes by this much during a poll, the poll reads again, ms. */
const clockJumpMs = 60_000;
const maxRounds = 3;

/**
 * Reads new events of a subscription's log, starting at the watermark minus the overlap. Each page is queued
 * before the next is requested. The watermark moves only after the whole window is read. After a crash or a
 * failure, the window is read again, so nothing is lost. Events already queued are skipped by their id.
 *
 * A window that keeps failing is read in smaller parts, oldest first. If the smallest possible part still
 * fails, it is recorded as a gap. Polling continues with newer events and retries the gap at each poll.
 */
export async function poll(subscriptionId: string, deps: PollDeps): Promise<void> {
  const { polls } = deps;
  const azureNow = deps.azureNow ?? deps.now;
  for (let round = 0; round < maxRounds; round++) {
    const to = azureNow();
    const offset = to - deps.now();
    const { begin, from } = await windowFor(subscriptionId, to, deps);
    const recent = await readParts(subscriptionId, { begin, from: begin, to }, deps);
    const late = from >= begin || (await readLateEvents(subscriptionId, { begin, from, to }, deps));
    if (!recent || !late) return;
    if (Math.abs(azureNow() - deps.now() - offset) < clockJumpMs) break;
  }
  await polls.noteFailures(subscriptionId, 0);
  await retryGap(subscriptionId, deps);
}

interface Span {
  /** The watermark minus the overlap, ms. */
  begin: number;
  /** Start of the read, ms. Earlier than `begin` when late events are due. */
  from: number;
  to: number;
}

/** Smallest part into which a window is split, ms. */
const minPartMs = 60_000;
/** Consecutive failures before a window is split. Each further failure halves the parts. */
const failuresBeforeSplit = 2;

/**
 * Reads past windows again for events that reached the log hours late. Skips known gaps, which are left to
 * {@link retryGap}. Does not move the watermark, so newer events are not delayed.
 */
async function readLateEvents(
  subscriptionId: string,
  { begin, from, to }: Span,
  deps: PollDeps,
): Promise<boolean> {
  const { polls } = deps;
  let whole = true;
  let start = from;
  for (const gap of [...(await polls.gaps(subscriptionId)), { from: begin, to: begin }]) {
    const end = Math.min(gap.from, begin);
    if (start < end)
      whole = (await readParts(subscriptionId, { begin, from: start, to: end }, deps, false)) && whole;
    start = Math.max(start, gap.to);
  }
  await polls.setLateSlot(subscriptionId, slotOf(to, deps.lookbackMs));
  return whole;
}

/**
 * Reads a window, split into parts if it keeps failing. Returns false if a part was recorded as a gap.
 * @param moves whether to move the watermark
 */
async function readParts(
  subscriptionId: string,
  { begin, from, to }: Span,
  deps: PollDeps,
  moves = true,
): Promise<boolean> {
  const { polls } = deps;
  const failures = await polls.failures(subscriptionId);
  const span = Math.max((to - from) / 2 ** Math.max(0, failures - failuresBeforeSplit), minPartMs);
  let whole = true;
  for (let start = from; ; ) {
    const end = to - start <= span * 1.5 ? to : start + span;
    try {
      await readSpan(subscriptionId, { begin, from: start, to: end }, deps);
    } catch (error) {
      if (!failsAnyWindow(error)) await polls.noteFailures(subscriptionId, failures + 1);
      if (
        failsAnyWindow(error) ||
        isUnreachable(error) ||
        failures < failuresBeforeSplit ||
        end - start > minPartMs * 1.5
      )
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

/** These errors affect any window, so splitting would not help. */
const failsAnyWindow = (error: unknown): boolean =>
  error instanceof AzureError && [401, 403, 404, 429].includes(error.statusCode);
const isUnreachable = (error: unknown): boolean => !(error instanceof AzureError) || error.statusCode === 0;

/**
 * Retries one gap per poll, the one not tried for the longest time. Splits it in half if it still fails.
 * A gap older than Azure's retention is marked as lost and stays on record.
 */
async function retryGap(subscriptionId: string, deps: PollDeps): Promise<void> {
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
  await polls.markGapTried(subscriptionId, gap, now);
  try {
    await readSpan(subscriptionId, { begin: from, from, to }, deps);
    await polls.closeGap(subscriptionId, gap);
  } catch (error) {
    if (failsAnyWindow(error)) throw error;
    if (isUnreachable(error) || to - from < 2 * minPartMs) return;
    const middle = Math.floor((from + to) / 2);
    await polls.splitGap(subscriptionId, { ...gap, triedAt: now }, middle);
  }
}

async function readSpan(subscriptionId: string, { begin, from, to }: Span, deps: PollDeps): Promise<void> {
  const window = { subscriptionId, from: new Date(from).toISOString(), to: new Date(to).toISOString() };
  for await (const records of readWindow(deps, window))
    await intakePage(subscriptionId, records, { begin, to }, deps);
}

/** Queues the new events of a page and records them as seen. */
async function intakePage(
  subscriptionId: string,
  records: readonly unknown[],
  { begin, to }: Pick<Span, 'begin' | 'to'>,
  deps: PollDeps,
): Promise<void> {
  const { polls, lookbackMs } = deps;
  const { running, others, unreadable } = sortRecords(
    records,
    deps.detections,
    shapeById('rest') ?? undefined,
  );
  const recent = [...others.values()].filter((event) => Date.parse(event.time) >= begin);
  const unseenRunning = await polls.unseen(subscriptionId, [...running.keys()], 'running');
  const unseen = await polls.unseen(subscriptionId, [...recent.map(({ id }) => id), ...unreadable.keys()]);
  const fresh = {
    running: [...running.values()].filter(({ id }) => unseenRunning.has(id)),
    others: recent.filter(({ id }) => unseen.has(id)),
    unreadable: [...unreadable].flatMap(([id, record]) => (unseen.has(id) ? [record] : [])),
  };
  await intakeEvents(fresh, deps);
  const seen = timesOf(fresh.others);
  for (const id of unreadable.keys()) if (unseen.has(id)) seen.set(id, to);
  // The Date header of this page may have corrected the clock that chose the window.
  const latest = Math.min(to, (deps.azureNow ?? deps.now)());
  const oldest = Math.min(begin, latest - lookbackMs);
  await polls.commit(subscriptionId, {
    all: { ids: seen, forget: oldest - lookbackMs },
    running: { ids: timesOf(fresh.running), forget: Math.min(oldest, latest - lateLookbackMs) - lookbackMs },
  });
  countEvents(fresh, deps);
}

const timesOf = (events: readonly ActivityEvent[]) =>
  new Map(events.map((event) => [event.id, Date.parse(event.time)] as const));

/** Number of the overlap period; the search for late events runs once in each. */
const slotOf = (at: number, lookbackMs: number) => Math.floor(at / lookbackMs);

/**
 * Where a poll starts reading. `begin` is the watermark minus the overlap. `from` is earlier when the search
 * for late events is due, but not before the subscription was first watched, minus the overlap.
 * If the clock was set back, neither moves ahead of it.
 */
async function windowFor(
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
  return { begin, from: Math.min(begin, Math.max(to - lateLookbackMs, since - lookbackMs)) };
}

/**
 * Reads a window with one request if everything fits on one page. Otherwise it queries each provider that can
 * run code separately, since the filter takes only one. Other traffic is not read. Pages are not accumulated.
 */
export async function* readWindow(
  { readLog, detections }: Pick<PollDeps, 'readLog' | 'detections'>,
  window: LogWindow,
): AsyncGenerator<unknown[]> {
  for await (const page of readLog(window)) {
    yield page.records;
    if (!page.more) return;
    break;
  }
  for (const provider of providersRead(detections)) {
    for await (const page of readLog(window, provider)) yield page.records;
  }
}
