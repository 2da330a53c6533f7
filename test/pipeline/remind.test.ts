import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import type { Severity } from '../../src/domain/alerts/severity';
import { acknowledge, close } from '../../src/domain/alerts/transitions';
import type { Presser } from '../../src/domain/people/person';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { type RemindDeps, remind } from '../../src/pipeline/remind';
import type { Press } from '../../src/presses/press';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const minute = 60_000;
const start = Date.parse('2026-11-20T22:00:00.000Z');
const sam: Presser = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' };
const at = (minutes: number) => new Date(start + minutes * minute).toISOString();

let own: OwnStore;
/** Ids queued for delivery. */
let queued: string[] = [];
beforeEach(async () => {
  own = await startStore(['slack']);
  queued = [];
});
afterEach(() => own.stop());

const alert = (id: string, severity: Severity, minutes: number): Alert => ({
  ...newAlert(id, [executionFrom(event()) as Execution], at(minutes)),
  severity,
  announced: true,
});
const put = (one: Alert) => own.store.alerts.update(one.id, () => ({ alert: one }));

/** Runs the reminders at a time. Returns the presses they made. */
async function remindAt(minutes: number, policy: RemindDeps['policy'] = {}): Promise<Press[]> {
  const presses: Press[] = [];
  await remind({
    store: own.store,
    queues: { deliverAll: async (_, ids) => void queued.push(...ids) },
    policy,
    press: async (press) => {
      presses.push(press);
      return press.nonce;
    },
    now: () => start + minutes * minute,
  });
  return presses;
}
const noticeIds = async () =>
  (await own.store.deliveries.undeliveredIds('slack', 0, { limit: 10_000 })).ids.filter((id) =>
    id.startsWith('notice-'),
  );

test('a critical alert below 1,500 newer ones is reminded and paged', async () => {
  await put(alert('RW-CRIT', 'critical', 0));
  await Promise.all(Array.from({ length: 1500 }, (_, i) => put(alert(`RW-${i}`, 'low', 1))));
  await remindAt(6);
  expect(await noticeIds()).toEqual(['notice-remind-RW-CRIT-0']);
  const presses = await remindAt(46, { escalation: { routingKey: 'key' } });
  expect(presses).toMatchObject([{ alertId: 'RW-CRIT', action: 'escalate' }]);
  expect(await noticeIds()).toEqual(['notice-remind-RW-CRIT-0', 'notice-remind-RW-CRIT-2']);
});

test('an alert older than three days is still reminded when it becomes idle', async () => {
  await put(alert('RW-1', 'high', 0));
  const days = 5 * 24 * 60;
  await own.store.alerts.update('RW-1', (one) => ({
    alert: acknowledge(one as Alert, { by: sam, at: at(days) }),
  }));
  await remindAt(days + 479);
  expect(await noticeIds()).toEqual([]);
  await remindAt(days + 481);
  await remindAt(days + 5000);
  expect(await noticeIds()).toEqual(['notice-sleeps-RW-1-1']);
});

test('each step is sent once, and a closed alert gets none', async () => {
  await put(alert('RW-1', 'critical', 0));
  await put(alert('RW-2', 'critical', 0));
  await own.store.alerts.update('RW-2', (one) => ({
    alert: close(one as Alert, 'benign', { by: sam, at: at(1) }),
  }));
  for (const minutes of [4, 5, 6, 14, 15, 16, 45, 46, 400]) await remindAt(minutes);
  expect(await noticeIds()).toEqual([0, 1, 2].map((round) => `notice-remind-RW-1-${round}`));
});

test('a reminder that is not due is not read again until it is', async () => {
  await put(alert('RW-1', 'critical', 0));
  await remindAt(1);
  expect(await own.store.alerts.due('critical', start + 4 * minute, 10)).toEqual([]);
  expect(await own.store.alerts.due('critical', start + 5 * minute, 10)).toMatchObject([{ id: 'RW-1' }]);
  await own.store.alerts.checkAll();
  expect(await own.store.alerts.due('critical', 0, 10)).toMatchObject([{ id: 'RW-1' }]);
});

test('one alert that fails does not keep the others from being paged, and is tried again', async () => {
  await put(alert('RW-1', 'critical', 0));
  await put(alert('RW-2', 'critical', 0));
  const policy = { escalation: { routingKey: 'key' } };
  const paged: string[] = [];
  const remindOnce = (minutes: number, fails: boolean) =>
    remind({
      store: own.store,
      queues: { deliverAll: async () => {} },
      policy,
      press: async ({ alertId }) => {
        if (fails && alertId === 'RW-1') throw new Error('no');
        paged.push(alertId);
        return alertId;
      },
      now: () => start + minutes * minute,
    });
  await expect(remindOnce(46, true)).rejects.toThrow('no');
  expect(paged).toEqual(['RW-2']);
  await remindOnce(47, false);
  expect(paged).toEqual(['RW-2', 'RW-1']);
});

test('a missed target is reminded of once, with how late it is', async () => {
  const policy = { sla: { high: { acknowledge: 600, contain: 30, close: 120 } } };
  await put(alert('RW-1', 'high', 0));
  for (const minutes of [29, 31, 32, 119, 121, 400]) await remindAt(minutes, policy);
  const ids = ['notice-target-RW-1-contain', 'notice-target-RW-1-close'];
  // Notices of the same millisecond are in any order.
  expect((await noticeIds()).sort()).toEqual([...ids].sort());
  const target = { name: 'slack', channel: 'C1', intervalMs: 0 };
  const [contain] = await own.store.deliveries.begin(target, ids, start, 'held');
  expect(contain?.notice?.text).toMatch(
    /^RW-1 is not contained after 31 min: high .*\. The target is 30 min; it is 60 s late\.$/,
  );
});

test('the message of a missed target is updated with its reminder, and no other is', async () => {
  const policy = { sla: { high: { acknowledge: 5, contain: 30 } } };
  await put(alert('RW-1', 'high', 0));
  await put(alert('RW-2', 'critical', 0));
  const queuedAt = async (minutes: number) => {
    queued = [];
    await remindAt(minutes, policy);
    return queued.filter((id) => id.startsWith('RW-'));
  };
  expect(await queuedAt(4)).toEqual([]);
  expect(await queuedAt(5)).toEqual(['RW-1']);
  expect(await queuedAt(6)).toEqual([]);
  expect(await queuedAt(31)).toEqual(['RW-1']);
});

test('every due alert of a severity is reminded of in one run, however many there are', async () => {
  const ids = Array.from({ length: 250 }, (_, i) => `RW-${i}`);
  await Promise.all(ids.map((id) => put(alert(id, 'critical', 0))));
  await remindAt(5);
  expect(await noticeIds()).toHaveLength(250);
});
