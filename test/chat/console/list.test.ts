import { bulkOf } from '../../../src/chat/console/alerts/bulk';
import { listPage } from '../../../src/chat/console/alerts/list-page';
import { isIn } from '../../../src/chat/console/alerts/match';
import { type AlertQuery, hrefOf, queryOf, type View } from '../../../src/chat/console/alerts/query';
import { listAlerts, pageSize, stripOf } from '../../../src/chat/console/alerts/read-alerts';
import { rowHtml, rowOf } from '../../../src/chat/console/alerts/table-row';
import { page } from '../../../src/chat/console/layout';
import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import { assign, close, contain } from '../../../src/domain/alerts/transitions';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { untouched } from '../../support/alerts';
import { event } from '../../support/event';

const start = Date.parse('2026-11-20T22:00:00.000Z');
const at = (minutes: number) => new Date(start + minutes * 60_000).toISOString();
const viewer = { surface: 'console', id: 'alex', name: 'Alex Kim' };
const move = { by: viewer, at: at(10) };
const hostile = '<img src=x onerror=alert(1)>"\'&';

function alertOf(n: number, more: Partial<Alert> = {}, name = 'dana'): Alert {
  const resourceId = `/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-${n}`;
  const caller = { id: null, name, upn: name, type: 'User' as const, ip: '203.0.113.24', appId: null };
  const execution = executionFrom(event({ caller, resourceId, correlationId: `c${n}` })) as Execution;
  return {
    ...newAlert(`RW-${String(n).padStart(10, '0')}`, [execution], at(n)),
    announced: true,
    severity: 'critical',
    score: 100,
    ...more,
  };
}

const depsOf = (alerts: readonly Alert[]) => ({
  listAlerts: async () => [...alerts],
  listOpen: async () => [],
  findAlerts: async () => [],
  viewsOf: async (some: readonly Alert[]) => some.map(untouched),
  now: () => start,
});
const listOf = (alerts: readonly Alert[], query: Record<string, unknown> = {}) =>
  listAlerts(queryOf(query), viewer, depsOf(alerts));
const idsOf = async (alerts: readonly Alert[], query: Record<string, unknown> = {}) =>
  (await listOf(alerts, query)).rows.map(({ id }) => Number(id.slice(3)));
const shell = { current: 'alerts' as const, viewer: hostile, open: 1 };
const htmlOf = async (alerts: readonly Alert[], given: Record<string, unknown> = {}) => {
  const query = queryOf(given);
  const list = await listAlerts(query, viewer, depsOf(alerts));
  return page('Alerts', listPage(list, { query, csrf: 'x'.repeat(43), now: start, responders: true }), shell);
};

test.each<[Partial<Alert> | ((alert: Alert) => Alert), View[]]>([
  [{}, ['open', 'unassigned']],
  [(alert) => assign(alert, viewer, move), ['open', 'mine']],
  [(alert) => assign(alert, { ...viewer, id: 'sam', name: 'Sam' }, move), ['open']],
  [(alert) => contain(alert, move), ['open', 'unassigned', 'contained']],
  [(alert) => close(alert, 'benign', move), ['closed']],
  [{ verdict: 'suppressed', announced: false }, ['suppressed']],
  [{ announced: false }, []],
])('the tabs that have the alert %#', (change, expected) => {
  const alert = typeof change === 'function' ? change(alertOf(1)) : alertOf(1, change);
  const found = (['open', 'mine', 'unassigned', 'contained', 'suppressed', 'closed'] as const).filter(
    (view) => isIn(view, alert, viewer),
  );
  expect(found).toEqual(expected);
});

test.each<[Record<string, unknown>, Partial<AlertQuery>]>([
  [{}, { view: 'open', sort: 'severity', reversed: false }],
  [{ state: 'closed' }, { view: 'closed', state: '' }],
  [{ state: 'acknowledged' }, { view: 'open', state: 'acknowledged' }],
  [
    { view: 'constructor', sort: '-age', severity: 'x' },
    { view: 'open', sort: 'age', reversed: true, severity: '' },
  ],
  [
    { q: ['a'], view: { a: 1 } },
    { text: '', view: 'open' },
  ],
  [{ q: 'x'.repeat(999) }, { text: 'x'.repeat(200) }],
])('the query %j', (given, expected) => {
  expect(queryOf(given)).toMatchObject(expected);
});

