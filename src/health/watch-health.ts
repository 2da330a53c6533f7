import { openIncident } from '../actions/hand-over/incidents';
import type { Config } from '../config/config';
import type { Queues } from '../pipeline/queues';
import type { Log } from '../runtime/log';
import { sendRequest } from '../runtime/outgoing-request';
import { isCopy, type ReportedTrouble } from '../store/health-store';
import type { Store } from '../store/store';
import { readWebhooks } from './read-webhooks';
import { hubTrouble } from './readiness';
import { type HealthState, recoveryText, type Trouble, troublesOf } from './troubles';

export interface WatchHealthDeps {
  config: Pick<Config, 'pollSeconds' | 'eventHub' | 'policy'>;
  store: Store;
  queues: Pick<Queues, 'deliverAll' | 'oldestAges' | 'webhooks'>;
  log: Log;
  now: () => number;
}

/** If a chat rejects messages, a notice not posted within this time is escalated, ms. */
const chatTimeoutMs = 60_000;
const slowChatTimeoutMs = 600_000;
const heartbeatEveryMs = 60_000;

/**
 * Sends one notice when a problem starts and one when it is resolved. While there is no problem, it calls the
 * heartbeat URL every minute. A missing heartbeat tells the receiver that Runwatch is down or unhealthy.
 */
export async function watchHealth(deps: WatchHealthDeps): Promise<void> {
  const { store, now } = deps;
  const state = await readHealth(deps);
  const current = troublesOf(state);
  const known = new Map((await store.health.troubles()).map((trouble) => [trouble.id, trouble]));
  for (const trouble of current) await handleOngoing(trouble, known.get(trouble.id), state, deps);
  let activeCount = current.length;
  for (const trouble of known.values()) {
    if (current.some(({ id }) => id === trouble.id)) continue;
    const over = recoveryText(trouble, state);
    if (over === null) activeCount++;
    else await handleResolved(trouble, over, deps);
  }
  if (activeCount === 0) await sendHeartbeat(deps, now());
}

/** Collects the health data of all processes. */
export async function readHealth({
  config,
  store,
  queues,
  now,
}: Pick<WatchHealthDeps, 'config' | 'store' | 'queues' | 'now'>): Promise<HealthState> {
  const [subscriptions, vanished, failing, clockOffsetMs, ages, hub, webhooks] = await Promise.all([
    store.polls.subscriptions(),
    store.health.vanished(),
    store.health.failing(now()),
    store.health.clockOffset(now()),
    queues.oldestAges(now()),
    config.eventHub ? hubTrouble(store, config.eventHub.name, now()) : [],
    readWebhooks(config, store, queues),
  ]);
  const gaps = await store.polls.gapsBySubscription(subscriptions.map(({ id }) => id));
  const copiesTo = (name: string) =>
    failing
      .filter(({ place }) => place.startsWith(`${name} `))
      .map(({ place, error }) => ({ place: place.slice(name.length + 1), error }));
  return {
    now: now(),
    pollSeconds: config.pollSeconds,
    subscriptions,
    gaps,
    vanished,
    hub,
    surfaces: failing.filter(({ place }) => !isCopy(place)),
    auditCopies: copiesTo('audit'),
    sentinel: copiesTo('sentinel'),
    clockOffsetMs,
    webhooks,
    eventsWaitMs: (ages.events ?? 0) * 1000,
  };
}

async function handleOngoing(
  trouble: Trouble,
  known: ReportedTrouble | undefined,
  { surfaces }: HealthState,
  deps: WatchHealthDeps,
): Promise<void> {
  const { store, queues, log, now } = deps;
  const { id, kind, says, over, holdMs } = trouble;
  const since = known?.since ?? now();
  const reported: ReportedTrouble = {
    id,
    kind,
    says,
    over,
    since,
    noticeId: known?.noticeId ?? null,
    ...(known?.escalated ? { escalated: true } : {}),
  };
  // The notice's id contains the start time, so store that before sending anything.
  if (!known) await store.health.putTrouble(reported);
  if (!reported.noticeId && now() - since >= holdMs) {
    reported.noticeId = `notice-trouble-${id.replaceAll(' ', '-')}-${since}`;
    log.error({ trouble: id }, says);
    await store.deliveries.addNotice({ id: reported.noticeId, text: says }, store.surfaces);
    await queues.deliverAll(store.surfaces, [reported.noticeId]);
  }
  // A slow chat still posts the notice. So escalate early only if a chat rejects messages.
  const waits = now() - since - holdMs;
  if (
    reported.noticeId &&
    !reported.escalated &&
    waits >= (surfaces.length > 0 ? chatTimeoutMs : slowChatTimeoutMs)
  ) {
    const shown = await store.deliveries.isPosted(reported.noticeId, store.surfaces);
    if (!shown) reported.escalated = await escalated(reported, 'trigger', deps);
  }
  await store.health.putTrouble(reported);
}

/** The problem is removed only after its incident is resolved. */
async function handleResolved(trouble: ReportedTrouble, over: string, deps: WatchHealthDeps): Promise<void> {
  const { store, queues, log } = deps;
  if (trouble.noticeId) {
    const id = `${trouble.noticeId}-over`;
    if (await store.deliveries.addNotice({ id, text: over }, store.surfaces))
      log.info({ trouble: trouble.id }, over);
    await queues.deliverAll(store.surfaces, [id]);
  }
  if (trouble.escalated && !(await escalated(trouble, 'resolve', deps))) return;
  await store.health.dropTrouble(trouble.id);
}

/** True if escalation accepted it. Resolving also succeeds if no escalation is configured. */
async function escalated(
  { id, says, since }: ReportedTrouble,
  event: 'trigger' | 'resolve',
  { config, store, log, now }: WatchHealthDeps,
): Promise<boolean> {
  try {
    const taken = await openIncident(
      { id: `runwatch-${id}-${since}`, title: says, since },
      event,
      config.policy.escalation,
    );
    if (event === 'resolve') return true;
    if (!taken && (await store.health.isDue(`unescalated ${id}`, slowChatTimeoutMs, now())))
      log.error(
        { trouble: id },
        'no chat accepted a notice, and escalation is configured for neither PagerDuty nor a webhook',
      );
    return taken;
  } catch (error) {
    log.warn({ error, trouble: id }, 'neither chat nor escalation accepted a notice');
    return false;
  }
}

async function sendHeartbeat({ config, store, log }: WatchHealthDeps, now: number): Promise<void> {
  const url = config.policy.heartbeat?.url;
  if (!url || !(await store.health.isDue('heartbeat', heartbeatEveryMs, now))) return;
  try {
    const { status } = await sendRequest({ url, method: 'GET', maxBytes: 0, allowPrivate: true });
    if (status < 200 || status > 299) log.warn({ status }, 'the heartbeat URL answered with an error');
  } catch (error) {
    log.warn({ error }, 'could not send the heartbeat');
  }
}
