import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { judge } from '../../src/domain/alerts/judge';
import { defaultPoints } from '../../src/domain/alerts/score';
import type { Sla } from '../../src/domain/alerts/timing';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { digest, digestRow, digestText } from '../../src/views/digest';
import { factsAbout } from '../support/alerts';
import { event, vm } from '../support/event';
import { startStore } from '../support/store';

const machine = {
  os: null,
  power: null,
  agent: null,
  tags: { env: 'test' },
  environment: 'test',
  publicIps: [],
  openPorts: null,
  encryption: null,
  locks: [],
  identityCan: [],
  identities: [],
};
const alert = (fields: Partial<Alert> = {}) => {
  const execution = executionFrom(event()) as Execution;
  return judge({ ...newAlert('RW-1', [execution], execution.startedAt), ...fields }, [], {
    points: defaultPoints,
    environments: { test: { alertFrom: 70 } },
  });
};

const raised = Date.parse(alert().raisedAt);
const textOf = (alerts: readonly Alert[], sla: Sla = {}, past: Parameters<typeof digestText>[2] = []) =>
  digestText(
    alerts.map((one) => digestRow(one, sla, raised + 3_600_000)),
    sla,
    past,
  );

test('counts posted alerts and lists the others', () => {
  const text = textOf([
    alert(),
    alert({ facts: factsAbout(executionFrom(event()) as Execution, { machine }) }),
  ]);
  expect(text).toMatch(
    /1 alerts, 1 still open; 1 below their environment's threshold; 0 covered by exceptions/,
  );
  expect(text).toMatch(/• RW-1: Run command on vm-1 by dana, low 27, below 70 in test/);
});

test('response times per severity, with the missed targets', () => {
  const by = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' } as const;
  const taken = (minutes: number): Alert => ({
    ...alert(),
    severity: 'high',
    state: 'acknowledged',
    history: [{ to: 'acknowledged', by, at: new Date(raised + minutes * 60_000).toISOString() }],
  });
  const alerts = [...[2, 4, 9].map(taken), { ...alert(), severity: 'critical' as const }];
  expect(textOf(alerts)).toContain('\nhigh: acknowledged after 4 min (median), 9 min (90th percentile)\n');
  const sla = { high: { acknowledge: 5, contain: 30 }, critical: { acknowledge: 5 } };
  const past = [
    { severity: 'critical' as const, step: 'close' as const, count: 3 },
    { severity: 'high' as const, step: 'close' as const, count: 0 },
  ];
  expect(textOf(alerts, sla, past).split('\n').slice(1, 4)).toEqual([
    'critical: none acknowledged, 1 missed the target of 5 min',
    'high: acknowledged after 4 min (median), 9 min (90th percentile), 1 missed the target of 5 min; none contained, 3 missed the target of 30 min',
    'Open and past their target: 3 critical not closed',
  ]);
});

test('counts every alert of the day', async () => {
  const own = await startStore(['slack']);
  const at = Date.parse(alert().raisedAt);
  await Promise.all(
    Array.from({ length: 10_100 }, (_, i) => {
      const one = { ...alert(), id: `RW-${i}` };
      return own.store.alerts.update(one.id, () => ({ alert: one }), null);
    }),
  );
  await digest({ store: own.store, queues: { deliverAll: async () => {} }, now: () => at + 1000, sla: {} });
  const target = { name: 'slack', channel: 'C1', intervalMs: 0 };
  const [sent] = await own.store.deliveries.begin(
    target,
    [`notice-digest-${new Date(at).toISOString().slice(0, 10)}`],
    at,
    'held',
  );
  await own.stop();
  expect(sent?.notice?.text).toMatch(/^Last 24 hours: 10,100 alerts, 10,100 still open/);
}, 60_000);

test('a critical alert is suppressed only by an exception that allows it; a lower one by any exception', () => {
  const exception = {
    id: 'ex-1',
    match: { caller: 'dana' },
    reason: 'r',
    owner: 'o',
    expires: '2030-01-01T00:00:00Z',
  };
  const execution = executionFrom(event()) as Execution;
  const plain = newAlert('RW-1', [execution], execution.startedAt);
  const who = {
    name: null,
    jobTitle: null,
    enabled: null,
    guest: true,
    owners: [],
    application: null,
    signIn: null,
    weakSignIn: true,
    hint: null,
  };
  const history = {
    days: 90,
    onThisMachine: 0,
    newMachines: [vm.toLowerCase()],
    byCaller: 0,
    addressSeen: true,
    daily: [],
    usualHour: false,
    refusalsBefore: 3,
    sameScriptAt: null,
  };
  const context = { points: defaultPoints };
  expect(judge(plain, [exception], context)).toMatchObject({ verdict: 'suppressed', exception: 'ex-1' });
  expect(judge({ ...plain, facts: { who, history } }, [exception], context)).toMatchObject({
    severity: 'critical',
    verdict: 'alert',
    exception: null,
  });
  const allowsCritical = { ...exception, silenceCritical: true };
  expect(judge({ ...plain, facts: { who, history } }, [allowsCritical], context)).toMatchObject({
    severity: 'critical',
    verdict: 'suppressed',
  });
});
