import { newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { createSuggestions } from '../../src/views/suggestions';
import { event, vm } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const start = Date.parse('2026-11-20T22:00:00.000Z');
const longGroup = 'g'.repeat(90);
let own: OwnStore;

const execution = (i: number, machine: string, name = `caller-${i}`) =>
  executionFrom(
    event({
      correlationId: `c${i}`,
      time: new Date(start + i * 1000).toISOString(),
      resourceId: `${vm.slice(0, vm.lastIndexOf('/'))}/${machine}`.replace('/rg/', `/${longGroup}/`),
      caller: { id: `id-${i}`, name, upn: null, type: 'User', ip: null, appId: null },
    }),
  ) as Execution;

beforeAll(async () => {
  own = await startStore(['slack']);
  const executions = Array.from({ length: 150 }, (_, i) => execution(i, `vm-${i}`));
  executions.push(execution(150, 'vm-emoji', '👍🏽'.repeat(60)));
  await own.store.history.note(executions, start);
  await Promise.all(
    executions.map((one, i) =>
      own.store.alerts.update(`RW-${i}`, () => ({
        alert: { ...newAlert(`RW-${i}`, [one], new Date(start + i).toISOString()), announced: true },
      })),
    ),
  );
});
afterAll(() => own.stop());

const suggestions = () => createSuggestions({ store: own.store, now: () => start + 200_000 });

test.each(['caller', 'scope', 'alert'] as const)(
  '%s: at most 100 options within Slack’s lengths',
  async (kind) => {
    const options = await suggestions().suggest(kind, '');
    expect(options).toHaveLength(100);
    expect(new Set(options.map(({ value }) => value)).size).toBe(100);
    for (const { value, text } of options) {
      expect(value.length).toBeLessThanOrEqual(150);
      expect(text.length).toBeLessThanOrEqual(75);
    }
  },
);

test('typing reaches what is not among the first 100, by every word', async () => {
  const { suggest } = suggestions();
  expect(await suggest('caller', 'CALLER-7')).toContainEqual({ value: 'id-7', text: 'caller-7 · id-7' });
  expect((await suggest('alert', 'vm-3 caller-3')).map(({ value }) => value)).toContain('RW-3');
  expect((await suggest('alert', ' rw-0 ')).map(({ value }) => value)[0]).toBe('RW-0');
  expect(await suggest('alert', 'nothing like it')).toEqual([]);
});

test('a text is cut between visible characters', async () => {
  const [option] = await suggestions().suggest('caller', 'id-150');
  expect(option?.text).toMatch(/^(👍🏽)+…$/u);
});

test('a machine’s option leads back to its id, however long', async () => {
  const { suggest, scopeOf } = suggestions();
  const [option] = await suggest('scope', 'vm-42');
  expect(option?.text).toContain('vm-42');
  expect(await scopeOf(option?.value ?? '')).toMatch(new RegExp(`${longGroup}/.*/vm-42$`));
  expect(await scopeOf('UNKNOWN')).toBeNull();
});
