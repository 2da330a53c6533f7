import { hash } from 'node:crypto';
import { DelayedError, type Job } from 'bullmq';
import type { LimitFunction } from 'p-limit';
import { messageOf } from '../chat/message';
import { type Content, type Surface, SurfaceError } from '../chat/surface';
import { type Alert, summarize } from '../domain/alerts/alert';
import { channelFor, type Route } from '../domain/alerts/routing';
import { overdueSteps, type Sla } from '../domain/alerts/timing';
import type { AlertView } from '../domain/measures/alert-view';
import type { Log } from '../runtime/log';
import { linkedSpan, span } from '../runtime/tracing';
import type { DeliveryInput } from '../store/deliveries';
import type { DeliverJob, Queues } from './queues';
import { readRoutedAlert } from './read-routed-alert';
import { type SendDeps, sendMessage } from './send-message';

export interface DeliverDeps extends SendDeps {
  surfaces: readonly Surface[];
  queues: Pick<Queues, 'deliverAll' | 'deliverThreads' | 'deliverThreadsLater'>;
  /** Whether any responder is configured. */
  responders: boolean;
  /** Link to an alert's page; null without a public URL. */
  linkTo: (alertId: string) => string | null;
  /** Alert routes from RUNWATCH_CONFIG. */
  routes: readonly Route[];
  /** Targets of the response times. */
  sla: Sla;
  /** Limits concurrent first posts, so that a post is claimed only when it can be sent at once. */
  limitPosts: LimitFunction;
  /** Limits concurrent batch jobs: each holds up to 100 alerts in memory. */
  limitBatches: LimitFunction;
}

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
  const { id, ids, spans, slotAt, part } = job.data;
  const surface = deps.surfaces.find((candidate) => candidate.name === job.data.surface);
  if (!surface) return;
  if (ids && part) return deps.queues.deliverThreads(surface.name, ids);
  if (ids) return deps.limitBatches(() => deliverFirst(surface, ids, spans ?? [], deps));
  if (part) return deliverThread(job, token, surface, deps);
  const [input] = await store.deliveries.begin(surface, [id], now(), slotAt ? 'held' : 'alone');
  if (!input) return;
  if (input.alert?.announced) await deps.queues.deliverThreads(surface.name, [id]);
  const [view = null] = await viewsOf([input], deps);
  const outcome = await span('deliver', aboutMessage(surface, input), () =>
    deliverOne(surface, id, { ...input, view }, deps),
  ).catch((error) => waitOrThrow(job, token, error, deps));
  if (outcome !== 'done') await postpone(job, token, outcome, deps);
}

/** Posts each message for the first time. Anything that cannot be posted now becomes a separate delivery. */
async function deliverFirst(
  surface: Surface,
  ids: readonly string[],
  spans: readonly (string | null)[],
  deps: DeliverDeps,
): Promise<void> {
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
        (await deps.limitPosts(() => {
          const deliverNow = () => deliverOne(surface, id, one, deps);
          const delivery = linkedSpan(
            'deliver',
            spans[index] ?? null,
            aboutMessage(surface, one),
            deliverNow,
          );
          return succeeded(delivery, one.alert?.id, log);
        }));
      if (!done) remaining.push(id);
    }),
  );
  await queues.deliverAll([surface.name], remaining);
}

const aboutMessage = ({ name }: Surface, { alert }: Pick<DeliveryInput, 'alert'>) => ({
  'runwatch.surface': name,
  ...(alert ? { 'runwatch.alert.id': alert.id } : {}),
});

const succeeded = (delivery: Promise<Outcome>, alertId: string | undefined, log: Log): Promise<boolean> =>
  delivery.then(
    (outcome) => outcome === 'done',
    (error) => {
      log.warn({ error, alertId }, 'could not deliver a message; retrying');
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
  const ref = await sendMessage(surface, id, content, input, channel, deps);
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
  const ref = await span('deliver thread', aboutMessage(surface, parent), () =>
    sendMessage(surface, threadId, content, input, parentRef.channel, deps),
  ).catch((error) => waitOrThrow(job, token, error, deps));
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
