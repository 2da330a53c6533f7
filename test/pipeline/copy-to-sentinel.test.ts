import { type Azure, createAzure } from '../../src/azure/azure';
import { checkSentinel } from '../../src/commands/doctor/check-sentinel';
import type { Check } from '../../src/config/doctor-check';
import type { Fault } from '../../src/demo/tenant/faults';
import { botTokenFor, startTenant, type Tenant } from '../../src/demo/tenant/tenant';
import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { loadConfig } from '../../src/load-config';
import { archiveAudit } from '../../src/pipeline/archive-audit';
import { copyToSentinel, sentinelPlace } from '../../src/pipeline/copy-to-sentinel';
import { createLog } from '../../src/runtime/log';
import { createMetrics } from '../../src/runtime/metrics';
import { keptChanges } from '../../src/store/change-feed';
import { keys } from '../../src/store/keys';
import { connect } from '../../src/store/redis/connect';
import { factsAbout } from '../support/alerts';
import { event } from '../support/event';
import { addSentinelRule, type SentinelRule } from '../support/sentinel';
import { type OwnStore, startStore } from '../support/store';
import { until } from '../support/wait';

let own: OwnStore;
let tenant: Tenant;
let azure: Azure;
let sentinel: SentinelRule;
let clock: number;
let metrics: ReturnType<typeof createMetrics>;
const scopes: string[] = [];
const monitor = 'https://monitor.azure.com';

const connectTo = (deadlineMs: number, audience?: string): Azure =>
  createAzure(loadConfig({ AZURE_RESOURCE_MANAGER_ENDPOINT: tenant.endpoint }), {
    credential: {
      getToken: async (scope) => {
        scopes.push(String(scope));
        const token = botTokenFor(audience ?? String(scope).replace('/.default', ''));
        return { token, expiresOnTimestamp: Date.now() + 3_600_000 };
      },
    },
    tlsOptions: { ca: tenant.ca },
    limits: { deadlineMs },
  });

beforeAll(async () => {
  own = await startStore();
  tenant = await startTenant();
});
afterAll(async () => {
  await tenant.stop();
  await own.stop();
});
beforeEach(async () => {
  const redis = connect(own.address);
  await redis.flushall();
  redis.disconnect();
  tenant.faults.clear();
  tenant.requests.length = 0;
  sentinel = addSentinelRule(tenant);
  azure = connectTo(5000);
  metrics = createMetrics();
  clock = Date.now();
});

const run = (using = azure, target = sentinel.target, store = own.store) =>
  copyToSentinel(target, {
    azure: using,
    store,
    metrics,
    log: createLog('silent'),
    linkTo: (id) => `https://runwatch.example/${id}`,
    now: () => clock,
  });
/** Runs again after the pause that follows a failure. */
const runLater = (ms = 31_000) => {
  clock += ms;
  return run();
};

async function raise(id: string, script: string | null = null): Promise<void> {
  const execution = executionFrom(event({ correlationId: id })) as Execution;
  const alert = newAlert(id, [execution], new Date(clock).toISOString());
  const text = { text: script, sha256: null, parameters: [], runAs: null, redacted: [], traits: [] };
  const facts = script === null ? {} : factsAbout(execution, { script: text });
  await own.store.alerts.update(id, () => ({ alert: { ...alert, announced: true, facts } }));
}
const note = (id: string) =>
  own.store.alerts.update(id, (alert) => alert && { alert: { ...alert, score: alert.score + 1 } });
const act = (...actions: string[]) =>
  own.store.audit.append(
    actions.map((action) => ({
      at: new Date(clock).toISOString(),
      by: { surface: 'slack', id: 'U1', name: 'Sam' },
      action,
      alertId: 'RW-1',
      object: null,
      result: 'done' as const,
      why: null,
    })),
  );
const ids = () => sentinel.alerts.map(({ AlertId, Rev }) => `${AlertId} ${Rev}`);
const entries = () => sentinel.audit.map(({ Sequence }) => Sequence);
const posts = () => tenant.requests.filter(({ path }) => path.startsWith('/dataCollectionRules/'));
const failing = () => own.store.health.failing(clock);
const fail = (fault: Partial<Fault>, table = 'Alerts') =>
  tenant.faults.add({ when: new RegExp(`Runwatch${table}_CL`), status: 500, ...fault });

