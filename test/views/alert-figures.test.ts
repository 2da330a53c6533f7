import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { acknowledge } from '../../src/domain/alerts/transitions';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { alertFigures } from '../../src/views/alert-figures';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const minute = 60_000;
const day = 1440 * minute;
const now = Date.parse('2026-11-26T12:30:00Z');
const sam = { surface: 'slack', id: 'U1', name: 'Sam' };
const iso = (ms: number) => new Date(ms).toISOString();

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

let made = 0;
async function put(raisedAt: number, more: Partial<Alert>, acknowledgedAfter?: number): Promise<void> {
  made += 1;
  const execution = executionFrom(event({ correlationId: `c${made}` })) as Execution;
  const alert: Alert = {
    ...newAlert(`RW-${made}`, [execution], iso(raisedAt)),
    ready: true,
    announced: true,
    ...more,
  };
  const move = { by: sam, at: iso(raisedAt + (acknowledgedAfter ?? 0)) };
  const stored = acknowledgedAfter === undefined ? alert : acknowledge(alert, move);
  await own.store.alerts.update(alert.id, () => ({ alert: stored }));
}

test('alerts by severity and week, and the median time to acknowledge', async () => {
  for (const minutes of [2, 9, 4]) await put(now - day, { severity: 'critical' }, minutes * minute);
  await put(now - 6 * day, { severity: 'critical' });
  await put(now - 6 * day, { severity: 'low', verdict: 'suppressed', announced: false });
  await put(now - 200 * day, { severity: 'high' }, minute);
  const { weeks, acknowledge: times } = await alertFigures(
    own.store.alerts,
    { critical: { acknowledge: 15 } },
    now,
  );
  expect(weeks).toHaveLength(12);
  expect(weeks.slice(-2)).toEqual([
    {
      start: Date.parse('2026-11-16T00:00:00Z'),
      counts: { critical: 1, high: 0, medium: 0, low: 1 },
      suppressed: 1,
    },
    {
      start: Date.parse('2026-11-23T00:00:00Z'),
      counts: { critical: 3, high: 0, medium: 0, low: 0 },
      suppressed: 0,
    },
  ]);
  expect(times).toMatchObject({
    critical: { median: 4 * minute, of: 3, target: 15 * minute },
    high: { median: null, of: 0, target: null },
  });
});

test('no whole alert is read, and no alert is examined to be counted', async () => {
  const { search, countFound } = own.store.alerts;
  const limits: number[] = [];
  await alertFigures(
    {
      countFound,
      search: (query, page) => {
        limits.push(page?.limit ?? 0);
        return search(query, page);
      },
    },
    {},
    now,
  );
  expect(limits).toEqual([100, 100, 100, 100]);
});
