import { toHomeBlocks } from '../../src/chat/slack/home-blocks';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { assign } from '../../src/domain/alerts/transitions';
import type { Presser } from '../../src/domain/people/person';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { answerCommand, type ChatCommandDeps } from '../../src/views/chat-commands';
import { homeFor } from '../../src/views/home';
import { event } from '../support/event';
import { faultsOfBlocks } from '../support/slack-blocks';
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
  const parts = await homeFor(sam, { store: own.store, responders: true, now: start + 5000 });
  const [mine, unassigned] = parts;
  expect(mine?.heading).toBe('My alerts (1)');
  expect(JSON.stringify(mine?.rows)).toContain('RW-MINE');
  expect(unassigned?.heading).toMatch(/^Unassigned, \w+ \(2,100\)$/);
  expect(unassigned?.rows.map(({ line }) => JSON.stringify(line))).toEqual(
    ['RW-2099', 'RW-2098', 'RW-2097'].map((id) => expect.stringContaining(id)),
  );
  expect(unassigned?.more).toBe(2097);
  expect(faultsOfBlocks(toHomeBlocks(parts), 100)).toEqual([]);
});

test('/runwatch status counts every alert of the day', async () => {
  const deps = { store: own.store, now: () => start + 5000 } as ChatCommandDeps;
  expect(await answerCommand('status', deps)).toMatch(/^2,101 alerts in the last day, 2,101 of them open/);
});