test('the address keeps filter, sort and group, and leaves out what is usual', () => {
  expect(hrefOf(queryOf({}))).toBe('/console');
  const given = { view: 'closed', q: 'a&b', severity: 'high', sort: '-age', group: 'caller-machine' };
  const href = hrefOf(queryOf(given));
  expect(Object.fromEntries(new URL(href, 'http://x').searchParams)).toEqual(given);
});

test('the most severe come first, then the newest; a column sorts either way', async () => {
  const alerts = [
    alertOf(1),
    alertOf(2),
    alertOf(3, { severity: 'medium' }),
    alertOf(4, { severity: 'high' }),
  ];
  expect(await idsOf(alerts)).toEqual([2, 1, 4, 3]);
  expect(await idsOf(alerts, { sort: 'age' })).toEqual([4, 3, 2, 1]);
  expect(await idsOf(alerts, { sort: '-age' })).toEqual([1, 2, 3, 4]);
  expect(await idsOf(alerts, { severity: 'high' })).toEqual([4]);
});

test('alerts of one caller on one machine stand together, the most severe group first', async () => {
  const again = (n: number, like: number, more: Partial<Alert> = {}) => ({
    ...alertOf(n, more),
    executions: alertOf(like).executions,
  });
  const alerts = [alertOf(1), alertOf(2, { severity: 'high' }), again(3, 1, { severity: 'low' })];
  const list = await listOf(alerts, { group: 'caller-machine' });
  expect(list.rows.map(({ id }) => Number(id.slice(3)))).toEqual([1, 3, 2]);
  expect([...list.groups.values()]).toEqual([2, 1]);
  expect(await htmlOf(alerts, { group: 'caller-machine' })).toContain('dana on vm-1');
});

test('a cursor continues where the page ended, although newer alerts came', async () => {
  const alerts = Array.from({ length: 120 }, (_, i) => alertOf(i + 1));
  const first = await listOf(alerts);
  expect([first.rows.length, first.total]).toEqual([pageSize, 120]);
  const more = [...alerts, alertOf(500), alertOf(501)];
  const second = await listOf(more, { after: first.next });
  expect([second.rows[0]?.id, second.from]).toEqual(['RW-0000000070', 52]);
  const third = await listOf(more, { after: second.next });
  expect([third.rows.length, third.next]).toEqual([20, null]);
  for (const after of ['x', '%', Buffer.from('[1,{}]').toString('base64url')])
    expect((await listOf(alerts, { after })).from).toBe(0);
});

test('a page of 50 alerts is below 60 KB, and no name becomes markup', async () => {
  const long = `${hostile}${'x'.repeat(60)}`;
  const alerts = Array.from({ length: 80 }, (_, i) =>
    alertOf(i, { assignee: { ...viewer, name: hostile } }, `${long}${i}`),
  );
  const text = await htmlOf(alerts, { q: '"><img' });
  expect(text).not.toContain('<img');
  const full = await htmlOf(alerts);
  expect(full).not.toContain('<img');
  expect(full.match(/<tr id=/g)).toHaveLength(50);
  expect(Buffer.byteLength(full)).toBeLessThan(60_000);
});

test('an empty list says why, and where there is more', async () => {
  const closed = close(alertOf(1), 'benign', move);
  expect(await htmlOf([])).toContain('No open alerts.');
  const text = await htmlOf([closed], { q: 'vm-1' });
  expect(text).toContain('No alerts match.');
  expect(text).toContain('/console?view=closed&amp;q=vm-1');
});

test('the strip counts open alerts and takes medians of the last 30 days', () => {
  const acknowledged = (n: number, minutes: number): Alert => ({
    ...alertOf(n),
    state: 'acknowledged',
    history: [{ to: 'acknowledged', by: viewer, at: at(n + minutes) }],
  });
  const alerts = [
    acknowledged(1, 3),
    acknowledged(2, 5),
    acknowledged(3, 9),
    alertOf(4, { severity: 'low' }),
  ];
  expect(stripOf(alerts, start)).toEqual({
    open: { critical: 3, high: 0, medium: 0, low: 1 },
    acknowledge: 5 * 60_000,
    close: null,
  });
  expect(stripOf(alerts, start + 60 * 86_400_000).acknowledge).toBeNull();
});

