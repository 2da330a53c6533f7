import { createHash } from 'node:crypto';
import { DelayedError, type Job } from 'bullmq';
import { type Alert, summarize } from '../alerts/alert';
import { channelFor, type Route } from '../alerts/routing';
import { messageOf } from '../chat/message';
import { type Content, type Ref, type Surface, SurfaceError } from '../chat/surface';
import type { Log } from '../log';
import type { Metrics } from '../metrics';
import type { Told } from '../store/deliveries';
import type { Store } from '../store/store';
import type { DeliverJob, Queues } from './queues';

export interface DeliverDeps {
  store: Store;
  surfaces: readonly Surface[];
  queues: Pick<Queues, 'deliverThread'>;
  metrics: Metrics;
  log: Log;
  /** Is any responder configured? */
  responders: boolean;
  /** Where alerts go, by RUNWATCH_CONFIG. */
  routes: readonly Route[];
  now: () => number;
}

/** Closes the gap between what a surface was last told of a message and what it should show. Safe to repeat. */
export async function deliver(
  job: Job<DeliverJob>,
  token: string | undefined,
  deps: DeliverDeps,
): Promise<void> {
  const { store, now, metrics } = deps;
  const { id, slotAt, part } = job.data;
  const surface = deps.surfaces.find((candidate) => candidate.name === job.data.surface);
  if (!surface) return;
  const place = { surface: surface.name, id, channel: surface.channel, intervalMs: surface.intervalMs };
  if (part) {
    await deliverThread(job, token, surface, deps);
    return;
  }
  const { alert, notice, told, at } = await store.deliveries.begin(place, now(), Boolean(slotAt));
  const content = contentOf(alert, notice, deps.responders);
  const rev = alert?.rev ?? 0;
  if (content?.kind === 'alert' && content.model.thread.length > 0)
    await deps.queues.deliverThread(surface.name, id);
  if (!content || told.shown === digestOf(content)) {
    await store.deliveries.settle(surface.name, id, rev, null);
    return;
  }
  if (at > now() + 1) await postpone(job, token, at);
  await store.deliveries.settle(
    surface.name,
    id,
    rev,
    await shown(
      job,
      token,
      surface,
      id,
      content,
      told,
      deps,
      alert ? (channelFor(alert, deps.routes, surface.name) ?? surface.channel) : surface.channel,
    ),
  );
  if (alert && !told.ref) metrics.delay.observe((now() - Date.parse(summarize(alert).startedAt)) / 1000);
}

/** The thread hangs below the message, so it waits until that stands. */
async function deliverThread(
  job: Job<DeliverJob>,
  token: string | undefined,
  surface: Surface,
  deps: DeliverDeps,
): Promise<void> {
  const { store, now } = deps;
  const { id, slotAt } = job.data;
  const threadId = `${id}.thread`;
  const place = { surface: surface.name, channel: surface.channel, intervalMs: surface.intervalMs };
  const parent = await store.deliveries.begin({ ...place, id }, now(), true);
  if (!parent.alert?.announced) return;
  if (!parent.told.ref) {
    await job.moveToDelayed(now() + 1000, token);
    throw new DelayedError();
  }
  const { thread } = messageOf(parent.alert, { responders: deps.responders, now: now() });
  const content: Content = { kind: 'thread', id: threadId, parent: parent.told.ref, parts: thread };
  const { told, at } = await store.deliveries.begin({ ...place, id: threadId }, now(), Boolean(slotAt));
  if (thread.length === 0 || told.shown === digestOf(content)) return;
  if (at > now() + 1) await postpone(job, token, at);
  await store.deliveries.setTold(
    surface.name,
    threadId,
    await shown(job, token, surface, threadId, content, told, deps, parent.told.ref.channel),
  );
}

/** Shows it; a surface that asks to wait is waited for, other failures are thrown, to be tried again. */
async function shown(
  job: Job<DeliverJob>,
  token: string | undefined,
  surface: Surface,
  id: string,
  content: Content,
  told: Told,
  deps: DeliverDeps,
  channel = surface.channel,
): Promise<Told> {
  try {
    return await show(surface, id, content, told, channel, deps);
  } catch (error) {
    deps.metrics.deliveries.inc({
      surface: surface.name,
      result: error instanceof SurfaceError ? error.kind : 'failed',
    });
    if (error instanceof SurfaceError && error.kind === 'throttled') {
      const until = deps.now() + Math.max(1000, error.retryAfterMs);
      await deps.store.deliveries.closeUntil(surface.channel, until);
      await postpone(job, token, until);
    }
    if (job.data.slotAt) await job.updateData({ ...job.data, slotAt: 0 });
    throw error;
  }
}

const contentOf = (
  alert: Alert | null,
  notice: { id: string; text: string } | null,
  responders: boolean,
): Content | null => {
  if (alert?.announced)
    return { kind: 'alert', model: messageOf(alert, { responders, now: Date.parse(alert.updatedAt) }) };
  return notice ? { kind: 'notice', ...notice } : null;
};

/** The thread has a digest of its own: a late event below need not touch the message above. */
const digestOf = (content: Content) =>
  createHash('sha256')
    .update(JSON.stringify(content, (key, value) => (key === 'thread' ? undefined : value)))
    .digest('hex')
    .slice(0, 32);

/** Brings the message up to date or posts it; answers what the surface is now told. */
async function show(
  surface: Surface,
  id: string,
  content: Content,
  told: Told,
  channel: string,
  deps: DeliverDeps,
): Promise<Told> {
  const { metrics, now } = deps;
  const { setTold } = deps.store.deliveries;
  const shown = digestOf(content);
  const ref =
    told.ref ??
    (told.attemptAt
      ? await lookUp(surface, id, told.attemptAt, told.attemptIn ?? channel, content, deps.log)
      : null);
  if (ref && (await updated(surface, ref, content))) {
    metrics.deliveries.inc({ surface: surface.name, result: 'updated' });
    return { ref, shown, attemptAt: null };
  }
  await setTold(surface.name, id, {
    ref: null,
    shown: null,
    attemptAt: told.attemptAt ?? now(),
    attemptIn: channel,
  });
  try {
    const posted = await surface.post(content, channel);
    metrics.deliveries.inc({ surface: surface.name, result: 'posted' });
    return { ref: posted, shown, attemptAt: null };
  } catch (error) {
    const taken = !(error instanceof SurfaceError) || error.kind === 'unknown';
    if (!taken) await setTold(surface.name, id, { ref: null, shown: null, attemptAt: null });
    throw error;
  }
}

/** False when somebody deleted the message. */
async function updated(surface: Surface, ref: Ref, content: Content): Promise<boolean> {
  try {
    await surface.update(ref, content);
    return true;
  } catch (error) {
    if (error instanceof SurfaceError && error.kind === 'gone') return false;
    throw error;
  }
}

/** A surface that may not be searched (a scope is missing) is taken to have lost it: twice is better than never. */
async function lookUp(
  surface: Surface,
  id: string,
  since: number,
  channel: string,
  content: Content,
  log: Log,
) {
  try {
    return await surface.find(id, since, channel, content.kind === 'thread' ? content.parent : null);
  } catch (error) {
    if (!(error instanceof SurfaceError) || error.kind !== 'refused') throw error;
    log.warn({ error, id, surface: surface.name }, 'could not look whether a message was posted; posting it');
    return null;
  }
}

/** The moment goes with the job, so that it is waited for once. */
async function postpone(job: Job<DeliverJob>, token: string | undefined, at: number): Promise<never> {
  await job.updateData({ ...job.data, slotAt: at });
  await job.moveToDelayed(at, token);
  throw new DelayedError();
}