test('each changed alert and each audit entry is sent once, with a token for the service', async () => {
  await raise('RW-1');
  await run();
  await note('RW-1');
  await note('RW-1');
  await raise('RW-2');
  await act('isolate', 'close');
  await run();
  await run();
  expect(ids()).toEqual(['RW-1 1', 'RW-1 3', 'RW-2 1']);
  expect(sentinel.alerts.map(({ Change }) => Change)).toEqual([
    'alert.resent',
    'alert.changed',
    'alert.raised',
  ]);
  const changes = sentinel.alerts.slice(1).map(({ ChangeId }) => ChangeId);
  const { changes: stored } = await own.store.feed.after('0-0', 10);
  expect(changes).toEqual(stored.slice(2).map(({ cursor }) => cursor));
  expect(entries()).toEqual([1, 2]);
  expect(sentinel.audit[1]).toMatchObject({ Action: 'close', Prev: sentinel.audit[0]?.Hash });
  expect(scopes.at(-1)).toBe(`${monitor}/.default`);
  expect(posts()).toHaveLength(3);
  expect(await failing()).toEqual([]);
  expect(await metrics.registry.getSingleMetricAsString('runwatch_sentinel_rows_total')).toMatch(
    /table="RunwatchAlerts_CL",result="sent"\} 3$/m,
  );
});

test('a row whose acceptance was not stored before a crash is sent again with the same ids', async () => {
  await raise('RW-1');
  await run();
  await note('RW-1');
  await act('isolate');
  const crash = async () => {
    throw new Error('the process ended');
  };
  const { feed, audit } = own.store;
  const store = {
    ...own.store,
    feed: { ...feed, setCursor: crash },
    audit: { ...audit, setCopiedTo: crash },
  } as unknown as typeof own.store;
  await run(azure, sentinel.target, store);
  await runLater();
  await run();
  const [, ...again] = sentinel.alerts;
  expect(again).toHaveLength(2);
  const { TimeGenerated: _, ...first } = again[0] ?? {};
  expect(again[1]).toMatchObject(first);
  expect(entries()).toEqual([1, 1]);
  expect(sentinel.audit[1]).toEqual(sentinel.audit[0]);
});

test.each<[string, Partial<Fault>, RegExp]>([
  ['is down', { cut: true }, /hang up|ECONNRESET/],
  ['answers 503', { status: 503 }, /HTTP 503/],
  ['may not be used', { status: 403 }, /HTTP 403.*Monitoring Metrics Publisher on the data collection rule/],
  ['does not know the rule', { status: 404 }, /HTTP 404.*sentinel\.rule/],
  [
    'is a page of a proxy',
    { status: 200, body: '<html>Sign in</html>', headers: { 'content-type': 'text/html' } },
    /HTTP 200.*a proxy may be answering/,
  ],
  ['redirects', { status: 307, body: '', headers: { location: '/elsewhere' } }, /HTTP 307/],
  ['answers without end', { play: (response) => void endless(response) }, /longer than/],
])('while the endpoint %s, nothing is lost and the audit log is sent', async (_, fault, error) => {
  await raise('RW-1');
  await act('isolate');
  fail(fault);
  await run();
  expect(ids()).toEqual([]);
  expect(entries()).toEqual([1]);
  expect(await failing()).toEqual([{ place: 'sentinel alerts', error: expect.stringMatching(error) }]);
  tenant.faults.clear();
  const before = posts().length;
  await run();
  expect(posts()).toHaveLength(before);
  await runLater();
  expect(ids()).toEqual(['RW-1 1']);
  expect(await failing()).toEqual([]);
});

function endless(response: Parameters<NonNullable<Fault['play']>>[0]): void {
  response.writeHead(204 + 1);
  const write = () => {
    while (!response.destroyed && response.write('x'.repeat(100_000)));
  };
  response.on('drain', write);
  write();
}

