import { relatedAlerts } from '../../../src/chat/console/alert/related';
import { listPage } from '../../../src/chat/console/alerts/list-page';
import { type AlertQuery, hrefOf, queryOf, type View, views } from '../../../src/chat/console/alerts/query';
import { listAlerts, pageSize } from '../../../src/chat/console/alerts/read-alerts';
import { isListed } from '../../../src/chat/console/alerts/search';
import { rowHtml } from '../../../src/chat/console/alerts/table-row';
import { page } from '../../../src/chat/console/layout';
import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import { rowOf } from '../../../src/domain/alerts/alert-row';
import { acknowledge, assign, close, contain } from '../../../src/domain/alerts/transitions';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { connect } from '../../../src/store/redis/connect';
import { listDepsOf } from '../../support/alert-list';
import { factsAbout } from '../../support/alerts';
import { event } from '../../support/event';
import { type OwnStore, startStore } from '../../support/store';

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
    ready: true,
    announced: true,
    severity: 'critical',
    score: 100,
    ...more,
  };
}

let own: OwnStore;
let redis: ReturnType<typeof connect>;
beforeAll(async () => {
  own = await startStore();
  redis = connect(own.address);
});
beforeEach(() => redis.flushall());
afterAll(async () => {
  redis.disconnect();
  await own.stop();
});

const put = (alerts: readonly Alert[]) =>
  Promise.all(alerts.map((alert) => own.store.alerts.update(alert.id, () => ({ alert }))));
const read = (query: Record<string, unknown> = {}, now = start) =>
  listAlerts(
    queryOf(query),
    viewer,
    listDepsOf(own.store, () => now),
  );
const idsIn = (list: Awaited<ReturnType<typeof read>>) =>
  list.groups.flatMap(({ alerts }) => alerts.map(({ id }) => Number(id.slice(3))));
const ids = async (query: Record<string, unknown> = {}) => idsIn(await read(query));
const shell = { current: 'alerts' as const, viewer: hostile, open: 1 };
const htmlOf = async (given: Record<string, unknown> = {}) => {
  const query = queryOf(given);
  const list = await listAlerts(
    query,
    viewer,
    listDepsOf(own.store, () => start),
  );
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
])('the tabs that have the alert %#', async (change, expected) => {
  const alert = typeof change === 'function' ? change(alertOf(1)) : alertOf(1, change);
  await put([alert, alertOf(2, { announced: false })]);
  const { counts } = await read();
  for (const view of views) {
    const shown = view === 'all' ? expected.length > 0 : expected.includes(view);
    expect([view, await ids({ view })]).toEqual([view, shown ? [1] : []]);
    expect([view, counts[view]]).toEqual([view, shown ? 1 : 0]);
    expect([view, isListed(alert, queryOf({ view }), viewer)]).toEqual([view, shown]);
  }
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
  const owned = (name: string) => ({ assignee: { ...viewer, id: name, name } });
  await put([
    alertOf(1, owned('Zoe')),
    alertOf(2, { technique: 'vm-extension' }),
    alertOf(3, { severity: 'medium', ...owned('alex') }),
    alertOf(4, { severity: 'high', state: 'contained' }),
  ]);
  expect(await ids()).toEqual([2, 1, 4, 3]);
  expect(await ids({ sort: '-severity' })).toEqual([3, 4, 2, 1]);
  expect(await ids({ sort: 'age' })).toEqual([4, 3, 2, 1]);
  expect(await ids({ sort: '-age' })).toEqual([1, 2, 3, 4]);
  expect(await ids({ sort: 'owner' })).toEqual([3, 1, 2, 4]);
  expect(await ids({ sort: '-owner' })).toEqual([2, 4, 1, 3]);
  expect(await ids({ sort: 'status' })).toEqual([2, 1, 3, 4]);
  expect(await ids({ sort: '-status' })).toEqual([4, 2, 1, 3]);
  expect(await ids({ sort: 'alert' })).toEqual([2, 1, 4, 3]);
  expect(await ids({ sort: '-alert' })).toEqual([1, 4, 3, 2]);
  expect(await ids({ severity: 'high' })).toEqual([4]);
  expect(await ids({ severity: 'high', sort: 'owner', q: 'vm-4' })).toEqual([4]);
});

