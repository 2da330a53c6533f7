import type { Redis } from 'ioredis';
import { type Alert, alertIdOf, callerKeyOf, newAlert } from '../../src/domain/alerts/alert';
import { arrivalOf, assignToSessions, sessionKeyOf } from '../../src/domain/alerts/groups';
import { close } from '../../src/domain/alerts/transitions';
import type { Exception } from '../../src/domain/exceptions/exception';
import type { Approval } from '../../src/domain/measures/approval';
import type { Measure } from '../../src/domain/measures/measure';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { assignRuns } from '../../src/domain/techniques/runs';
import { forgetOld } from '../../src/pipeline/forget-old';
import type { Store } from '../../src/store/store';
import { factsAbout } from './alerts';
import { event, vm } from './event';
import { age } from './stored-kinds';

export interface YearsOptions {
  store: Store;
  redis: Redis;
  days: number;
  alertsPerDay: number;
  /** Time passes in steps of so many days. */
  stepDays: number;
  /** Called after each step. */
  onStep?: (day: number) => Promise<void> | void;
}

const dayMs = 86_400_000;
const sam = { surface: 'slack', id: 'U0SAM0000', name: 'Sam', email: 'sam@contoso.example' };
/** More wait for each other, because each entry of the audit log contains the hash of the one before. */
const atOnce = 10;
const iso = (at: number) => new Date(at).toISOString();

/**
 * Stores what some years of alerts leave behind, through the store's own functions with the time of each alert. The
 * expiries of all keys run as fast as that time. The years end now.
 */
export async function simulateYears(options: YearsOptions): Promise<void> {
  const { store, redis, days, alertsPerDay, stepDays, onStep } = options;
  const start = Date.now() - days * dayMs;
  let n = 0;
  for (let day = 0; day < days - stepDays / 2; day += stepDays) {
    const perStep = Math.round(alertsPerDay * stepDays);
    for (let i = 0; i < perStep; i += atOnce) {
      const size = Math.min(atOnce, perStep - i);
      const wanted = Array.from({ length: size }, (_, j) => ({
        n: n++,
        at: Math.floor(start + (day + ((i + j) * stepDays) / perStep) * dayMs),
      }));
      await storeAlerts(wanted, options);
    }
    const end = Math.floor(start + (day + stepDays) * dayMs);
    await storeSomethingElse(day, end, store);
    await age(redis, stepDays * dayMs);
    await store.alerts.sweepExpired(end);
    await forgetOld({ store, now: () => end });
    await onStep?.(day + stepDays);
  }
}

/** A tenth of the callers is new each month, as are the machines. */
function executionOf(n: number, at: number): Execution {
  const month = Math.floor(at / (30 * dayMs));
  const who = n % 10 === 0 ? `${month}-${n % 97}` : `always-${n % 211}`;
  const machine = n % 10 === 1 ? `vm-${month}-${n % 89}` : `vm-${n % 503}`;
  return executionFrom(
    event({
      id: `event-${n}`,
      time: iso(at),
      correlationId: `correlation-${n}`,
      resourceId: vm.replace(/vm-1$/, machine),
      status: 'succeeded',
      caller: {
        ...event().caller,
        id: `object-${who}`,
        name: `${who}@contoso.example`,
        upn: `${who}@contoso.example`,
        type: 'User',
        ip: `198.51.${n % 50}.${n % 250}`,
      },
    }),
  ) as Execution;
}

async function storeAlerts(
  wanted: readonly { n: number; at: number }[],
  { store }: YearsOptions,
): Promise<void> {
  const all = wanted.map(({ n, at }) => {
    const execution = executionOf(n, at);
    return { n, at, execution, sha256: `${n % 400}-${Math.floor(n / 4000)}`.padStart(64, 'a') };
  });
  const now = all.at(-1)?.at ?? 0;
  await store.history.note(
    all.map(({ execution }) => execution),
    now,
  );
  await store.history.noteScripts(all, now);
  await Promise.all(all.map((one) => storeAlert(one, store)));
  await store.alerts.indexChanged(1000);
}

