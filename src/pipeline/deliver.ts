import { hash } from 'node:crypto';
import { DelayedError, type Job } from 'bullmq';
import type { LimitFunction } from 'p-limit';
import { messageOf } from '../chat/message';
import { type Content, type Ref, type Surface, SurfaceError } from '../chat/surface';
import { type Alert, summarize } from '../domain/alerts/alert';
import { channelFor, type Route } from '../domain/alerts/routing';
import { overdueSteps, type Sla } from '../domain/alerts/timing';
import type { AlertView } from '../domain/measures/alert-view';
import type { Log } from '../runtime/log';
import type { Metrics } from '../runtime/metrics';
import type { DeliveryInput, DeliveryState } from '../store/deliveries';
import type { Store } from '../store/store';
import type { DeliverJob, Queues } from './queues';
import { readRoutedAlert } from './read-routed-alert';

export interface DeliverDeps {
  store: Store;
  surfaces: readonly Surface[];
  queues: Pick<Queues, 'deliverAll' | 'deliverThreads' | 'deliverThreadsLater'>;
  metrics: Metrics;
  log: Log;
  /** Whether any responder is configured. */
  responders: boolean;
  /** Link to an alert's page; null without a public URL. */
  linkTo: (alertId: string) => string | null;
  /** Alert routes from RUNWATCH_CONFIG. */
  routes: readonly Route[];
  /** Targets of the response times. */
  sla: Sla;
  now: () => number;
  /** Limits concurrent first posts, so that a post is claimed only when it can be sent at once. */
  limitPosts: LimitFunction;
  /** Limits concurrent batch jobs: each holds up to 100 alerts in memory. */
  limitBatches: LimitFunction;
}

/** After this long without an answer, the process that made an attempt is considered dead, ms. */
const attemptTimeoutMs = 15_000;
/** In a flood, an alert's details are posted later. */
const floodSize = 20;
/** Retry delay while another process posts the same message, ms. */
const retryWhenBusyMs = 1000;

/** Brings a surface's copy of a message up to date. Idempotent. */
export async function deliver(
  job: Job<DeliverJob>,
  token: string | undefined,
  deps: DeliverDeps,
): Promise<void> {
  const { store, now } = deps;
  const { id, ids, slotAt, part } = job.data;
  const surface = deps.surfaces.find((candidate) => candidate.name === job.data.surface);
  if (!surface) return;
  if (ids && part) return deps.queues.deliverThreads(surface.name, ids);
  if (ids) return deps.limitBatches(() => deliverFirst(surface, ids, deps));
  if (part) return deliverThread(job, token, surface, deps);
  const [input] = await store.deliveries.begin(surface, [id], now(), slotAt ? 'held' : 'alone');
  if (!input) return;
  if (input.alert?.announced) await deps.queues.deliverThreads(surface.name, [id]);
  const [view = null] = await viewsOf([input], deps);
  const outcome = await deliverOne(surface, id, { ...input, view }, deps).catch((error) =>
    waitOrThrow(job, token, error, deps),
  );
  if (outcome !== 'done') await postpone(job, token, outcome, deps);
}

/** Posts each message for the first time. Anything that cannot be posted now becomes a separate delivery. */
async function deliverFirst(surface: Surface, ids: readonly string[], deps: DeliverDeps): Promise<void> {
  const { store, queues, now, log } = deps;
  const input = await store.deliveries.begin(surface, ids, now(), 'batch');
  const alerts = ids.filter((_, index) => input[index]?.alert?.announced);
  if (ids.length >= floodSize) await queues.deliverThreadsLater(surface.name, alerts);
  else await queues.deliverThreads(surface.name, alerts);
  const views = await viewsOf(input, deps);
  const remaining: string[] = [];
  await Promise.all(
    ids.map(async (id, index) => {
      const one = { ...(input[index] as DeliveryInput), view: views[index] ?? null };
      const done =
        one.storedState === '' &&
        (await deps.limitPosts(() => succeeded(deliverOne(surface, id, one, deps), log)));
      if (!done) remaining.push(id);
    }),
  );
  await queues.deliverAll([surface.name], remaining);
}

const succeeded = (delivery: Promise<Outcome>, log: Log): Promise<boolean> =>
  delivery.then(
    (outcome) => outcome === 'done',
    (error) => {
      log.warn({ error }, 'could not deliver a message; retrying');
      return false;
    },
  );

/** Done, or when to retry. `slotAt` is the send time reserved under the channel's rate limit. */
type Outcome = 'done' | { again: number; slotAt?: number };

/** What to deliver. `view` is null if it is not an alert that is announced. */
interface Delivery extends DeliveryInput {
  view: AlertView | null;
}

