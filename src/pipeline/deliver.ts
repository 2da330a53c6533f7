import { createHash } from 'node:crypto';
import { DelayedError, type Job } from 'bullmq';
import type { Alert } from '../alerts/alert';
import { summarize } from '../alerts/alert';
import { messageOf } from '../chat/message';
import { type Content, type Ref, type Surface, SurfaceError } from '../chat/surface';
import type { Log } from '../log';
import type { Metrics } from '../metrics';
import type { Told } from '../store/deliveries';
import type { Store } from '../store/store';
import type { DeliverJob } from './queues';

export interface DeliverDeps {
  store: Store;
  surfaces: readonly Surface[];
  metrics: Metrics;
  log: Log;
  /** Is any responder configured? */
  responders: boolean;
  now: () => number;
}

/** Closes the gap between what a surface was last told of a message and what it should show. Safe to repeat. */
export async function deliver(
  job: Job<DeliverJob>,
  token: string | undefined,
  deps: DeliverDeps,
): Promise<void> {
  const { store, now, metrics } = deps;
  const { id, slotAt } = job.data;
  const surface = deps.surfaces.find((candidate) => candidate.name === job.data.surface);
  if (!surface) return;
  const place = { surface: surface.name, id, channel: surface.channel, intervalMs: surface.intervalMs };
  const { alert, notice, told, at } = await store.deliveries.begin(place, now(), Boolean(slotAt));
  const content = contentOf(alert, notice, deps.responders);
  const rev = alert?.rev ?? 0;
  if (!content || told.shown === digestOf(content)) {
    await store.deliveries.settle(surface.name, id, rev, null);
    return;
  }
  if (at > now() + 1) await postpone(job, token, at);
  try {
    await store.deliveries.settle(surface.name, id, rev, await show(surface, id, content, told, deps));
  } catch (error) {
    metrics.deliveries.inc({
      surface: surface.name,
      result: error instanceof SurfaceError ? error.kind : 'failed',
    });
    if (error instanceof SurfaceError && error.kind === 'throttled') {
      const until = now() + Math.max(1000, error.retryAfterMs);
      await store.deliveries.closeUntil(surface.channel, until);
      await postpone(job, token, until);
    }
    if (slotAt) await job.updateData({ ...job.data, slotAt: 0 });
    throw error;
  }
  if (alert && !told.ref) metrics.delay.observe((now() - Date.parse(summarize(alert).startedAt)) / 1000);
}

const contentOf = (
  alert: Alert | null,
  notice: { id: string; text: string } | null,
  responders: boolean,
): Content | null => {
  if (alert?.announced) return { kind: 'alert', model: messageOf(alert, { responders }) };
  return notice ? { kind: 'notice', ...notice } : null;
};

const digestOf = (content: Content) =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 32);

/** Brings the message up to date or posts it; answers what the surface is now told. */
async function show(
  surface: Surface,
  id: string,
  content: Content,
  told: Told,
  deps: DeliverDeps,
): Promise<Told> {
  const { metrics, now } = deps;
  const { setTold } = deps.store.deliveries;
  const shown = digestOf(content);
  const ref = told.ref ?? (told.attemptAt ? await lookUp(surface, id, told.attemptAt, deps.log) : null);
  if (ref && (await updated(surface, ref, content))) {
    metrics.deliveries.inc({ surface: surface.name, result: 'updated' });
    return { ref, shown, attemptAt: null };
  }
  await setTold(surface.name, id, { ref: null, shown: null, attemptAt: told.attemptAt ?? now() });
  try {
    const posted = await surface.post(content);
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
async function lookUp(surface: Surface, id: string, since: number, log: Log) {
  try {
    return await surface.find(id, since);
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
