import type { Job } from 'bullmq';
import pLimit from 'p-limit';
import type { Content, Surface } from '../../src/chat/surface';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import type { Route } from '../../src/domain/alerts/routing';
import type { Sla } from '../../src/domain/alerts/timing';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { deliver } from '../../src/pipeline/deliver';
import { createQueues, type DeliverJob } from '../../src/pipeline/queues';
import { createLog } from '../../src/runtime/log';
import { createMetrics } from '../../src/runtime/metrics';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

let own: OwnStore;
let queues: ReturnType<typeof createQueues>;
/** Each message on the surface, by channel. */
let sent: { verb: 'post' | 'update'; channel: string }[] = [];
/** The latest context line. */
let context = '';
const note = (content: Content) => {
  if (content.kind === 'alert') context = JSON.stringify(content.model.context);
};

const surface = {
  name: 'chat',
  channel: 'DEFAULT',
  intervalMs: 0,
  post: async (content: Content, channel: string) => {
    note(content);
    sent.push({ verb: 'post', channel });
    return { channel, message: 'm1' };
  },
  update: async (ref: { channel: string; message: string }, content: Content) => {
    note(content);
    sent.push({ verb: 'update', channel: ref.channel });
    return ref;
  },
  find: async () => null,
} as unknown as Surface;

beforeAll(async () => {
  own = await startStore(['chat']);
  queues = createQueues(own.address, createLog('silent'));
});
afterAll(async () => {
  await queues.close();
  await own.stop();
});
beforeEach(() => {
  sent = [];
});

const subscription = event().subscriptionId;
const put = (alert: Alert) => own.store.alerts.update(alert.id, () => ({ alert }), null);
const alertWith = (id: string, fields: Partial<Alert> = {}): Alert => ({
  ...newAlert(id, [executionFrom(event()) as Execution], '2026-11-20T22:15:00Z'),
  ready: true,
  announced: true,
  ...fields,
});
const show = (id: string, routes: readonly Route[], sla: Sla = {}, now = Date.now()) =>
  deliver({ data: { surface: 'chat', id } } as Job<DeliverJob>, undefined, {
    store: own.store,
    surfaces: [surface],
    queues,
    metrics: createMetrics(),
    log: createLog('silent'),
    linkTo: () => null,
    responders: false,
    routes,
    sla,
    now: () => now,
    limitPosts: pLimit(1),
    limitBatches: pLimit(1),
  });

test('a message stays in its channel when the severity changes and another route matches', async () => {
  const routes = [
    { when: { severity: 'critical' }, chat: 'CRITICAL' },
    { when: { severity: 'medium' }, chat: 'MEDIUM' },
  ];
  await put(alertWith('RW-1'));
  await show('RW-1', routes);
  await own.store.alerts.update(
    'RW-1',
    (alert) => alert && { alert: { ...alert, severity: 'critical', score: 95 } },
  );
  await show('RW-1', routes);
  expect(sent).toEqual([
    { verb: 'post', channel: 'MEDIUM' },
    { verb: 'update', channel: 'MEDIUM' },
  ]);
});

test('a route by management group uses what discovery stored; unknown groups match nothing', async () => {
  const routes = [{ when: { managementGroup: 'Production' }, chat: 'PROD' }];
  await put(alertWith('RW-2'));
  await show('RW-2', routes);
  const groups = [{ id: 'mg-production', name: 'Production' }];
  await own.store.polls.putManagementGroups(new Map([[subscription, { above: groups, error: null }]]));
  await put(alertWith('RW-3'));
  await show('RW-3', routes);
  expect(sent.map(({ channel }) => channel)).toEqual(['DEFAULT', 'PROD']);
});

test('a message changes when a target is missed, and not by time alone', async () => {
  const raised = Date.parse('2026-11-20T22:15:00Z');
  const sla = { medium: { acknowledge: 5, contain: 30 } };
  const showAfter = (minutes: number) => show('RW-4', [], sla, raised + minutes * 60_000);
  await put(alertWith('RW-4'));
  for (const minutes of [1, 4]) await showAfter(minutes);
  expect(context).not.toContain('overdue');
  for (const minutes of [5, 6, 29]) await showAfter(minutes);
  expect(context).toContain('"Acknowledgment overdue since ",{"time":"2026-11-20T22:20:00.000Z"}');
  expect(sent.map(({ verb }) => verb)).toEqual(['post', 'update']);
});