test('a row has at most two reasons, and times for repeats on one machine', () => {
  const alert = alertOf(1, {
    reasons: ['a', 'b', 'c', 'd'].map((text, i) => ({ id: text, points: 10 + i, text })),
  });
  expect(rowOf(alert, 1).odd).toEqual(['D', 'C']);
  const [execution] = alert.executions as [Execution];
  const twice = { ...alert, executions: [execution, { ...execution, key: 'other' }] };
  expect(rowHtml(rowOf(twice, 1), start).text).toContain('×2');
});

test('a selection names its alerts once, and nothing else', () => {
  expect(bulkOf({ action: 'close', id: ['RW-1', 'RW-1', 'RW-2'], as: 'benign', csrf: 'x' })).toEqual({
    action: 'close',
    ids: ['RW-1', 'RW-2'],
    values: { as: 'benign', note: '' },
  });
  for (const body of [
    { action: 'close' },
    { action: 'close', id: 'x/../y' },
    { action: 'acknowledge', id: Array.from({ length: 51 }, (_, i) => `RW-${i}`) },
    { action: 'isolate', id: 'RW-1' },
    undefined,
  ])
    expect(bulkOf(body)).toHaveProperty('fault');
});

test('a text finds alerts that are too old for the list, once each, in the tab where they belong', async () => {
  const old = close(alertOf(1), 'benign', move);
  const fresh = alertOf(2);
  const deps = { ...depsOf([fresh]), findAlerts: async () => [old, fresh] };
  const list = (given: Record<string, unknown>) => listAlerts(queryOf(given), viewer, deps);
  const closed = await list({ q: 'SEC-1201', view: 'closed' });
  expect(closed.rows.map(({ id }) => id)).toEqual([old.id]);
  expect(closed.counts).toMatchObject({ closed: 1, open: 1 });
  expect((await list({ view: 'closed' })).rows).toEqual([]);
  expect((await list({ q: 'SEC-1201', view: 'closed', severity: 'low' })).rows).toEqual([]);
});

test('links of other pages filter by caller, machine, hour of the week and day', async () => {
  const alerts = [alertOf(1), alertOf(2, {}, 'Lee'), close(alertOf(3), 'benign', move)];
  const at = new Date(alerts[0]?.executions[0]?.startedAt ?? '');
  const hour = `${['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][at.getUTCDay()]}-${String(at.getUTCHours()).padStart(2, '0')}`;
  const day = at.toISOString().slice(0, 10);
  const found = (query: Record<string, unknown>) => idsOf(alerts, { view: 'all', sort: '-age', ...query });
  expect(await found({})).toEqual([1, 2, 3]);
  expect(await found({ caller: 'LEE' })).toEqual([2]);
  expect(await found({ machine: 'vm-3' })).toEqual([3]);
  expect(await found({ machine: alerts[0]?.executions[0]?.target.id })).toEqual([1]);
  expect(await found({ hour, day })).toEqual([1, 2, 3]);
  expect(await found({ hour: hour.replace(/\d\d$/, at.getUTCHours() === 3 ? '04' : '03') })).toEqual([]);
  expect(await found({ day: '2020-01-01' })).toEqual([]);
});

test('filters from links are shown with their words, can be removed, and survive another filter', async () => {
  const text = await htmlOf([alertOf(1)], { view: 'all', caller: 'dana', hour: 'thu-09', day: '2026-11-26' });
  expect(text).toContain('Caller: dana');
  expect(text).toContain('Thu 09:00–10:00 UTC');
  expect(text).toContain('Nov 26, 2026, UTC');
  expect(text).toContain('href="/console?view=all&amp;caller=dana&amp;day=2026-11-26"');
  expect(text).toContain('<input type="hidden" name="hour" value="thu-09">');
  for (const query of [{ hour: 'xyz-09' }, { hour: 'mon-24' }, { day: '2026-13-01' }, { day: 'x' }])
    expect(queryOf(query)).toMatchObject({ hour: '', day: '' });
});

test('the search for old alerts uses the caller and the machine’s name', async () => {
  const asked: string[] = [];
  const deps = {
    ...depsOf([]),
    findAlerts: async (words: string) => {
      asked.push(words);
      return [];
    },
  };
  for (const query of [{ caller: 'Dana' }, { machine: '/subscriptions/s/x/vm-1', q: 'patch' }, {}])
    await listAlerts(queryOf(query), viewer, deps);
  expect(asked).toEqual(['dana', 'patch vm-1']);
});
