import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, type AppOptions, startApp } from '../../src/app';
import { createAzure } from '../../src/azure/azure';
import { allRoles, type Role } from '../../src/config/config';
import { fetcherToken, startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { populateTenant, type World } from '../../src/demo/world';
import { loadConfig } from '../../src/load-config';
import { createQueues } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { type EmbeddedRedis, startEmbeddedRedis } from '../../src/store/redis/embedded-redis';
import { unpublished } from './published-api';
import { type SimulatedSlack, startSlack } from './slack';
import { until } from './wait';

export interface Bench {
  tenant: Tenant;
  world: World;
  slack: SimulatedSlack;
  redis: EmbeddedRedis;
  /** Environment of the bots in this bench, also for starting other processes. */
  env: Record<string, string>;
  start: (extra?: Record<string, string>, roles?: readonly Role[], demo?: AppOptions['demo']) => Promise<App>;
  /** Runs a scheduled job now. */
  runNow: (
    queue: 'health' | 'sweep' | 'digest' | 'copyAudit' | 'sentinel' | 'watchMeasures' | 'reviewAccess',
    name: string,
  ) => Promise<void>;
  stop: () => Promise<void>;
}

/** Starts a real Redis, a simulated tenant and a simulated Slack; bots can be started against them. */
export async function setUp(
  {
    mode,
    slackRate,
    now = Date.now,
  }: {
    mode: 'http' | 'socket' | 'none';
    slackRate?: number;
    now?: () => number;
  } = { mode: 'http' },
): Promise<Bench> {
  const dataDir = mkdtempSync(join(tmpdir(), 'runwatch-test-'));
  const redis = await startEmbeddedRedis(dataDir);
  const tenant = await startTenant({ now });
  const world = populateTenant(tenant);
  const ca = join(dataDir, 'ca.pem');
  writeFileSync(ca, tenant.ca);
  const slack = await startSlack(slackRate ? { rate: slackRate } : {});
  const env: Record<string, string> = {
    AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint,
    AZURE_ACCESS_TOKEN: tenant.token,
    NODE_EXTRA_CA_CERTS: ca,
    RUNWATCH_DATA_DIR: dataDir,
    RUNWATCH_PORT: '0',
    RUNWATCH_POLL_SECONDS: '1',
    RUNWATCH_SLACK_RATE: '1000',
    RUNWATCH_RESPONDERS: '*',
    RUNWATCH_LOG_LEVEL: process.env.TEST_LOG ?? 'silent',
  };
  if (mode !== 'none') {
    Object.assign(env, {
      SLACK_BOT_TOKEN: slack.botToken,
      SLACK_CHANNEL: 'C0SOC0000',
      SLACK_API_URL: slack.apiUrl,
      ...(mode === 'socket'
        ? { SLACK_APP_TOKEN: slack.appToken }
        : { SLACK_SIGNING_SECRET: slack.signingSecret }),
    });
  }
  const apps: App[] = [];
  const bench: Bench = {
    tenant,
    world,
    slack,
    redis,
    env,
    start: async (extra = {}, roles = allRoles, demo = undefined) => {
      const config = loadConfig({ ...env, ...extra });
      const app = await startApp({
        config,
        roles,
        backfillDelayMs: 0,
        now,
        demo,
        log: createLog(config.logLevel),
        azure: (metrics) =>
          createAzure(config, {
            tlsOptions: { ca: tenant.ca },
            graphEndpoint: tenant.endpoint,
            logAnalyticsEndpoint: tenant.endpoint,
            fetchCredential: {
              getToken: async () => ({ token: fetcherToken, expiresOnTimestamp: Date.now() + 3_600_000 }),
            },
            now,
            onCall: metrics.calledAzure,
          }),
      });
      apps.push(app);
      return app;
    },
    runNow: async (queue, name) => {
      const queues = createQueues(redis.address, createLog('silent'));
      const job = await queues[queue].add(name, {}, { removeOnComplete: false, removeOnFail: false });
      await until(`${queue} ${name}`, async () => {
        const state = await job.getState();
        if (state === 'failed') throw new Error(job.failedReason);
        return state === 'completed';
      });
      await job.remove();
      await queues.close();
    },
    stop: async () => {
      for (const app of apps) await app.stop();
      await slack.stop();
      await tenant.stop();
      await bench.redis.stop();
      rmSync(dataDir, { recursive: true, force: true });
      expect(unpublished(tenant.requests)).toEqual([]);
    },
  };
  return bench;
}
