import type { Queue } from 'bullmq';
import type { WebhookConfig } from '../../src/config/policy-file';
import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { hideSecrets } from '../../src/domain/text/redactor';
import { createQueues, type Queues, type WebhookJob, webhookRetryDelays } from '../../src/pipeline/queues';
import { forgetWebhooks } from '../../src/pipeline/webhooks/forget-webhooks';
import { queueWebhooks, readerOf } from '../../src/pipeline/webhooks/queue-webhooks';
import { replayFailed, replaySince } from '../../src/pipeline/webhooks/replay-webhook';
import { sendWebhook } from '../../src/pipeline/webhooks/send-webhook';
import { createLog } from '../../src/runtime/log';
import { createMetrics, type Metrics } from '../../src/runtime/metrics';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';
import { until } from '../support/wait';
import { type Receiver, startReceiver, webhookSecret } from '../support/webhook-receiver';

let own: OwnStore;
let queues: Queues;
let metrics: Metrics;
let siem: Receiver;
let other: Receiver;
let hooks: WebhookConfig[];
const now = Date.now;
beforeEach(async () => {
  [own, siem, other] = await Promise.all([startStore(), startReceiver(), startReceiver()]);
  metrics = createMetrics();
  hooks = [
    { name: 'siem', url: siem.url, secret: webhookSecret, allowPrivate: true },
    { name: 'other', url: other.url, secret: webhookSecret, allowPrivate: true },
  ];
  queues = createQueues(own.address, createLog('silent'), ['siem', 'other']);
  await queueWebhooks(hooks, deps());
});
afterEach(async () => {
  siem.stop();
  other.stop();
  await queues.close();
  await own.stop();
});

const deps = () => ({
  store: own.store,
  queues,
  metrics,
  log: createLog('silent'),
  linkTo: (id: string) => `https://runwatch.contoso.example/console/alerts/${id}`,
  now,
});
const send = () => {
  for (const hook of hooks)
    queues.workWebhook(hook.name, (job, token) => sendWebhook(job, token, hook, deps()), { concurrency: 4 });
};
const queueOf = (name: string) => queues.webhooks.get(name) as Queue<WebhookJob>;
const done = (name: string, count: number) =>
  until(`${count} messages to ${name}`, async () => (await queueOf(name).getCompletedCount()) >= count);
const idsOf = ({ received }: Receiver) => received.map(({ body }) => body.data.id);
const notice = (id: string) => own.store.deliveries.addNotice({ id, text: `This is ${id}` }, []);
const raise = (id: string) =>
  own.store.alerts.update(id, (before) => ({
    alert: before
      ? { ...before, score: before.score + 1 }
      : {
          ...newAlert(id, [executionFrom(event()) as Execution], '2026-11-20T22:15:00.000Z'),
          announced: true,
        },
    audit: [],
  }));
const attempts = async (webhook: string, result: string) =>
  (await metrics.webhooks.get()).values.find(
    ({ labels }) => labels.webhook === webhook && labels.result === result,
  )?.value;

test('sends each change signed, with the alert as it is now, and nothing from before', async () => {
  expect(await own.store.feed.cursorOf(readerOf('siem'))).toBe('0-0');
  await raise('RW-1');
  await raise('RW-1');
  await notice('notice-1');
  await queueWebhooks(hooks, deps());
  hooks.push({ name: 'late', url: siem.url, secret: webhookSecret, allowPrivate: true });
  await queueWebhooks(hooks, deps());
  expect(await own.store.feed.cursorOf(readerOf('late'))).toBe(await own.store.feed.newest());
  hooks.pop();
  send();
  await done('siem', 3);
  const sent = siem.received.map(({ body }) => [body.type, body.data.id, body.data.rev]);
  expect(sent.sort()).toEqual([
    ['alert.changed', 'RW-1', 2],
    ['alert.raised', 'RW-1', 2],
    ['notice.posted', 'notice-1', undefined],
  ]);
  expect(siem.refused).toEqual([]);
  expect(await own.store.webhooks.stateOf('siem', siem.url)).toMatchObject({ failedAt: null, goneAt: null });
});

