import { type HealthState, recoveryText, staleAfterMs, troublesOf } from '../../src/health/troubles';

const now = Date.parse('2026-11-26T12:00:00Z');
const id = '0a1b2c3d-1111-4111-8111-0123456789ab';
const healthy: HealthState = {
  now,
  pollSeconds: 30,
  subscriptions: [{ id, name: 'Payments', lastPollAt: new Date(now - 20_000).toISOString(), error: null }],
  gaps: new Map(),
  vanished: [],
  hub: [],
  surfaces: [],
  auditCopies: [],
  sentinel: [],
  webhooks: [],
  clockOffsetMs: 0,
  eventsWaitMs: 240_000,
};
const of = (changes: Partial<HealthState>) => troublesOf({ ...healthy, ...changes });
const subscription = (changes: Partial<HealthState['subscriptions'][number]>) =>
  of({
    subscriptions: [
      { ...healthy.subscriptions[0], id, name: 'Payments', lastPollAt: null, error: null, ...changes },
    ],
  });
const ago = (ms: number) => new Date(now - ms).toISOString();

test('no problem is reported while everything is read and delivered', () => {
  expect(of({})).toEqual([]);
});

test.each<[string, Partial<HealthState>, string, RegExp]>([
  ['no subscription', { subscriptions: [] }, 'no subscription', /sees no subscription/],
  [
    'a gap',
    {
      gaps: new Map([
        [
          id,
          [
            {
              from: now - 7_200_000,
              to: now - 3_600_000,
              error: 'HTTP 500 InternalServerError',
            },
          ],
        ],
      ]),
    },
    'gap',
    /could not be read from Nov 26, 2026, 10:00 AM UTC to Nov 26, 2026, 11:00 AM UTC: HTTP 500 InternalServerError\. Commands run then are unknown so far\. Runwatch retries at each poll/,
  ],
  [
    'a gap that Azure no longer keeps',
    {
      gaps: new Map([[id, [{ from: now - 7_200_000, to: now - 3_600_000, error: 'x', lostAt: now - 1000 }]]]),
    },
    'gap',
    /Azure no longer keeps it\. Commands run then are unknown/,
  ],
  [
    'a subscription that vanished',
    { vanished: [{ id, name: 'Payments', at: now - 1000 }] },
    'vanished',
    /^Runwatch's identity can no longer see: Payments/,
  ],
  [
    'the event hub',
    { hub: ['the event hub, partition 1: last read 2026-11-26T11:00:00Z'] },
    'event hub',
    /partition 1/,
  ],
  [
    'a channel',
    { surfaces: [{ place: 'slack C0SOC', error: 'channel_not_found' }] },
    'surface',
    /slack C0SOC are rejected: channel_not_found/,
  ],
  [
    'an audit copy',
    { auditCopies: [{ place: 'webhook', error: 'HTTP 500' }] },
    'audit copy',
    /not copied to its webhook/,
  ],
  [
    'alerts that are not sent to Sentinel',
    { sentinel: [{ place: 'alerts', error: 'HTTP 403' }] },
    'sentinel',
    /^Alerts are not sent to Microsoft Sentinel: HTTP 403\. Nothing is lost/,
  ],
  [
    'an audit log that is not sent to Sentinel',
    { sentinel: [{ place: 'audit', error: 'HTTP 403' }] },
    'sentinel',
    /^The audit log is not sent to Microsoft Sentinel: HTTP 403\. Nothing is lost/,
  ],
  [
    'a row that Sentinel refused',
    { sentinel: [{ place: 'rejected rows', error: 'alert RW-1: HTTP 400' }] },
    'sentinel',
    /^Azure refused a row for Microsoft Sentinel: alert RW-1: HTTP 400\. Only its ids were sent/,
  ],
  ['events that no process handles', { eventsWaitMs: 420_000 }, 'events', /have waited for 7 minutes/],
  ['a clock behind', { clockOffsetMs: 3_600_000 }, 'clock', /60 minutes behind/],
  ['a clock ahead', { clockOffsetMs: -3_600_000 }, 'clock', /60 minutes ahead of/],
])('%s is reported', (_what, changes, kind, says) => {
  const [trouble, ...others] = of(changes);
  expect(others).toEqual([]);
  expect(trouble).toMatchObject({ kind, says: expect.stringMatching(says) });
});

