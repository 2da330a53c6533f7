import fc from 'fast-check';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import type { AlertQuery } from '../../src/domain/alerts/alert-query';
import { facetsText } from '../../src/domain/alerts/facets';
import { severities } from '../../src/domain/alerts/severity';
import type { Presser } from '../../src/domain/people/person';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { keys } from '../../src/store/keys';
import { connect } from '../../src/store/redis/connect';
import { factsAbout } from '../support/alerts';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const day = 86_400_000;
const start = Date.parse('2026-01-30T22:00:00.000Z');
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

interface Described {
  id: string;
  at: number;
  caller: string;
  machine: string;
  group: string;
  ip: string | null;
  sha256: string;
  environment: string | null;
  subscription: string;
}

const subscriptions = ['5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01', '5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c02'];
const machineFacts = (environment: string | null) => ({
  ...{
    os: 'Linux' as const,
    power: null,
    agent: null,
    tags: {},
    environment,
    publicIps: [],
    openPorts: null,
  },
  ...{ encryption: null, locks: [], identityCan: [], identities: [] },
});
const scriptFacts = (sha256: string) => ({
  ...{ text: 'id', sha256, parameters: [], runAs: null, redacted: [], traits: [] },
});

function alertOf({
  id,
  at,
  caller,
  machine,
  group,
  ip,
  sha256,
  environment,
  subscription,
}: Described): Alert {
  const target = {
    id: `/subscriptions/${subscription}/resourceGroups/${group}/providers/Microsoft.Compute/virtualMachines/${machine}`,
    ...{ name: machine, resourceGroup: group, subscriptionId: subscription, type: 'x' },
  };
  const from = { id: null, name: caller, upn: null, type: 'Unknown' as const, ip, appId: null };
  const execution = { ...(executionFrom(event({ caller: from })) as Execution), target };
  return {
    ...newAlert(id, [execution], new Date(at).toISOString()),
    ready: true,
    announced: true,
    facts: factsAbout(execution, { machine: machineFacts(environment), script: scriptFacts(sha256) }),
  };
}

const plainAlert = (id: string, more: Partial<Described> = {}): Alert =>
  alertOf({
    ...{
      id,
      at: start,
      caller: 'dana@contoso.example',
      machine: 'vm-pay-01',
      group: 'rg',
      ip: '203.0.113.24',
    },
    ...{ sha256: 'ab12', environment: null, subscription: subscriptions[0] as string },
    ...more,
  });
const put = (alert: Alert) => own.store.alerts.update(alert.id, () => ({ alert }));
const change = (id: string, to: (alert: Alert) => Alert) =>
  own.store.alerts.update(id, (alert) => alert && { alert: to(alert) });
const found = async (query: AlertQuery) => (await own.store.alerts.search(query)).alerts.map(({ id }) => id);

test('a name is found by the beginning of each part, in any case', async () => {
  await put(plainAlert('RW-1'));
  for (const text of [
    'vm-pay-01',
    'VM-PAY',
    'pay-01',
    '01',
    'dana',
    'contoso',
    '@contoso',
    'dana vm',
    '203.0.113',
    'ab12',
  ])
    expect([text, await found({ text })]).toEqual([text, ['RW-1']]);
  for (const text of ['ay-01', 'example', 'dana lee', '3.0.113', 'RW-2', 'text=dana'])
    expect([text, await found({ text })]).toEqual([text, []]);
  expect(await found({ text: 'rw-1' })).toEqual(['RW-1']);
});

test('a row has what a list shows, and no more than three machines', async () => {
  const alert = plainAlert('RW-1', { environment: 'production' });
  const [execution] = alert.executions as [Execution];
  const executions = [1, 2, 3, 4].map((n) => ({
    ...execution,
    key: `E${n}`,
    target: { ...execution.target, id: `${execution.target.id}-${n}`, name: `vm-${n}` },
  }));
  const reasons = [5, 47, 20].map((points) => ({ points, text: `worth ${points}` }));
  await put({ ...alert, executions, reasons });
  const [row] = (await own.store.alerts.search({})).alerts;
  expect(row).toMatchObject({
    id: 'RW-1',
    machines: 4,
    machineNames: ['vm-1', 'vm-2', 'vm-3'],
    outcomes: { succeeded: 0, failed: 0, started: 4, denied: 0 },
    reasons: ['worth 47', 'worth 20'],
    caller: { name: 'dana@contoso.example' },
  });
});