test('environments and techniques filter and sort, and counts follow the filters', async () => {
  const inside = (n: number, environment: string | null, more: Partial<Alert> = {}): Alert => {
    const alert = alertOf(n, more);
    const machine = { os: 'Linux', environment, identityCan: [], publicIps: [], tags: {} } as never;
    return { ...alert, facts: factsAbout(alert.executions[0] as Execution, { machine }) };
  };
  await put([
    inside(1, 'production'),
    inside(2, 'Test lab', { technique: 'vm-extension' }),
    inside(3, null),
    close(inside(4, 'production'), 'benign', move),
  ]);
  const list = await read({ environment: 'production' });
  expect([idsIn(list), list.total, list.counts.closed]).toEqual([[1], 1, 1]);
  expect(list.environments).toEqual(['Test lab', 'production']);
  expect(await ids({ sort: 'environment' })).toEqual([1, 2, 3]);
  expect(await ids({ sort: '-environment' })).toEqual([3, 2, 1]);
  expect(await ids({ environment: 'test LAB' })).toEqual([2]);
  expect(await ids({ technique: 'vm-extension' })).toEqual([2]);
  expect(await ids({ technique: 'vm-extension', sort: 'alert' })).toEqual([2]);
  expect(await ids({ state: 'acknowledged' })).toEqual([]);
  expect(await ids({ state: 'nonsense' })).toEqual([]);
  expect(await ids({ view: 'contained', state: 'new' })).toEqual([]);
});

const again = (n: number, like: number, more: Partial<Alert> = {}) => ({
  ...alertOf(n, more),
  executions: alertOf(like).executions,
});

test('alerts of one caller on one machine stand together, the most severe group first', async () => {
  await put([alertOf(1), alertOf(2, { severity: 'high' }), again(3, 1, { severity: 'low' })]);
  const list = await read({ group: 'caller-machine' });
  expect(idsIn(list)).toEqual([1, 3, 2]);
  expect(list.groups.map(({ count, severity }) => [count, severity])).toEqual([
    [2, 'critical'],
    [1, 'high'],
  ]);
  expect(await ids({ group: 'caller-machine', sort: 'age' })).toEqual([3, 1, 2]);
  expect(await htmlOf({ group: 'caller-machine' })).toContain('dana on vm-1');
  const [first] = list.groups;
  const own = await read({ of: first?.id });
  expect([idsIn(own), own.total]).toEqual([[1, 3], 2]);
});

test('pages of groups lead forward and back, and each group is on one of them', async () => {
  const alerts = Array.from({ length: 300 }, (_, i) =>
    again(i + 1, (i * 7) % 40, { severity: i % 11 === 0 ? 'critical' : 'medium' }),
  );
  await put([...alerts, ...Array.from({ length: 260 }, (_, i) => again(i + 1000, 500, { severity: 'low' }))]);
  await own.store.alerts.indexChanged(1000);
  for (const sort of ['severity', 'age', '-age']) {
    const pages: string[][] = [];
    let list = await read({ group: 'caller-machine', sort });
    pages.push(list.groups.map(({ id }) => id));
    while (list.next) {
      list = await read({ group: 'caller-machine', sort, page: list.next });
      expect(idsIn(list).length).toBeLessThanOrEqual(pageSize);
      pages.push(list.groups.map(({ id }) => id));
    }
    expect(pages.flat()).toHaveLength(41);
    expect(new Set(pages.flat()).size).toBe(41);
    const big = list.groups.find(({ count }) => count === 260);
    if (sort === 'severity') expect(big).toMatchObject({ severity: 'low' });
    const back: string[] = list.groups.map(({ id }) => id);
    while (list.previous) {
      list = await read({ group: 'caller-machine', sort, page: list.previous });
      const known = new Set(back);
      back.unshift(...list.groups.map(({ id }) => id).filter((id) => !known.has(id)));
    }
    expect(back).toEqual(pages.flat());
  }
});