/** The announced alerts with their measures and approvals, in the order of `inputs`. */
async function viewsOf(
  inputs: readonly DeliveryInput[],
  { store }: DeliverDeps,
): Promise<(AlertView | null)[]> {
  const alerts = inputs.flatMap(({ alert }) => (alert?.announced ? [alert] : []));
  const views = await store.measures.viewsOf(alerts);
  return inputs.map(({ alert }) => (alert?.announced ? (views.shift() ?? null) : null));
}

async function deliverOne(
  surface: Surface,
  id: string,
  input: Delivery,
  deps: DeliverDeps,
): Promise<Outcome> {
  const { store, now, metrics } = deps;
  const { alert, state, at } = input;
  const content = contentOf(input, deps);
  const seen = { rev: alert?.rev ?? 0, touched: input.touched };
  const digest = content && digestOf(content);
  if (!content || state.shown === digest) {
    await store.deliveries.settle(surface.name, id, seen, null);
    return 'done';
  }
  if (at > now() + 1) return { again: at, slotAt: at };
  const channel = await channelOf(input, surface, deps);
  const ref = await show(surface, id, content, input, channel, deps);
  if (!ref) return { again: now() + retryWhenBusyMs };
  await store.deliveries.settle(surface.name, id, seen, { ref, shown: digest, attemptAt: null });
  if (alert && !state.ref) {
    metrics.delay.observe((now() - Date.parse(summarize(alert).startedAt)) / 1000);
    deps.log.info({ alertId: id, surface: surface.name }, 'an alert was posted');
  }
  return 'done';
}

/** A thread needs its parent message, so it waits until that is posted. */
async function deliverThread(
  job: Job<DeliverJob>,
  token: string | undefined,
  surface: Surface,
  deps: DeliverDeps,
): Promise<void> {
  const { store, now } = deps;
  const { id, slotAt } = job.data;
  const threadId = `${id}.thread`;
  const [parent] = await store.deliveries.begin(surface, [id], now(), 'held');
  if (!parent?.alert?.announced) return;
  const parentRef = parent.state.ref;
  if (!parentRef) return postpone(job, token, { again: now() + 1000 }, deps);
  const view = await store.measures.viewOf(parent.alert);
  const thread = messageOf(view, { ...deps, now: now() }).thread();
  const content: Content = { kind: 'thread', id: threadId, parent: parentRef, parts: thread };
  const [input] = await store.deliveries.begin(surface, [threadId], now(), slotAt ? 'held' : 'alone');
  const digest = digestOf(content);
  if (!input || thread.length === 0 || input.state.shown === digest) return;
  if (input.at > now() + 1) await postpone(job, token, { again: input.at, slotAt: input.at }, deps);
  const ref = await show(surface, threadId, content, input, parentRef.channel, deps).catch((error) =>
    waitOrThrow(job, token, error, deps),
  );
  if (!ref) return postpone(job, token, { again: now() + retryWhenBusyMs }, deps);
  await store.deliveries.saveDeliveryState(surface.name, threadId, { ref, shown: digest, attemptAt: null });
}

/** Waits as long as a throttling surface asks. Throws other errors, so that the job is retried. */
async function waitOrThrow(
  job: Job<DeliverJob>,
  token: string | undefined,
  error: unknown,
  deps: DeliverDeps,
): Promise<never> {
  if (error instanceof SurfaceError && error.kind === 'throttled') {
    const until = deps.now() + Math.max(1000, error.retryAfterMs);
    return postpone(job, token, { again: until, slotAt: until }, deps);
  }
  if (job.data.slotAt) await job.updateData({ ...job.data, slotAt: 0 });
  throw error;
}

function contentOf(
  { view, notice }: Delivery,
  { responders, linkTo, sla, now }: DeliverDeps,
): Content | null {
  if (view) {
    const at = view.approvals.length > 0 ? now() : shownAsOf(view.alert, sla, now());
    return { kind: 'alert', model: messageOf(view, { responders, linkTo, sla, now: at }) };
  }
  if (!notice) return null;
  const { id, text, mention, actions } = notice;
  return { kind: 'notice', id, text, ...(mention ? { mention } : {}), ...(actions ? { actions } : {}) };
}

/** A message changes with its alert and when a target is missed, ms. Time alone does not update it. */
const shownAsOf = (alert: Alert, sla: Sla, now: number): number =>
  Math.max(Date.parse(alert.updatedAt), ...overdueSteps(alert, sla, now).map(({ since }) => since));

/** An alert's route, or a notice's recipient or channel. Default: the surface's channel. */
async function channelOf(
  { alert, notice }: DeliveryInput,
  surface: Surface,
  { routes, store }: DeliverDeps,
): Promise<string> {
  if (alert && routes.length === 0) return surface.channel;
  if (alert)
    return channelFor(await readRoutedAlert(alert, store.polls), routes, surface.name) ?? surface.channel;
  const person = notice?.to ? await surface.personOf(notice.to) : null;
  return person?.id ?? notice?.channels?.[surface.name] ?? surface.channel;
}