async function storeAlert(
  { n, at, execution, sha256 }: { n: number; at: number; execution: Execution; sha256: string },
  store: Store,
): Promise<void> {
  const id = alertIdOf(execution.key);
  const base = `${execution.operation} ${execution.resourceId} ${execution.correlationId}`;
  const owner = callerKeyOf(execution.caller);
  const seen = event({ id: `event-${n}`, time: iso(at), resourceId: execution.resourceId });
  await store.runs.update([base], (_, known) => assignRuns(base, known, [seen]).runs);
  await store.alerts.claim([[execution.key, id]]);
  const key = sessionKeyOf(execution);
  await store.sessions.update(
    [key],
    (_, known) => assignToSessions(key, known, [arrivalOf(execution)]).sessions,
  );
  await store.timeline.note(owner, [seen], at);
  await store.timeline.follow([owner, execution.target.id.toLowerCase()], id, at, Date.now() + 2 * 3_600_000);
  if (n % 10 === 0) {
    await store.checks.note([{ execution, group: null }]);
    await store.checks.addNotes([{ eventId: seen.id, says: 'user data changed' }]);
  }
  const script = {
    text: `${n % 400} ${'curl -s https://example.com/install.sh | sh # '.repeat(20)}`,
    sha256,
    parameters: [],
    runAs: null,
    redacted: [],
    traits: [],
  };
  const machine = {
    ...{ os: 'Linux' as const, power: 'running', agent: 'ready', tags: { environment: 'production' } },
    ...{ environment: 'production', publicIps: ['203.0.113.1'], openPorts: ['22'], encryption: null },
    ...{ locks: [], identityCan: ['read secrets of kv-pay'], identities: [] },
  };
  const suppressed = n % 5 === 0;
  const raised: Alert = {
    ...newAlert(id, [execution], iso(at)),
    ready: true,
    announced: !suppressed,
    facts: factsAbout(execution, { machine, script, run: { output: 'done\n'.repeat(40) } }),
  };
  await store.alerts.update(id, () => ({ alert: raised }), null);
  if (suppressed) return store.exceptions.noteUse(`exception-${n % 40}`, id, at);
  const state = { ref: { channel: 'C1', message: `${at}` }, shown: sha256, attemptAt: null };
  await store.deliveries.settle('slack', id, { rev: 1, touched: 0 }, state);
  await press(n, at, id, store);
  if (n % 20 === 1) return;
  const touched = n % 20 === 3 || n % 20 === 5 ? 2 : 0;
  const audit = auditOf('close', id, at);
  await store.alerts.update(id, (alert) => ({
    alert: close(alert as Alert, 'benign', { by: sam, at: iso(at + 1) }),
    audit: [audit],
  }));
  await store.deliveries.settle('slack', id, { rev: 9, touched }, state);
}

const auditOf = (action: string, alertId: string, at: number) => ({
  ...{ at: iso(at), by: sam, action, alertId, object: null },
  ...{ result: 'done' as const, why: null },
});

/** What people do about an alert. */
async function press(n: number, at: number, id: string, store: Store): Promise<void> {
  await store.audit.append([auditOf('acknowledge', id, at)], `press ${n}`);
  await store.pressResults.note(`press-${n}`, { result: 'done', text: 'Acknowledged' });
  await store.answers.put(`press-${n}`, 'Acknowledged');
  if (n % 20 === 3) await putMeasure(n, at, id, store);
  if (n % 20 === 5) await putApproval(n, at, id, store);
  if (n % 50 === 7)
    await store.watches.put({
      ...{ owner: `object-${n}`, alertId: id, by: sam },
      ...{ since: iso(at), until: iso(at + 7 * dayMs) },
    });
  if (n % 50 === 9)
    await store.rejectedPresses.note({
      ...{ pressId: `press-${n}`, alertId: id, action: 'isolate' },
      ...{ by: 'Sam', at: iso(at) },
    });
}

