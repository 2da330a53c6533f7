import { openIncident } from '../actions/hand-over/incidents';
import type { Config } from '../config/config';
import type { Queues } from '../pipeline/queues';
import type { Log } from '../runtime/log';
import type { ToldTrouble } from '../store/health-store';
import type { Store } from '../store/store';
import { hubTrouble } from './readiness';
import { type HealthState, overOf, type Trouble, troublesOf } from './troubles';

export interface WatchHealthDeps {
  config: Pick<Config, 'pollSeconds' | 'eventHub' | 'policy'>;
  store: Store;
  queues: Pick<Queues, 'deliverAll' | 'oldestAges'>;
  log: Log;
  now: () => number;
}

/** A notice that no chat took within this goes to escalation, ms. */
const chatHasMs = 60_000;
const slowChatHasMs = 600_000;
const heartbeatEveryMs = 60_000;

/**
 * Says once what keeps us from seeing or telling, and once that it is over. While all is well the heartbeat's address is
 * asked each minute: whoever waits for it hears of a bot that is dead or blind by its silence.
 */
export async function watchHealth(deps: WatchHealthDeps): Promise<void> {
  const { store, now } = deps;
  const state = await readHealth(deps);
  const current = troublesOf(state);
  const known = new Map((await store.health.troubles()).map((trouble) => [trouble.id, trouble]));
  for (const trouble of current) await lasting(trouble, known.get(trouble.id), state, deps);
  let lasts = current.length;
  for (const trouble of known.values()) {
    if (current.some(({ id }) => id === trouble.id)) continue;
    const over = overOf(trouble, state);
    if (over === null) lasts++;
    else await ended(trouble, over, deps);
  }
  if (lasts === 0) await beat(deps, now());
}

/** All that is known of how the bot does. */
export async function readHealth({
  config,
  store,
  queues,
  now,
}: Pick<WatchHealthDeps, 'config' | 'store' | 'queues' | 'now'>): Promise<HealthState> {
  const [subscriptions, vanished, failing, clockOffsetMs, ages, hub] = await Promise.all([
    store.polls.subscriptions(),
    store.health.vanished(),
    store.health.failing(now()),
    store.health.clockOffset(now()),
    queues.oldestAges(now()),
    config.eventHub ? hubTrouble(store, config.eventHub.name, now()) : [],
  ]);
  const gaps = await store.polls.allGaps(subscriptions.map(({ id }) => id));
  const isAudit = ({ place }: { place: string }) => place.startsWith('audit ');
  return {
    now: now(),
    pollSeconds: config.pollSeconds,
    subscriptions,
    gaps,
    vanished,
    hub,
    surfaces: failing.filter((one) => !isAudit(one)),
    auditCopies: failing
      .filter(isAudit)
      .map(({ place, error }) => ({ place: place.slice('audit '.length), error })),
    clockOffsetMs,
    eventsWaitMs: (ages.events ?? 0) * 1000,
  };
}

async function lasting(
  trouble: Trouble,
  known: ToldTrouble | undefined,
  { surfaces }: HealthState,
  deps: WatchHealthDeps,
): Promise<void> {
  const { store, queues, log, now } = deps;
  const { id, kind, says, over, holdMs } = trouble;
  const since = known?.since ?? now();
  const told: ToldTrouble = {
    id,
    kind,
    says,
    over,
    since,
    noticeId: known?.noticeId ?? null,
    ...(known?.escalated ? { escalated: true } : {}),
  };
  // The notice's id holds since when it lasts, so that is kept before anything is said.
  if (!known) await store.health.putTrouble(told);
  if (!told.noticeId && now() - since >= holdMs) {
    told.noticeId = `notice-trouble-${id.replaceAll(' ', '-')}-${since}`;
    log.error({ trouble: id }, says);
    await store.deliveries.addNotice({ id: told.noticeId, text: says }, store.surfaces);
    await queues.deliverAll(store.surfaces, [told.noticeId]);
  }
  // A chat that is only slow takes it in its turn; one that refuses, or is silent for long, does not.
  const waits = now() - since - holdMs;
  if (told.noticeId && !told.escalated && waits >= (surfaces.length > 0 ? chatHasMs : slowChatHasMs)) {
    const shown = await store.deliveries.isShown(told.noticeId, store.surfaces);
    if (!shown) told.escalated = await escalated(told, 'trigger', deps);
  }
  await store.health.putTrouble(told);
}

/** It is forgotten only once its incident was resolved. */
async function ended(trouble: ToldTrouble, over: string, deps: WatchHealthDeps): Promise<void> {
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

/** True once it was taken; where nobody takes what is over, that is through too. */
async function escalated(
  { id, says, since }: ToldTrouble,
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
    if (!taken && (await store.health.isDue(`unescalated ${id}`, slowChatHasMs, now())))
      log.error(
        { trouble: id },
        'no chat took a notice, and escalation names neither PagerDuty nor a webhook',
      );
    return taken;
  } catch (error) {
    log.warn({ error, trouble: id }, 'neither chat nor escalation took a notice');
    return false;
  }
}

async function beat({ config, store, log }: WatchHealthDeps, now: number): Promise<void> {
  const url = config.policy.heartbeat?.url;
  if (!url || !(await store.health.isDue('heartbeat', heartbeatEveryMs, now))) return;
  try {
    const answer = await fetch(url, { redirect: 'error', signal: AbortSignal.timeout(10_000) });
    await answer.body?.cancel();
    if (!answer.ok) log.warn({ status: answer.status }, 'the heartbeat was not taken');
  } catch (error) {
    log.warn({ error }, 'the heartbeat could not be sent');
  }
}
