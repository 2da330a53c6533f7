import '../../../src/chat/surfaces';
import { healthPage } from '../../../src/chat/console/system-health/health-page';
import { readStateOf, sorted, verdictOf } from '../../../src/chat/console/system-health/verdict';
import type { HealthReport, SubscriptionReport } from '../../../src/domain/system-health/health-report';

const now = Date.parse('2026-11-26T03:00:00Z');
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();
const subscription = (id: string, more: Partial<SubscriptionReport> = {}): SubscriptionReport => ({
  id,
  name: `Name ${id}`,
  lastPollAt: ago(8),
  readTo: ago(8),
  error: null,
  status: null,
  historyDays: 89,
  ...more,
});
const slack = { name: 'slack', waiting: 0, waitsSince: null, acceptedAt: ago(60), error: null };
const healthy: HealthReport = {
  at: ago(0),
  staleAfterMs: 65_000,
  problems: [],
  subscriptions: [subscription('a'), subscription('b')],
  surfaces: [slack],
  webhooks: [],
  queues: [],
  unreadable: 0,
  permissions: { lacking: [], checked: 2 },
};
const context = { csrf: 'a-token', mayReplay: true };
const verdict = (more: Partial<HealthReport>) => verdictOf({ ...healthy, ...more });

test('healthy says how far behind reading is, and that nothing waits', () => {
  expect(verdictOf(healthy)).toEqual({
    level: 'ok',
    headline: 'Healthy.',
    says: 'All 2 subscriptions are read, at most 8 s behind. No message waits to be delivered.',
    unknown: [],
  });
});

const refused = subscription('b', { error: 'denied', status: 403 });
const problem = { id: 'subscription b', kind: 'subscription', says: 'It is not read.', since: ago(600) };
test.each<[string, Partial<HealthReport>, string, string]>([
  [
    'no subscription',
    { subscriptions: [], problems: [{ ...problem, id: 'no subscription', kind: 'no subscription' }] },
    'bad',
    'Runwatch sees no subscription, so it sees no commands.',
  ],
  [
    'a subscription that may not be read',
    { subscriptions: [subscription('a'), refused], problems: [problem] },
    'bad',
    'Commands may go unnoticed: 1 of 2 subscriptions can’t be read or are behind.',
  ],
  [
    'a log that is answered but far behind',
    { subscriptions: [subscription('a', { readTo: ago(7200) })] },
    'bad',
    'Commands may go unnoticed: 1 of 1 subscription',
  ],
  [
    'a subscription that was not read yet',
    { subscriptions: [subscription('a'), subscription('b', { lastPollAt: null, readTo: null })] },
    'starting',
    '1 of 2 subscriptions read so far.',
  ],
  [
    'messages that wait',
    { surfaces: [{ ...slack, waiting: 3, waitsSince: ago(900) }] },
    'bad',
    'Alerts are late: 3 messages have waited for Slack for up to 15 min.',
  ],
  [
    'a chat that rejects messages',
    { surfaces: [{ ...slack, error: 'channel_not_found' }] },
    'bad',
    'Slack rejects messages, so alerts may not arrive there.',
  ],
  [
    'a problem that affects neither reading nor delivery',
    { problems: [{ ...problem, id: 'clock', kind: 'clock' }] },
    'bad',
    'The subscriptions are being read and messages are delivered; the problems are below.',
  ],
  [
    'a missing permission',
    { permissions: { lacking: [{ subscription: 'a', actions: ['Isolate'] }], checked: 2 } },
    'limited',
    'lacks permissions',
  ],
  ['no chat', { surfaces: [] }, 'ok', 'No chat is connected, so alerts appear only in this console.'],
])('%s', (_, more, level, says) => {
  const found = verdict(more);
  expect(found.level).toBe(level);
  expect(found.says).toContain(says);
});

test('it never says healthy of what it can’t see', () => {
  expect(
    verdict({ surfaces: [{ ...slack, acceptedAt: null }], permissions: { lacking: [], checked: 0 } }).unknown,
  ).toEqual([
    'Slack: no message was sent yet, so it is unknown whether they arrive.',
    'Permissions for responses were not checked.',
  ]);
  const page = healthPage({ ...healthy, surfaces: [{ ...slack, acceptedAt: null }] }, context).text;
  expect(page).toContain('Not tried yet');
  expect(page).not.toContain('Accepts messages');
});

test('subscriptions that are behind come first, then the furthest behind', () => {
  const subscriptions = [
    subscription('read'),
    subscription('retrying', { error: 'timeout', status: 500 }),
    subscription('slower', { readTo: ago(30) }),
    subscription('old', { readTo: ago(7200) }),
    subscription('new', { lastPollAt: null, readTo: null }),
    refused,
  ];
  const report = { ...healthy, subscriptions };
  expect(sorted(report).map((one) => [one.id, readStateOf(one, report)])).toEqual([
    ['old', 'behind'],
    ['b', 'behind'],
    ['new', 'starting'],
    ['retrying', 'retrying'],
    ['slower', 'read'],
    ['read', 'read'],
  ]);
});

test('a problem says since when it lasts and what to do', () => {
  const report = { ...healthy, subscriptions: [subscription('a'), refused], problems: [problem] };
  const page = healthPage(report, context).text;
  expect(page).toContain('It is not read.');
  expect(page).toContain('Grant Runwatch’s identity the role Reader there');
  expect(page).toContain(`datetime="${ago(600)}"`);
  expect(page.indexOf('It is not read.')).toBeLessThan(page.indexOf('<table'));
});

test('a page of a thousand subscriptions is bounded', () => {
  const subscriptions = Array.from({ length: 1000 }, (_, i) => subscription(`s${i}`));
  const page = healthPage({ ...healthy, subscriptions }, context).text;
  expect(page.match(/<tr>/g)?.length).toBeLessThan(210);
  expect(page).toContain('800 more are not listed');
  expect(page.length).toBeLessThan(150_000);
});

const siem = {
  name: 'siem',
  host: 'siem.contoso.example',
  waiting: 0,
  waitsSince: null,
  failed: 0,
  acceptedAt: ago(60),
  error: null,
  goneAt: null,
  lostAt: null,
};

test('webhooks show their state, and a replay where something was given up, to those who may', () => {
  const page = (more: Partial<typeof siem>, mayReplay = true) =>
    healthPage({ ...healthy, webhooks: [{ ...siem, ...more } as typeof siem] }, { ...context, mayReplay })
      .text;
  expect(page({})).toContain('Accepts messages');
  expect(page({})).not.toContain('Replay');
  expect(page({ acceptedAt: null as never })).toContain('Not tried yet');
  const failing = {
    waiting: 3,
    waitsSince: ago(900) as never,
    failed: 2,
    error: '<b> answered 503' as never,
  };
  expect(page(failing)).toContain('3, the oldest for 15 min');
  expect(page(failing)).toContain('&lt;b&gt; answered 503');
  expect(page(failing)).toContain('action="/console/health/webhooks/siem/replay"');
  expect(page(failing, false)).not.toContain('Replay');
  expect(page({ goneAt: ago(5) as never })).toContain('Disabled: gone');
});