test('a slow endpoint is given up, and gets the same row again', async () => {
  await raise('RW-1');
  tenant.faults.add({ when: /RunwatchAlerts_CL/, status: 204, times: 1, delayMs: 600 });
  await run(connectTo(200));
  expect(await failing()).toEqual([
    { place: 'sentinel alerts', error: expect.stringMatching(/no complete response within 0\.2 s/) },
  ]);
  await runLater();
  await until('the late row', () => sentinel.alerts.length === 2);
  expect(sentinel.alerts[1]?.ChangeId).toBe(sentinel.alerts[0]?.ChangeId);
});

test('an answer that was lost leads to the same rows again', async () => {
  await act('isolate', 'close');
  fail({ after: true, times: 1 }, 'Audit');
  await run();
  await runLater();
  expect(entries()).toEqual([1, 2, 1, 2]);
  expect(new Set(sentinel.audit.map(({ Hash }) => Hash)).size).toBe(2);
});

test('Retry-After of a 429 is waited for, up to a quarter of an hour', async () => {
  await raise('RW-1');
  fail({ status: 429, retryAfter: 90, times: 1 });
  fail({ status: 429, retryAfter: 86_400, times: 1 });
  await run();
  await runLater(60_000);
  expect(posts()).toHaveLength(1);
  await runLater(31_000);
  expect(posts()).toHaveLength(2);
  await runLater(16 * 60_000);
  expect(ids()).toEqual(['RW-1 1']);
});

test.each([400, 413])(
  'one row that is refused with %d is reduced to its ids, and blocks no other',
  async (status) => {
    await act('a', 'b', 'bad', 'd', 'e');
    const isBad = (body: unknown) => Array.isArray(body) && body.some(({ Action }) => Action === 'bad');
    tenant.faults.add({ when: /RunwatchAudit_CL/, status, only: ({ body }) => isBad(body) });
    await run();
    expect(entries()).toEqual([1, 2, 3, 4, 5]);
    expect(sentinel.audit[2]).toMatchObject({ Note: expect.stringContaining(`HTTP ${status}`) });
    expect(sentinel.audit[2]).not.toHaveProperty('Action');
    expect(sentinel.audit[3]).toMatchObject({ Prev: sentinel.audit[2]?.Hash });
    expect(await failing()).toEqual([
      { place: 'sentinel rejected rows', error: expect.stringMatching(/^audit entry 3: .*HTTP 4/) },
    ]);
    clock += 61 * 60_000;
    expect(await failing()).toEqual([]);
    expect(await metrics.registry.getSingleMetricAsString('runwatch_sentinel_rows_total')).toMatch(
      /result="sent"\} 4\n.*result="reduced"\} 1$/,
    );
  },
);

test('if the ids are refused too, the table is at fault, and no row is reduced', async () => {
  await act('a', 'b', 'c');
  fail({ status: 400, code: 'InvalidStream' }, 'Audit');
  await run();
  expect(await failing()).toEqual([
    { place: 'sentinel audit', error: expect.stringMatching(/HTTP 400, InvalidStream/) },
  ]);
  tenant.faults.clear();
  await runLater();
  expect(entries()).toEqual([1, 2, 3]);
  expect(sentinel.audit.some(({ Note }) => Note)).toBe(false);
});

test('calls stay below 1 MB', async () => {
  for (let n = 0; n < 20; n++) await raise(`RW-${n}`, 'é'.repeat(40_000));
  await run();
  expect(new Set(ids()).size).toBe(20);
  expect(posts().length).toBeGreaterThan(1);
  expect(posts().every(({ status }) => status === 204)).toBe(true);
});

test('a row of two days ago has the time of sending in TimeGenerated and its own in ChangedAt', async () => {
  await act('isolate');
  const at = new Date(clock).toISOString();
  clock += 3 * 86_400_000;
  await run();
  expect(sentinel.audit[0]).toMatchObject({ TimeGenerated: new Date(clock).toISOString(), At: at });
});