test('a crash after queueing neither repeats nor loses a change', async () => {
  for (const id of ['notice-1', 'notice-2']) await notice(id);
  const before = (await own.store.feed.cursorOf(readerOf('siem'))) as string;
  await queueWebhooks(hooks, deps());
  send();
  await done('siem', 2);
  // As after a crash before the cursor was stored.
  await own.store.feed.setCursor(readerOf('siem'), before);
  await notice('notice-3');
  await queueWebhooks(hooks, deps());
  await done('siem', 3);
  expect(idsOf(siem).sort()).toEqual(['notice-1', 'notice-2', 'notice-3']);
});

test('a slow destination delays no other', async () => {
  siem.behavior = () => {};
  send();
  for (let i = 0; i < 12; i++) await notice(`notice-${i}`);
  await queueWebhooks(hooks, deps());
  await done('other', 12);
  expect(idsOf(other)).toHaveLength(12);
  expect(siem.received.length).toBeLessThanOrEqual(4);
  siem.stop();
});

test('a destination that is down is tried again under the same id, as long as it asks for', async () => {
  let answer = 503;
  siem.behavior = (response) => void response.writeHead(answer, { 'retry-after': '60' }).end();
  send();
  await notice('notice-1');
  await queueWebhooks(hooks, deps());
  const [first] = await until('the first retry', async () => {
    const jobs = await queueOf('siem').getDelayed();
    return jobs.length > 0 ? jobs : null;
  });
  expect(first?.delay).toBe(60_000);
  expect((await own.store.webhooks.stateOf('siem', siem.url)).error).toBe('127.0.0.1 answered 503');
  answer = 302;
  await first?.promote();
  const [second] = await until('the second retry', async () => {
    const jobs = await queueOf('siem').getDelayed();
    return jobs[0]?.attemptsMade === 2 ? jobs : null;
  });
  expect(second?.delay).toBe(60_000);
  siem.behavior = siem.accept;
  await second?.promote();
  await done('siem', 1);
  expect(new Set(siem.received.map(({ id }) => id)).size).toBe(1);
  expect([await attempts('siem', 'retried'), await attempts('siem', 'sent')]).toEqual([2, 1]);
});

test('the attempts take a day', () => {
  const seconds = webhookRetryDelays.reduce((sum, delay) => sum + delay, 0);
  expect(seconds).toBeGreaterThan(86_000);
  expect(seconds).toBeLessThanOrEqual(86_400);
});

test('a destination that lies about its answer is bounded, and one that never ends it is believed', async () => {
  siem.behavior = (response) => {
    response.writeHead(200, { 'retry-after': 'never' });
    response.write('x'.repeat(100_000));
  };
  send();
  await notice('notice-1');
  await queueWebhooks(hooks, deps());
  await done('siem', 1);
  siem.behavior = (response) => void response.writeHead(500, { 'retry-after': '999999999' }).end();
  await notice('notice-2');
  await queueWebhooks(hooks, deps());
  const [delayed] = await until('the retry', async () => {
    const jobs = await queueOf('siem').getDelayed();
    return jobs.length > 0 ? jobs : null;
  });
  expect(delayed?.delay).toBe(3_600_000);
});

test('410 disables a destination until a replay or another URL, and loses nothing', async () => {
  siem.behavior = (response) => void response.writeHead(410).end();
  send();
  await notice('notice-1');
  await queueWebhooks(hooks, deps());
  await until('the end', async () => (await queueOf('siem').getFailedCount()) === 1);
  await until('the mark', async () => (await own.store.webhooks.stateOf('siem', siem.url)).goneAt);
  expect((await own.store.webhooks.stateOf('siem', 'https://elsewhere.example')).goneAt).toBeNull();
  await notice('notice-2');
  await queueWebhooks(hooks, deps());
  siem.behavior = siem.accept;
  expect(siem.received).toHaveLength(1);
  expect(await replayFailed(hooks[0] as WebhookConfig, deps())).toBe(1);
  await queueWebhooks(hooks, deps());
  await done('siem', 2);
  expect(idsOf(siem).sort()).toEqual(['notice-1', 'notice-1', 'notice-2']);
});

test('what waits while a destination is gone is not given up, and is sent once it is enabled', async () => {
  siem.behavior = (response) => void response.writeHead(410).end();
  for (let i = 0; i < 20; i++) await notice(`notice-${i}`);
  await queueWebhooks(hooks, deps());
  send();
  await until('the waiting messages', async () => {
    const { failed = 0, delayed = 0 } = await queueOf('siem').getJobCounts('failed', 'delayed');
    return failed <= 4 && failed + delayed === 20;
  });
  siem.behavior = siem.accept;
  await replayFailed(hooks[0] as WebhookConfig, deps());
  await done('siem', 20);
  expect(new Set(idsOf(siem)).size).toBe(20);
});