async function putMeasure(n: number, at: number, alertId: string, store: Store): Promise<void> {
  const target = `${vm}-${n % 503}`;
  const measure = (state: Measure['state']): Measure => ({
    ...{ id: `M-isolation-${n}`, kind: 'isolation', target, name: 'vm', subjects: [`machine:${target}`] },
    ...{ rev: 0, state, way: 'do', action: 'isolate', by: sam, at: iso(at), changedAt: iso(at) },
    ...{ press: `press-${n}`, alerts: [alertId], before: { nic: 'x'.repeat(500) }, steps: [] },
    ...{ says: 'Isolated vm', signature: 'x'.repeat(86) },
  });
  await store.measures.update(`M-isolation-${n}`, () => ({ measure: measure('in force') }));
  await store.measures.update(`M-isolation-${n}`, () => ({ measure: measure('undone') }));
}

async function putApproval(n: number, at: number, alertId: string, store: Store): Promise<void> {
  const approval = (state: Approval['state']): Approval => ({
    ...{ id: `A-${n}`, rev: 0, state, alertId, action: 'isolate', what: 'Isolate vm', why: 'production' },
    ...{ by: sam, at: iso(at), until: iso(at + 900_000), needed: 1, pin: null, job: {}, approvals: [] },
    signature: 'x'.repeat(86),
  });
  await store.measures.updateApproval(`A-${n}`, () => ({ approval: approval('asked') }));
  await store.measures.takeApprovalSlot(`isolate ${n}`, null, `A-${n}`);
  await store.measures.updateApproval(`A-${n}`, () => ({ approval: approval('declined') }));
}

/** What happens now and then: new exceptions, subscriptions, channels, notices, sign-ins, partitions. */
async function storeSomethingElse(day: number, now: number, store: Store): Promise<void> {
  const id = `subscription-${day}`;
  await store.polls.moveWatermark(id, iso(now));
  await store.polls.commit(id, {
    all: { ids: new Map([[`event-${day}`, now]]), forget: now - dayMs },
    running: { ids: new Map([[`event-${day}`, now]]), forget: now - dayMs },
  });
  await store.polls.noteGap(id, { from: now - 1000, to: now, error: 'timeout' });
  await store.polls.setLateSlot(id, day);
  await store.polls.noteFailures(id, 1);
  await store.polls.storeUnreadable(
    Array.from({ length: 200 }, () => ({ reason: 'x', excerpt: 'x'.repeat(200) })),
  );
  await store.history.setFilledFrom(id, now);
  await store.health.noteVanished({ id, name: id, at: now });
  await store.health.note(`slack C${day}`, null, now);
  await store.health.noteClock(0, now);
  await store.deliveries.addNotice({ id: `notice-${day}`, text: 'x'.repeat(200) }, []);
  await store.hub.checkpoints.updateCheckpoint({
    ...{ fullyQualifiedNamespace: 'ns', eventHubName: `hub-${day}`, consumerGroup: 'g', partitionId: '0' },
    ...{ sequenceNumber: day, offset: String(day) },
  });
  await store.audit.setCopiedTo(`https://copy-${day}`, `${now}-0`);
  await store.signIns.addSession(`session-${day}`, 'sam', 'x'.repeat(500), {
    ...{ seconds: 3600, listSeconds: 43_200, at: now, most: 20 },
  });
  const exception: Exception = {
    ...{ id: `exception-${day}`, match: { caller: `user-${day}` }, reason: 'planned', owner: 'sam' },
    expires: iso(now + 90 * dayMs),
  };
  const onceId = `exception ${day}`;
  await store.exceptions.put(exception, [auditOf('exception.add', '', now)], onceId);
}
