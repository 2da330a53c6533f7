import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { assign } from '../../src/domain/alerts/transitions';
import type { Presser } from '../../src/domain/people/person';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { answerCommand, type ChatCommandDeps } from '../../src/views/chat-commands';
import { homeFor } from '../../src/views/home';
import { event } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const sam: Presser = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' };
const start = Date.parse('2026-11-20T22:00:00.000Z');

let own: OwnStore;
beforeAll(async () => {
  own = await startStore(['slack']);
  const alert = (id: string, ms: number): Alert => ({
    ...newAlert(id, [executionFrom(event()) as Execution], new Date(start + ms).toISOString()),
    announced: true,
  });
  const move = { by: sam, at: new Date(start).toISOString() };
  await own.store.alerts.update('RW-MINE', () => ({ alert: assign(alert('RW-MINE', 0), sam, move) }));
  await Promise.all(
    Array.from({ length: 2100 }, (_, i) =>
      own.store.alerts.update(`RW-${i}`, () => ({ alert: alert(`RW-${i}`, i + 1) })),
    ),
  );
});
afterAll(() => own.stop());

test('newer alerts do not hide an assigned one on its home page, and the count is exact', async () => {
  const [mine, open] = await homeFor(sam, own.store, start + 5000);
  expect(mine).toMatchObject({ heading: 'My alerts (1)', lines: [expect.stringMatching(/^RW-MINE/)] });
  expect(open?.heading).toBe('Open alerts (2101)');
  expect(open?.lines).toHaveLength(21);
  expect(open?.lines.at(-1)).toBe('… and 2081 more');
});

test('/runwatch status counts every alert of the day', async () => {
  const deps = { store: own.store, now: () => start + 5000 } as ChatCommandDeps;
  expect(await answerCommand('status', deps)).toMatch(/^2101 alerts in the last day, 2101 of them open/);
});