test('a refusal is reported at once; a transient error only after three intervals, or ten minutes', () => {
  const recent = ago(1000);
  for (const [status, says] of [
    [401, /does not accept Runwatch's credential/],
    [403, /may not read/],
    [404, /does not know/],
  ] as const)
    expect(subscription({ lastPollAt: recent, error: 'no', status })[0]?.says).toMatch(says);
  expect(subscription({ lastPollAt: ago(60_000), error: 'HTTP 503', status: 503 })).toEqual([]);
  expect(subscription({ lastPollAt: ago(100_000), error: 'HTTP 503', status: 503 })[0]?.says).toMatch(
    /was not read since Nov 26, 2026, 11:58 AM UTC: HTTP 503/,
  );
  expect(subscription({ lastPollAt: null, since: now - 100_000 })[0]?.says).toMatch(/not read at all yet/);
  expect(staleAfterMs(30)).toBe(95_000);
  expect(staleAfterMs(300)).toBe(605_000);
  expect(staleAfterMs(900)).toBe(1_355_000);
});

test('an untrusted name or error stays one short line', () => {
  const [trouble] = of({
    surfaces: [{ place: `slack \u202e${'x'.repeat(500)}`, error: `a\n\n<!channel>${'y'.repeat(900)}` }],
  });
  expect(trouble?.says.length).toBeLessThan(500);
  expect(trouble?.says).not.toMatch(/[\n\u202e]/);
});

test('one cause for many subscriptions is one problem', () => {
  const many = Array.from({ length: 500 }, (_, i) => ({
    id: `00000000-0000-4000-8000-${String(i).padStart(12, '0')}`,
    name: `S${i}`,
    lastPollAt: ago(1000),
    error: 'expired',
    status: 401,
  }));
  const [trouble, ...others] = of({ subscriptions: many });
  expect(others).toEqual([]);
  expect(trouble?.says).toMatch(
    /^The activity logs of 500 subscriptions are not read: S0 .*, S1 .*, S2 .* and 497 more/,
  );
  const vanished = many.map(({ id, name }) => ({ id, name, at: now }));
  expect(of({ vanished })).toHaveLength(1);
});

test('recovery is reported only after a poll that succeeded', () => {
  const reported = { id: `subscription ${id}`, over: 'read again', since: now - 60_000 };
  const state = (changes: object) => ({
    ...healthy,
    subscriptions: [{ id, name: 'Payments', lastPollAt: ago(120_000), error: null, ...changes }],
  });
  expect(recoveryText(reported, state({ error: 'HTTP 500', status: 500 }))).toBeNull();
  expect(recoveryText(reported, state({}))).toBeNull();
  expect(recoveryText(reported, state({ lastPollAt: ago(1000) }))).toBe('read again');
  expect(recoveryText(reported, { ...healthy, subscriptions: [] })).toMatch(/no longer monitored/);
});

const siem = {
  name: 'siem',
  host: 'siem.contoso.example',
  waiting: 0,
  waitsSince: null,
  failed: 0,
  acceptedAt: null,
  error: null,
  goneAt: null,
  lostAt: null,
};
test.each<[string, Partial<typeof siem>, string, RegExp, number]>([
  [
    'gone',
    { goneAt: ago(5) as never, error: 'x' as never },
    'gone',
    /answered 410 Gone at [A-Z][a-z]{2} \d/,
    0,
  ],
  [
    'failing',
    { error: 'siem answered 503' as never },
    'failing',
    /siem answered 503\. Each is tried again/,
    600_000,
  ],
  ['given up', { failed: 2 }, 'failed', /gave up 2 messages\./, 0],
  ['far behind', { lostAt: ago(5) as never }, 'lost', /expired before they were sent/, 0],
  ['far behind two days ago', { lostAt: ago(172_800_000) as never }, '', /^$/, 0],
])('a webhook that is %s', (_, more, id, says, holdMs) => {
  const [trouble, ...others] = of({ webhooks: [{ ...siem, ...more }] });
  expect(others).toEqual([]);
  expect(trouble?.id ?? '').toBe(id && `webhook siem ${id}`);
  expect(trouble?.says ?? '').toMatch(says);
  expect(trouble?.holdMs ?? 0).toBe(holdMs);
});