/** Without the thread, which has its own digest, and the page: a late event there must not update the message. */
const digestOf = (content: Content): string => hash('sha256', JSON.stringify(content)).slice(0, 32);

/** Updates or posts the message. Returns its location; null while another process posts it. */
async function show(
  surface: Surface,
  id: string,
  content: Content,
  input: DeliveryInput,
  channel: string,
  deps: DeliverDeps,
): Promise<Ref | null> {
  const { state } = input;
  if (state.posting && deps.now() - state.posting < attemptTimeoutMs) return null;
  const began = Date.now();
  const place = `${surface.name} ${channel}`;
  try {
    const ref = state.ref ?? (await lookUp(surface, id, state, channel, content, deps.log));
    const updatedRef = ref && (await updated(surface, ref, content));
    if (updatedRef) {
      await recordSuccess(place, began, surface, deps);
      deps.metrics.deliveries.inc({ surface: surface.name, result: 'updated' });
      return updatedRef;
    }
    const sent = await posted(surface, id, content, input, channel, deps);
    if (sent) await recordSuccess(place, began, surface, deps);
    return sent;
  } catch (error) {
    deps.metrics.deliveries.inc({
      surface: surface.name,
      result: error instanceof SurfaceError ? error.kind : 'failed',
    });
    if (error instanceof SurfaceError && error.kind === 'throttled')
      deps.metrics.throttled.inc({ service: surface.name });
    else
      await deps.store.health.note(place, error instanceof Error ? error.message : String(error), deps.now());
    if (error instanceof SurfaceError && error.kind === 'throttled') {
      const until = deps.now() + Math.max(1000, error.retryAfterMs);
      await deps.store.deliveries.pauseUntil(surface.channel, until);
    }
    if (error instanceof SurfaceError && error.ref)
      await deps.store.deliveries.saveDeliveryState(surface.name, id, {
        ref: error.ref,
        shown: null,
        attemptAt: null,
      });
    throw error;
  }
}

async function recordSuccess(
  place: string,
  began: number,
  surface: Surface,
  { store, metrics, now }: DeliverDeps,
): Promise<void> {
  metrics.deliverySeconds.observe({ surface: surface.name }, (Date.now() - began) / 1000);
  await store.health.note(place, null, now());
}

/** Records the attempt before sending, so that the message can be found if the answer is lost. */
async function posted(
  surface: Surface,
  id: string,
  content: Content,
  { state, storedState }: DeliveryInput,
  channel: string,
  { store, metrics, now }: DeliverDeps,
): Promise<Ref | null> {
  const attempt = {
    ref: null,
    shown: null,
    attemptAt: state.attemptAt ?? now(),
    attemptIn: channel,
  };
  if (!(await store.deliveries.claim(surface.name, id, storedState, { ...attempt, posting: now() })))
    return null;
  try {
    const ref = await surface.post(content, channel);
    metrics.deliveries.inc({ surface: surface.name, result: 'posted' });
    return ref;
  } catch (error) {
    const taken = !(error instanceof SurfaceError) || error.kind === 'unknown';
    await store.deliveries.saveDeliveryState(
      surface.name,
      id,
      taken ? attempt : { ref: null, shown: null, attemptAt: null },
    );
    throw error;
  }
}

/** The message's current location; null if someone deleted it. */
async function updated(surface: Surface, ref: Ref, content: Content): Promise<Ref | null> {
  try {
    return await surface.update(ref, content);
  } catch (error) {
    if (error instanceof SurfaceError && error.kind === 'gone') return null;
    throw error;
  }
}

/** If the surface cannot be searched (missing scope), post again: a duplicate is better than a lost alert. */
async function lookUp(
  surface: Surface,
  id: string,
  { attemptAt, attemptIn }: DeliveryState,
  channel: string,
  content: Content,
  log: Log,
): Promise<Ref | null> {
  if (!attemptAt) return null;
  try {
    return await surface.find(
      id,
      attemptAt,
      attemptIn ?? channel,
      content.kind === 'thread' ? content.parent : null,
    );
  } catch (error) {
    if (!(error instanceof SurfaceError) || error.kind !== 'refused') throw error;
    log.warn(
      { error, id, surface: surface.name },
      'could not check whether a message was already posted; posting it',
    );
    return null;
  }
}

/** Stores the reserved time in the job, so it waits only once. BullMQ delays by its own clock, not ours. */
async function postpone(
  job: Job<DeliverJob>,
  token: string | undefined,
  { again, slotAt = 0 }: { again: number; slotAt?: number },
  { now }: Pick<DeliverDeps, 'now'>,
): Promise<never> {
  await job.updateData({ ...job.data, slotAt });
  await job.moveToDelayed(Date.now() + Math.max(0, again - now()), token);
  throw new DelayedError();
}
