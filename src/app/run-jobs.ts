import pLimit from 'p-limit';
import { postAllReviews } from '../actions/access/review-access';
import { tellPlaces } from '../actions/hand-over/tell-places';
import { migrateMeasures } from '../actions/measures/migrate-measures';
import { removeLeftRuns } from '../actions/measures/own-runs';
import { watchHealth } from '../health/watch-health';
import { archiveAudit } from '../pipeline/archive-audit';
import { copyAudit } from '../pipeline/copy-audit';
import { copyToSentinel, sentinelPlace } from '../pipeline/copy-to-sentinel';
import { deliver } from '../pipeline/deliver';
import { forgetOld } from '../pipeline/forget-old';
import { indexAlerts } from '../pipeline/index-alerts';
import { addEvidence, complete, ingest } from '../pipeline/ingest';
import { remind } from '../pipeline/remind';
import { createSweep } from '../pipeline/sweep';
import { queueChangedTickets } from '../pipeline/tell-tickets';
import { watchMeasures } from '../pipeline/watch-measures';
import { forgetWebhooks } from '../pipeline/webhooks/forget-webhooks';
import { queueWebhooks } from '../pipeline/webhooks/queue-webhooks';
import { sendWebhook } from '../pipeline/webhooks/send-webhook';
import { expireApprovals } from '../presses/approvals';
import { perform } from '../presses/perform';
import { secretMismatch } from '../presses/press';
import { createGeoDatabases } from '../runtime/geo-databases';
import { contentHashes } from '../runtime/keyring';
import type { Log } from '../runtime/log';
import { askForReviews, digest, report } from '../views/digest';
import { actionDeps } from './action-deps';
import type { AppCore } from './app-core';
import { linkTo } from './link-to';

const sweepEveryMs = 10_000;
/** Daily at 08:00, in the time zone of the working hours. */
const digestAt = '0 8 * * *';
/** On the first of each month at 09:00. */
const reportAt = '0 9 1 * *';
const copyAuditEveryMs = 2000;
const copyToSentinelEveryMs = 10_000;
const queueWebhooksEveryMs = 1000;
const watchMeasuresEveryMs = 60_000;
const ticketsEveryMs = 2000;
const watchHealthEveryMs = 10_000;

/** Turns events into alerts. */
export function runEnrichJobs({ config, azure, store, queues, metrics, log, now, keyring }: AppCore): void {
  const { policy, points, detections } = config;
  const judging = {
    points,
    workingHours: policy.workingHours,
    watchlist: policy.watchlist,
    environments: policy.environments,
  };
  const { workspaceId } = config;
  const geo = createGeoDatabases(policy.geo);
  const hashes = contentHashes(keyring);
  const deps = {
    azure,
    store,
    queues,
    metrics,
    log,
    judging,
    policy,
    geo,
    detections,
    hashes,
    keyring,
    workspaceId,
    now,
  };
  queues.work('events', (job) => ingest(job.data, deps), { concurrency: 2 });
  queues.work('check', (job) => ingest(job.data, deps), { concurrency: 2 });
  queues.work('complete', (job) => complete(job.data, deps), { concurrency: 4 });
  queues.work('evidence', (job) => addEvidence(job.data, deps), { concurrency: 2 });
}

/** Posts and updates messages, and runs what is scheduled. */
export function runDeliverJobs(core: AppCore): void {
  const { config, azure, store, queues, metrics, log, now, press, begin } = core;
  const surfaces = core.surfaces.map(({ surface }) => surface);
  const responders = config.responders.length > 0;
  const routes = config.policy.routes ?? [];
  const limitPosts = pLimit(50);
  const limitBatches = pLimit(2);
  const deps = {
    store,
    surfaces,
    queues,
    metrics,
    log,
    responders,
    linkTo: linkTo(config),
    routes,
    sla: config.policy.sla ?? {},
    now,
    limitPosts,
    limitBatches,
  };
  queues.work('deliver', (job, token) => deliver(job, token, deps), { concurrency: 50 });
  const { policy } = config;
  begin(async () => {
    await store.alerts.indexOpen();
    await store.alerts.checkAll();
    await store.alerts.markAllChanged();
  });
  const sweep = createSweep({ store, queues, now });
  queues.work('sweep', async () => {
    await sweep();
    await remind({ store, queues, policy, press, now });
    await askForReviews({ store, queues, now });
    await indexAlerts({ store, now });
    await forgetOld({ store, now });
  });
  queues.work('health', async () => {
    await store.deliveries.withLock('watch-health', 10_000, () =>
      watchHealth({ config, store, queues, log, now }),
    );
  });
  begin(() => queues.health.upsertJobScheduler('watch', { every: watchHealthEveryMs }, { name: 'watch' }));
  const sla = policy.sla ?? {};
  queues.work('digest', ({ name }) =>
    name === 'report' ? report({ store, queues, now }) : digest({ store, queues, now, sla }),
  );
  const tz = policy.workingHours?.zone ?? 'UTC';
  begin(() => queues.digest.upsertJobScheduler('daily', { pattern: digestAt, tz }, { name: 'digest' }));
  begin(() => queues.digest.upsertJobScheduler('monthly', { pattern: reportAt, tz }, { name: 'report' }));
  begin(() => queues.sweep.upsertJobScheduler('sweep', { every: sweepEveryMs }, { name: 'sweep' }));
  runWebhookJobs(core);
  const { audit, sentinel } = policy;
  if (audit) {
    queues.work('copyAudit', async () => {
      await store.deliveries.withLock('copy-audit', 10_000, async () => {
        await copyAudit(audit, { store, now });
        await archiveAudit(audit, { store, now, otherPlaces: sentinel ? [sentinelPlace(sentinel)] : [] });
      });
    });
    begin(() => queues.copyAudit.upsertJobScheduler('copy', { every: copyAuditEveryMs }, { name: 'copy' }));
  }
  if (sentinel) {
    const toSentinel = { azure, store, metrics, log, linkTo: linkTo(config), now: azure.clock.now };
    queues.work('sentinel', async () => {
      await store.deliveries.withLock('sentinel', 10_000, () => copyToSentinel(sentinel, toSentinel));
    });
    begin(() =>
      queues.sentinel.upsertJobScheduler('copy', { every: copyToSentinelEveryMs }, { name: 'copy' }),
    );
  }
}