test('every machine of a burst of 1,500 is found, and its row stays small', async () => {
  const alert = plainAlert('RW-BURST');
  const [execution] = alert.executions as [Execution];
  const executions = Array.from({ length: 1500 }, (_, n) => ({
    ...execution,
    key: `E${n}`,
    target: { ...execution.target, id: `${execution.target.id}-${n}`, name: `web-${n}.contoso.example` },
  }));
  await put({ ...alert, executions });
  await put(plainAlert('RW-2'));
  expect(await found({ text: 'web-1499' })).toEqual(['RW-BURST']);
  expect((await redis.hget(keys.alert('RW-BURST'), 'row'))?.length).toBeLessThan(3000);
  expect((await redis.hget(keys.alert('RW-BURST'), 'terms'))?.split('\n').length).toBeLessThan(5200);
});

test('pages continue where the last one ended, also for alerts of the same millisecond', async () => {
  const alerts = Array.from({ length: 250 }, (_, n) => ({
    ...plainAlert(`RW-${n}`, { at: start + (n % 100) }),
    severity: severities[n < 100 ? 0 : n % 4] as Alert['severity'],
  }));
  await Promise.all(alerts.map(put));
  await own.store.alerts.indexChanged(1000);
  for (const query of [{ text: 'vm' }, {}, { sort: 'severity' as const }]) {
    const seen: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await own.store.alerts.search(query, { limit: 40, cursor });
      expect(page.total).toBe(250);
      seen.push(...page.alerts.map(({ id }) => id));
      cursor = page.next;
    } while (cursor);
    expect(seen).toEqual(alerts.toSorted(inOrder(query)).map(({ id }) => id));
  }
  expect((await own.store.alerts.search({}, { cursor: 'no cursor' })).alerts).toHaveLength(50);
});

test('alerts of an earlier version are added, once, and kept as long as before', async () => {
  await put(plainAlert('RW-1'));
  await redis.del(keys.unindexed);
  await redis.expire(keys.alert('RW-1'), 100 * 86_400);
  expect(await found({})).toEqual([]);
  await own.store.alerts.markAllChanged();
  expect(await found({})).toEqual(['RW-1']);
  expect(await redis.ttl(keys.alert('RW-1'))).toBeGreaterThan(129 * 86_400);
  await own.store.alerts.markAllChanged();
  expect(await redis.zcard(keys.unindexed)).toBe(0);
});

test('an alert that changes while it is indexed is indexed again', async () => {
  await put(plainAlert('RW-1'));
  for (let round = 0; round < 60; round++) {
    const state = round % 2 === 0 ? 'closed' : 'new';
    const indexing = own.store.alerts.indexChanged(10);
    for (let turn = 0; turn < round % 6; turn++) await new Promise(setImmediate);
    await change('RW-1', (alert) => ({ ...alert, state }));
    await indexing;
    expect(await found({ states: [state] })).toEqual(['RW-1']);
    await change('RW-1', (alert) => ({ ...alert, score: round }));
  }
});

test('what a flood has not indexed yet is counted, and the newest is searched first', async () => {
  await Promise.all(Array.from({ length: 150 }, (_, n) => put(plainAlert(`RW-${n}`))));
  const { waiting } = await own.store.alerts.search({ text: 'vm' });
  expect(waiting).toBe(50);
  expect(await own.store.alerts.search({ text: 'vm' })).toMatchObject({ waiting: 0, total: 150 });
});

test('expired alerts and months are removed; those that changed since are kept', async () => {
  const old = Date.now() - 500 * day;
  await put(plainAlert('RW-OLD', { at: old }));
  await put(plainAlert('RW-CHANGED', { at: old }));
  await put(plainAlert('RW-OLDER', { at: old - 70 * day }));
  expect(await found({})).toEqual(['RW-OLD', 'RW-CHANGED', 'RW-OLDER']);
  const grace = 29 * 86_400;
  for (const id of ['RW-OLD', 'RW-OLDER']) await redis.expire(keys.alert(id), grace);
  const month = keys.searchMonth(new Date(old - 70 * day).toISOString().slice(0, 7));
  await redis.expire(month, grace);
  expect(await own.store.alerts.sweepExpired(Date.now())).toBe(2);
  expect(await own.store.alerts.sweepExpired(Date.now())).toBe(0);
  expect(await redis.exists(keys.alert('RW-OLD'), keys.alert('RW-OLDER'), month)).toBe(0);
  expect(await own.store.alerts.count()).toBe(1);
  expect(await found({ text: 'vm' })).toEqual(['RW-CHANGED']);
});

test('every key of the index expires', async () => {
  await put(plainAlert('RW-1'));
  await found({});
  for (const key of [keys.alert('RW-1'), keys.searchMonth('2026-01')])
    expect(await redis.ttl(key)).toBeGreaterThan(400 * 86_400);
});