test('alerts from before, and those whose changes are no longer kept, are sent once', async () => {
  await raise('RW-1');
  await raise('RW-2');
  await run();
  expect(ids().sort()).toEqual(['RW-1 1', 'RW-2 1']);
  await note('RW-1');
  const redis = connect(own.address);
  await redis.del(keys.feed);
  const addMany = `for n = 1, ${keptChanges} do
    redis.call('XADD', KEYS[1], ARGV[1] .. '-' .. n, 'kind', 'measure.changed', 'id', 'm', 'rev', '0')
  end`;
  await redis.eval(addMany, 1, keys.feed, Date.now() + 60_000);
  redis.disconnect();
  fail({ status: 503, times: 1 });
  await run();
  expect(ids()).toHaveLength(2);
  await runLater();
  expect(ids().slice(2).sort()).toEqual(['RW-1 2', 'RW-2 1']);
  expect(sentinel.alerts.slice(2).map(({ Change }) => Change)).toEqual(['alert.resent', 'alert.resent']);
  await note('RW-2');
  await run();
  expect(ids().slice(4)).toEqual(['RW-2 2']);
});

test('alerts behind many changes of other kinds are sent', async () => {
  await raise('RW-1');
  await run();
  const redis = connect(own.address);
  for (let n = 0; n < 250; n++)
    await redis.xadd(keys.feed, '*', 'kind', 'measure.changed', 'id', 'm', 'rev', '0');
  redis.disconnect();
  await note('RW-1');
  await run();
  expect(ids()).toEqual(['RW-1 1', 'RW-1 2']);
  expect(await own.store.feed.cursorOf(sentinelPlace(sentinel.target))).toBe(await own.store.feed.newest());
});

test('sending all alerts continues where it failed', async () => {
  for (let n = 100; n < 250; n++) {
    clock += 1000;
    await raise(`RW-${n}`);
  }
  let calls = 0;
  tenant.faults.add({ when: /RunwatchAlerts_CL/, status: 503, times: 1, only: () => ++calls === 2 });
  await run();
  expect(ids()).toHaveLength(100);
  await runLater();
  expect(new Set(ids()).size).toBe(150);
  // The last one before the failure is sent again: others may have been raised at the same time.
  expect(ids()).toHaveLength(151);
});

test('a new rule gets everything again', async () => {
  await raise('RW-1');
  await act('isolate');
  await run();
  const other = addSentinelRule(tenant, '2');
  await run(azure, other.target);
  expect(other.alerts).toHaveLength(1);
  expect(other.audit).toHaveLength(1);
});

test('the archive keeps in Redis what Sentinel does not have yet', async () => {
  await act('isolate');
  const later = clock + 400 * 86_400_000;
  const archive = () =>
    archiveAudit(
      { archive: `${own.dir}/archive` },
      { store: own.store, now: () => later, otherPlaces: [sentinelPlace(sentinel.target)] },
    );
  await archive();
  expect(await own.store.audit.count()).toBe(1);
  await run();
  await archive();
  expect(await own.store.audit.count()).toBe(0);
});

test('doctor says whether the rule accepts rows, and how to fix it', async () => {
  const checks = async (using = azure, target = sentinel.target) => {
    const found: Check[] = [];
    await checkSentinel(using, target, (check) => found.push(check));
    return found;
  };
  expect(await checks()).toEqual([
    {
      name: 'sentinel RunwatchAlerts_CL',
      topic: 'sentinel',
      ok: true,
      says: expect.stringContaining('accepts rows'),
    },
    { name: 'sentinel RunwatchAudit_CL', topic: 'sentinel', ok: true, says: expect.any(String) },
  ]);
  expect(sentinel.alerts).toEqual([]);
  tenant.state.mayDo = (action) => action !== 'Microsoft.Insights/Telemetry/Write';
  expect((await checks())[0]).toMatchObject({
    ok: false,
    fix: expect.stringContaining('Monitoring Metrics'),
  });
  await act('isolate');
  await run();
  expect(await failing()).toContainEqual({
    place: 'sentinel audit',
    error: expect.stringMatching(/Monitoring Metrics Publisher .* up to 30 minutes$/),
  });
  tenant.state.mayDo = () => true;
  const unknown = { ...sentinel.target, rule: `dcr-${'0'.repeat(32)}` };
  expect((await checks(azure, unknown))[0]).toMatchObject({
    ok: false,
    says: expect.stringMatching(/not found/),
  });
  expect((await checks(connectTo(5000, 'https://management.azure.com')))[0]).toMatchObject({
    ok: false,
    says: expect.stringMatching(/audience is not https:\/\/monitor\.azure\.com.*HTTP 401/),
  });
});