test('a cursor continues where the page ended and leads back, although newer alerts came', async () => {
  await put(Array.from({ length: 120 }, (_, i) => alertOf(i + 1)));
  await own.store.alerts.indexChanged(1000);
  const first = await read();
  expect([idsIn(first).length, first.total, first.previous]).toEqual([pageSize, 120, null]);
  await put([alertOf(500), alertOf(501)]);
  const second = await read({ page: first.next });
  expect([idsIn(second)[0], second.total]).toEqual([70, 122]);
  const third = await read({ page: second.next });
  expect([idsIn(third).length, third.next]).toEqual([20, null]);
  expect(idsIn(await read({ page: third.previous }))).toEqual(idsIn(second));
  const before = await read({ page: second.previous });
  expect(idsIn(before)).toEqual(idsIn(first));
  expect(idsIn(await read({ page: before.previous }))).toEqual(await ids());
  for (const page of ['x', '%', 'a.x.1.', 'b..9.']) expect((await read({ page })).previous).toBe(null);
  const html = await htmlOf({ page: first.next });
  expect(html).toContain('rel="next"');
  expect(html).toContain('rel="prev"');
});

test.each([{}, { group: 'caller-machine' }])(
  'a page of 50 alerts is below 60 KB, and no name becomes markup %#',
  async (query) => {
    const long = `${hostile}${'x'.repeat(60)}`;
    await put(
      Array.from({ length: 80 }, (_, i) =>
        alertOf(i, { assignee: { ...viewer, name: hostile } }, `${long}${i}`),
      ),
    );
    expect(await htmlOf({ ...query, q: '"><img' })).not.toContain('<img');
    const full = await htmlOf(query);
    expect(full).not.toContain('<img');
    expect(full.match(/<tr id=/g)).toHaveLength(50);
    expect(Buffer.byteLength(full)).toBeLessThan(60_000);
  },
);

test('an empty list says why, and where there is more', async () => {
  expect(await htmlOf()).toContain('No open alerts.');
  await put([close(alertOf(1), 'benign', move)]);
  const text = await htmlOf({ q: 'vm-1' });
  expect(text).toContain('No alerts match.');
  expect(text).toContain('/console?view=closed&amp;q=vm-1');
});

test('the strip counts open alerts and takes medians of the last 7 days', async () => {
  const acknowledged = (n: number, minutes: number): Alert =>
    acknowledge(alertOf(n), { by: viewer, at: at(n + minutes) });
  await put([acknowledged(1, 3), acknowledged(2, 5), acknowledged(3, 9), alertOf(4, { severity: 'low' })]);
  const { strip } = await read();
  expect(strip).toEqual({
    open: { critical: 3, high: 0, medium: 0, low: 1 },
    acknowledge: 5 * 60_000,
    close: null,
    newest: null,
  });
  const later = await read({}, start + 8 * 86_400_000);
  expect(later.strip.acknowledge).toBeNull();
});

test('a row has at most two reasons, and times for repeats on one machine', () => {
  const alert = alertOf(1, {
    reasons: ['a', 'b', 'c', 'd'].map((text, i) => ({ id: text, points: 10 + i, text })),
  });
  expect(rowOf(alert).standsOut).toEqual(['D', 'C']);
  const [execution] = alert.executions as [Execution];
  const twice = { ...alert, executions: [execution, { ...execution, key: 'other' }] };
  expect(rowHtml(rowOf(twice), start).text).toContain('×2');
});