const people: Presser[] = [
  { surface: 'slack', id: 'U1', name: 'Sam\nstate=closed', email: 'Sam@contoso.example' },
  { surface: 'teams', id: 'a1b2', name: 'Lee', objectId: 'a1b2' },
];
const names = [
  'Dana Kim',
  'dana@contoso.example',
  'Ünal-Öz',
  'x\ntext=dana',
  '*[a-z]%s',
  'a\u0000b',
  '😀 vm-1',
  '‮evil',
  'ﬁle',
];
const machines = ['vm-pay-01', 'vm-pay-02', 'VM-web-01', 'pay', 'srv_db.01', 'ÿÿ'];
const described = fc.record({
  at: fc.integer({ min: 0, max: 40 }).map((n) => start + n * 3_600_000),
  caller: fc.constantFrom(...names),
  machine: fc.constantFrom(...machines),
  group: fc.constantFrom('rg', 'rg-pay', '='),
  ip: fc.constantFrom(null, '203.0.113.24', '2001:db8::1'),
  sha256: fc.constantFrom('ab12', 'ab34'),
  environment: fc.constantFrom(null, 'production', 'Test lab'),
  subscription: fc.constantFrom(...subscriptions),
});
const changed = fc.record(
  {
    state: fc.constantFrom(...(['new', 'acknowledged', 'contained', 'closed'] as const)),
    severity: fc.constantFrom(...severities),
    verdict: fc.constantFrom('alert' as const, 'suppressed' as const),
    assignee: fc.constantFrom(null, ...people),
    raisedAt: fc.integer({ min: 0, max: 40 }).map((n) => new Date(start + n * 3_600_000).toISOString()),
  },
  { requiredKeys: [] },
);
const step = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('put' as const), n: fc.nat(12), as: described }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('change' as const), n: fc.nat(12), to: changed }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('index' as const), some: fc.integer({ min: 1, max: 4 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('expire' as const), n: fc.nat(12) }) },
);
const fields = {
  text: fc.oneof(
    fc.constantFrom(...names, ...machines, 'rg', '203.0', 'ab', '2001:db8', 'rw-1'),
    fc
      .tuple(fc.constantFrom(...names, ...machines), fc.nat(4), fc.nat(9))
      .map(([a, from, to]) => a.slice(from, to)),
    fc.string({ maxLength: 3 }),
  ),
  states: fc.subarray(['new', 'acknowledged', 'contained', 'closed'] as const),
  severities: fc.subarray([...severities]),
  techniques: fc.constantFrom(['run-command'], ['none'], ['none', 'run-command']),
  assignee: fc.constantFrom(null, 'sam@contoso.example', 'LEE', 'nobody'),
  environment: fc.constantFrom('production', 'test LAB', 'x'),
  subscription: fc.constantFrom(...subscriptions.map((id) => id.toUpperCase())),
  verdict: fc.constantFrom('alert' as const, 'suppressed' as const),
  after: fc.integer({ min: -1, max: 41 }).map((n) => start + n * 3_600_000),
  before: fc.integer({ min: -1, max: 41 }).map((n) => start + n * 3_600_000),
  sort: fc.constantFrom('severity' as const, 'newest' as const, 'oldest' as const),
};
const anyFields = fc.record(fields, { requiredKeys: [] });
const oneField = fc
  .constantFrom(...(Object.keys(fields) as (keyof typeof fields)[]))
  .chain((name) => fc.record({ [name]: fields[name] }));
const text = fc.record({
  text: fc.constantFrom('vm', 'pay', 'd', 'r', '0'),
  after: fields.after,
  before: fields.before,
});
const query = fc.oneof(anyFields, oneField, text) as fc.Arbitrary<AlertQuery>;

test('the search finds what a plain filter finds, after any changes in any order', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 5, maxLength: 30 }),
      fc.array(query, { minLength: 5, maxLength: 10 }),
      fc.integer({ min: 1, max: 7 }),
      async (steps, queries, limit) => {
        await redis.flushall();
        const model = new Map<string, Alert>();
        for (const one of steps) {
          if (one.kind === 'index') {
            await own.store.alerts.indexChanged(one.some);
            continue;
          }
          const id = `RW-${one.n}`;
          if (one.kind === 'expire') {
            await redis.expire(keys.alert(id), 100);
            await own.store.alerts.sweepExpired(start + 500 * day);
            model.delete(id);
          } else if (one.kind === 'put' || model.has(id)) {
            const before = model.get(id);
            const alert =
              one.kind === 'put' ? alertOf({ id, ...one.as }) : { ...(before as Alert), ...one.to };
            model.set(id, alert);
            await own.store.alerts.update(id, () => ({ alert }));
          }
        }
        for (const one of queries) {
          const expected = [...model.values()].filter((alert) => isFound(alert, one)).sort(inOrder(one));
          const ids: string[] = [];
          let cursor: string | null = null;
          do {
            const page = await own.store.alerts.search(one, { limit, cursor });
            expect(page.total).toBe(expected.length);
            ids.push(...page.alerts.map(({ id }) => id));
            cursor = page.next;
          } while (cursor);
          expect(ids).toEqual(expected.map(({ id }) => id));
          expect(await pagesBack(one, limit)).toEqual(ids);
        }
        const counts = new Map<string, number>();
        for (const alert of model.values()) {
          const text = facetsText(alert);
          if (text) counts.set(text, (counts.get(text) ?? 0) + 1);
        }
        await own.store.alerts.indexChanged(1000);
        const stored = Object.entries(await redis.hgetall(keys.alertCounts));
        expect(new Map(stored.map(([text, count]) => [text, Number(count)]))).toEqual(counts);
      },
    ),
    { numRuns: 150 },
  );
}, 120_000);