function runWebhookJobs({ config, store, queues, metrics, log, now, begin }: AppCore): void {
  const webhooks = config.policy.webhooks ?? [];
  const names = webhooks.map(({ name }) => name);
  begin(() => forgetWebhooks(names, { store, queues, now }));
  if (webhooks.length === 0) return;
  const deps = { store, metrics, linkTo: linkTo(config), now };
  for (const hook of webhooks)
    queues.workWebhook(hook.name, (job, token) => sendWebhook(job, token, hook, deps), { concurrency: 4 });
  queues.work('queueWebhooks', async () => {
    await store.deliveries.withLock('webhooks', 10_000, () =>
      queueWebhooks(webhooks, { store, queues, log, now }),
    );
    await forgetWebhooks(names, { store, queues, now });
  });
  begin(() =>
    queues.queueWebhooks.upsertJobScheduler('queue', { every: queueWebhooksEveryMs }, { name: 'queue' }),
  );
}

/** Runs actions, once the secret matches. Returns a function that stops waiting for that. */
export function runRespondJobs(core: AppCore): () => Promise<void> {
  const { config, store, queues, keyring, log, now, begin } = core;
  const deps = actionDeps(core);
  queues.work('watchMeasures', async () => {
    await watchMeasures(deps);
    if (config.fetchScript) await removeLeftRuns(deps);
    await expireApprovals(deps);
  });
  begin(() =>
    queues.watchMeasures.upsertJobScheduler('watch', { every: watchMeasuresEveryMs }, { name: 'watch' }),
  );
  if (config.policy.escalation) {
    queues.work(
      'tickets',
      async ({ data: { alertId } }) => {
        if (alertId !== undefined) await tellPlaces(alertId, deps);
        else await store.deliveries.withLock('tickets', 10_000, () => queueChangedTickets({ store, queues }));
      },
      { concurrency: 10 },
    );
    const changed = { name: 'changed', opts: { attempts: 1, removeOnFail: true } };
    begin(() => queues.tickets.upsertJobScheduler('changed', { every: ticketsEveryMs }, changed));
  }
  queues.work('reviewAccess', () => postAllReviews(deps, now));
  if (config.policy.accessReview === 'monthly') {
    const tz = config.policy.workingHours?.zone ?? 'UTC';
    begin(() =>
      queues.reviewAccess.upsertJobScheduler('monthly', { pattern: reportAt, tz }, { name: 'review' }),
    );
  }
  return startOnceSecretMatches(
    () => store.secretMatches(keyring),
    log,
    () =>
      begin(async () => {
        await migrateMeasures(deps);
        await store.audit.noteKey(keyring.auditPublicKeys(), now());
        queues.work('respond', (job) => perform(job.data, job.attemptsMade + 1, deps), {
          concurrency: 20,
        });
      }),
  );
}

const secretCheckEveryMs = 30_000;

/** Starts once the secret matches. Until then it logs an error. Returns a function that stops the check. */
function startOnceSecretMatches(
  fits: () => Promise<boolean>,
  log: Log,
  begin: () => void,
): () => Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const check = async () => {
    const fit = await fits().catch(() => null);
    if (stopped) return;
    if (fit) return begin();
    if (fit === false) log.error(secretMismatch);
    timer = setTimeout(check, fit === null ? 1000 : secretCheckEveryMs);
  };
  void check();
  return async () => {
    stopped = true;
    clearTimeout(timer);
  };
}