test('what waited for a day is given up while a destination is gone', async () => {
  await own.store.webhooks.gone('siem', siem.url, now());
  const data = { cursor: '1-0', event: 'notice.posted' as const, id: 'notice-1', at: now() };
  await queueOf('siem').add('notice.posted', data, { jobId: '1-0', timestamp: now() - 86_400_000 });
  send();
  await until('the end', async () => (await queueOf('siem').getFailedCount()) === 1);
});

test('a job that something else queued is refused, and not tried again', async () => {
  const forged = { cursor: '1-0\r\nx-forged: 1', event: 'alert.raised', id: 'RW-1', at: now() };
  await queueOf('siem').add('alert.raised', forged as WebhookJob);
  send();
  await until('the end', async () => (await queueOf('siem').getFailedCount()) === 1);
  expect(siem.received).toEqual([]);
});

test('a replay sends what changed since then again, under the same ids', async () => {
  send();
  await notice('notice-1');
  await queueWebhooks(hooks, deps());
  await done('siem', 1);
  const at = (await own.store.feed.after('0-0', 10)).changes[0]?.at as number;
  expect(await replaySince(hooks[0] as WebhookConfig, at, deps())).toEqual({ count: 1, complete: true });
  await done('siem', 2);
  expect(siem.received[1]?.id).toBe(siem.received[0]?.id);
  expect(await replaySince(hooks[0] as WebhookConfig, now() + 60_000, deps())).toEqual({
    count: 0,
    complete: true,
  });
  expect(idsOf(other)).toEqual(['notice-1']);
});

test('events, formats and conditions select what is sent', async () => {
  hooks = [
    { name: 'siem', url: siem.url, secret: webhookSecret, allowPrivate: true, events: ['notice.posted'] },
    {
      name: 'other',
      url: other.url,
      secret: webhookSecret,
      allowPrivate: true,
      when: { severity: 'critical' },
    },
  ];
  send();
  await raise('RW-1');
  await notice('notice-1');
  await own.store.alerts.update(
    'RW-1',
    (before) => before && { alert: { ...before, severity: 'critical' }, audit: [] },
  );
  await queueWebhooks(hooks, deps());
  await done('other', 3);
  await done('siem', 1);
  expect(idsOf(siem)).toEqual(['notice-1']);
  expect(idsOf(other).sort()).toEqual(['RW-1', 'RW-1', 'notice-1']);
  await own.store.alerts.update(
    'RW-1',
    (before) => before && { alert: { ...before, severity: 'low' }, audit: [] },
  );
  await queueWebhooks(hooks, deps());
  await done('other', 4);
  expect(other.received).toHaveLength(3);
});

test('addresses of the host itself are refused unless they are allowed', async () => {
  hooks = [{ name: 'siem', url: siem.url, secret: webhookSecret }];
  send();
  await notice('notice-1');
  await queueWebhooks(hooks, deps());
  const state = await until('the failure', async () => {
    const found = await own.store.webhooks.stateOf('siem', siem.url);
    return found.failedAt ? found : null;
  });
  expect(state.error).toMatch(/^127\.0\.0\.1: its address is private/);
  expect(siem.received).toEqual([]);
});

test('what waits for a webhook is removed a week after it was last configured', async () => {
  await notice('notice-1');
  await queueWebhooks(hooks, deps());
  const day = 86_400_000;
  for (const [names, days] of [
    [['siem', 'other'], 0],
    [['siem'], 6],
    [['siem'], 8],
  ] as const) {
    await forgetWebhooks(names, { ...deps(), now: () => now() + days * day });
    const kept = await Promise.all(['siem', 'other'].map((name) => queueOf(name).getWaitingCount()));
    expect(kept).toEqual([1, days < 7 ? 1 : 0]);
  }
});

test('what is sent has no secrets of ours', async () => {
  hideSecrets(['a-secret-of-ours']);
  send();
  await own.store.deliveries.addNotice({ id: 'notice-1', text: 'It is a-secret-of-ours.' }, []);
  await queueWebhooks(hooks, deps());
  await done('siem', 1);
  expect(siem.received[0]?.body.data).toEqual({ id: 'notice-1', text: 'It is [redacted].' });
});