/** The ids of all pages, read from the last to the first. */
async function pagesBack(query: AlertQuery, limit: number): Promise<string[]> {
  const read = (cursor: string | null) => own.store.alerts.search(query, { limit, cursor });
  let page = await read(null);
  while (page.next) page = await read(page.next);
  const ids = page.alerts.map(({ id }) => id);
  while (page.previous) {
    page = await read(page.previous);
    if (page.previous) ids.unshift(...page.alerts.map(({ id }) => id));
    else {
      // The first page is full, so it may show some of the second again.
      const known = new Set(ids);
      ids.unshift(...page.alerts.map(({ id }) => id).filter((id) => !known.has(id)));
    }
  }
  return ids;
}

const inOrder =
  ({ sort }: AlertQuery) =>
  (a: Alert, b: Alert) =>
    (sort === 'severity' ? severities.indexOf(b.severity) - severities.indexOf(a.severity) : 0) ||
    (sort === 'oldest' ? -1 : 1) *
      (Date.parse(b.raisedAt) - Date.parse(a.raisedAt) || (a.id < b.id ? 1 : -1));

function isFound(alert: Alert, of: AlertQuery): boolean {
  const [execution] = alert.executions as [Execution];
  const { name, resourceGroup, subscriptionId } = execution.target;
  const at = Date.parse(alert.raisedAt);
  const environment = Object.values(alert.facts.machines ?? {})[0]?.environment;
  const fits = <T>(values: readonly T[] | undefined, value: T) => !values?.length || values.includes(value);
  const same = (a: string | null | undefined, b: string) => a?.toLowerCase() === b.toLowerCase();
  const { assignee } = alert;
  const isAssigned =
    of.assignee === undefined ||
    (of.assignee === null
      ? assignee === null
      : same(assignee?.name, of.assignee) || same(assignee?.email ?? assignee?.objectId, of.assignee));
  const { ip, name: caller } = execution.caller;
  const sha256 = Object.values(alert.facts.scripts ?? {})[0]?.sha256;
  return (
    fits(of.states, alert.state) &&
    fits(of.severities, alert.severity) &&
    fits(of.techniques, alert.technique) &&
    fits(of.verdict && [of.verdict], alert.verdict) &&
    isAssigned &&
    (!of.environment || same(environment, of.environment)) &&
    (!of.subscription || same(subscriptionId, of.subscription)) &&
    at >= (of.after ?? 0) &&
    at < (of.before ?? Infinity) &&
    plainWords(of.text ?? '').every((word) => {
      const typed = word.replace(/^[^\p{L}\p{N}]+(?=.)/u, '');
      return (
        [caller, name, resourceGroup].some((text) => hasPart(text, typed)) ||
        [alert.id, ip, sha256].some((text) => text?.toLowerCase().startsWith(typed))
      );
    })
  );
}

const plainWords = (text: string) =>
  text
    .normalize('NFKC')
    .toLowerCase()
    .split(/[\p{Cc}\p{Z}]+/u)
    .map((word) => word.replace(/[\p{Cf}\p{Co}\p{Cs}]/gu, ''))
    .filter(Boolean);

/** Whether a word begins with it, or does from a letter or digit that follows something else and precedes another. */
const hasPart = (text: string, typed: string) =>
  plainWords(text).some((word) =>
    [...word].some((_, i) => {
      const rest = word.slice(i);
      const isStart = i === 0 || (/^[\p{L}\p{N}]{2}/u.test(rest) && /[^\p{L}\p{N}]$/u.test(word.slice(0, i)));
      const isInDomain = word.includes('@') && i > word.lastIndexOf('@') + 1;
      return isStart && !isInDomain && rest.startsWith(typed);
    }),
  );