test('a text is searched in every tab, and its counts are exact until there are thousands', async () => {
  await put([close(alertOf(1), 'benign', move), alertOf(2), alertOf(3, {}, 'lee')]);
  const list = await read({ q: 'dana', view: 'closed' });
  expect([idsIn(list), list.total]).toEqual([[1], 1]);
  expect(list.counts).toMatchObject({ closed: 1, open: 1, mine: 0 });
  expect(await ids({ q: 'dana', view: 'closed', severity: 'low' })).toEqual([]);
  expect(isListed(alertOf(2), queryOf({ q: 'dan vm-2' }), viewer)).toBe(true);
  expect(isListed(alertOf(2), queryOf({ q: 'vm-3' }), viewer)).toBe(false);
});

test('other alerts of the caller, the machine and the script are found at any age', async () => {
  const withScript = (alert: Alert, sha256: string): Alert => {
    const script = { text: 'id', sha256, parameters: [], runAs: null, redacted: [], traits: [] };
    return { ...alert, facts: factsAbout(alert.executions[0] as Execution, { script }) };
  };
  const sha = 'ab'.repeat(32);
  const old = { raisedAt: at(-390 * 1440) };
  const alert = withScript(alertOf(10), sha);
  await put([
    alert,
    alertOf(1, old),
    withScript(close(alertOf(2, old, 'lee'), 'benign', move), sha),
    again(3, 10),
    alertOf(4, {}, 'kim'),
  ]);
  const related = await relatedAlerts(
    alert,
    listDepsOf(own.store, () => start),
  );
  const found = Object.entries(related).map(([by, { alerts, count }]) => [
    ...[by, count],
    alerts.map(({ id }) => Number(id.slice(3))),
  ]);
  expect(found).toEqual([
    ['caller', 2, [3, 1]],
    ['machine', 1, [3]],
    ['script', 1, [2]],
  ]);
});

test('links of other pages filter by caller, machine, hour of the week and day', async () => {
  const alerts = [alertOf(1), alertOf(2, {}, 'Lee'), close(alertOf(3), 'benign', move)];
  await put(alerts);
  const at = new Date(alerts[0]?.executions[0]?.startedAt ?? '');
  const hour = `${['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'][at.getUTCDay()]}-${String(at.getUTCHours()).padStart(2, '0')}`;
  const day = at.toISOString().slice(0, 10);
  const found = (query: Record<string, unknown>) => ids({ view: 'all', sort: '-age', ...query });
  expect(await found({})).toEqual([1, 2, 3]);
  expect(await found({ caller: 'LEE' })).toEqual([2]);
  expect(await found({ caller: 'LEE', sort: 'severity' })).toEqual([2]);
  expect(await found({ machine: alerts[0]?.executions[0]?.target.id })).toEqual([1]);
  expect(await found({ machine: 'vm-1' })).toEqual([]);
  expect(await found({ hour, day })).toEqual([1, 2, 3]);
  expect(await found({ hour: hour.replace(/\d\d$/, at.getUTCHours() === 3 ? '04' : '03') })).toEqual([]);
  expect(await found({ day: '2020-01-01' })).toEqual([]);
  const { counts, callerName } = await read({ view: 'all', caller: 'Lee' });
  expect([counts.all, counts.open, counts.closed, callerName]).toEqual([1, 1, 0, 'Lee']);
});

test('filters from links are shown with their words, can be removed, and survive another filter', async () => {
  await put([alertOf(1)]);
  const text = await htmlOf({ view: 'all', caller: 'dana', hour: 'thu-09', day: '2026-11-26' });
  expect(text).toContain('Caller: dana');
  expect(text).toContain('Thu 09:00–10:00 UTC');
  expect(text).toContain('Nov 26, 2026, UTC');
  expect(text).toContain('href="/console?view=all&amp;caller=dana&amp;day=2026-11-26"');
  expect(text).toContain('<input type="hidden" name="hour" value="thu-09">');
  for (const query of [{ hour: 'xyz-09' }, { hour: 'mon-24' }, { day: '2026-13-01' }, { day: 'x' }])
    expect(queryOf(query)).toMatchObject({ hour: '', day: '' });
});
