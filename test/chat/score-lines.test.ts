import { messageOf } from '../../src/chat/message';
import { toBlocks } from '../../src/chat/slack/blocks';
import { toThreadBlocks } from '../../src/chat/slack/thread-blocks';
import { toThreadCard } from '../../src/chat/teams/thread-card';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import type { ReasonChange, ScoreChange } from '../../src/domain/alerts/severity';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { pageTextOf } from '../support/alert-page';
import { untouched } from '../support/alerts';
import { event } from '../support/event';

const at = '2026-11-20T22:10:00.000Z';
const added: ReasonChange = { id: 'newAddress', kind: 'added', text: 'new IP address', points: 8 };
const within: ScoreChange = {
  at,
  from: { score: 47, severity: 'medium' },
  to: { score: 55, severity: 'medium' },
  reasons: [
    added,
    { id: 'test', kind: 'removed', text: 'test environment', points: 20 },
    { id: 'burst', kind: 'changed', was: '12 machines', text: '30 machines', points: 0 },
  ],
};
const alert: Alert = {
  ...newAlert('RW-1', [executionFrom(event()) as Execution], at),
  scoreChanges: [within],
};
const modelOf = (one: Alert) => messageOf(untouched(one), { responders: true, now: Date.parse(at) });
const changesOf = (one: Alert) =>
  modelOf(one)
    .thread()
    .find(({ heading }) => heading === 'Score changes')
    ?.lines.map((line) => line.filter((part) => typeof part === 'string').join(''));

test('the thread says how the score changed after the alert was shown, on every surface', () => {
  const text =
    ' · 47 → 55 · added: new IP address (+8) · removed: test environment (+20) · was 12 machines, now 30 machines';
  expect(changesOf(alert)).toEqual([text]);
  const thread = modelOf(alert).thread();
  for (const shown of [
    JSON.stringify(toThreadBlocks(thread)),
    JSON.stringify(toThreadCard('RW-1.thread', thread)).replace(/\\\\/g, ''),
  ])
    for (const part of ['Score changes', 'was 12 machines, now 30 machines']) expect(shown).toContain(part);
  expect(pageTextOf(untouched(alert))).toContain('was 12 machines, now 30 machines');
});

test('without changes there is no such part', () => {
  expect(changesOf({ ...alert, scoreChanges: [] })).toBeUndefined();
});

test.each<[Partial<ScoreChange>, string]>([
  [{ to: { score: 90, severity: 'critical' } }, ' · 47 → 90, medium → critical · added: new IP address (+8)'],
  [{ to: { score: 47, severity: 'medium' } }, ' · still 47 · added: new IP address (+8)'],
  [
    { from: { score: null, severity: 'low' }, to: { score: null, severity: 'high' } },
    ' · low → high · added: new IP address (+8)',
  ],
])('the line of a change: %#', (fields, line) => {
  expect(changesOf({ ...alert, scoreChanges: [{ ...within, reasons: [added], ...fields }] })).toEqual([line]);
});

test('many changes and reasons are cut', () => {
  const reasons = Array.from({ length: 7 }, (_, i) => ({ ...added, id: `r${i}` }));
  const lines = changesOf({ ...alert, scoreChanges: Array(20).fill({ ...within, reasons }) });
  expect(lines).toHaveLength(10);
  expect(lines?.[0]).toMatch(/ · 2 more reasons$/);
});

test('the message itself says a change of severity in one line, and no other change', () => {
  const status = (one: Alert) => JSON.stringify(modelOf(one).status);
  expect(modelOf(alert).status).toEqual([]);
  const raised = { ...within, to: { score: 90, severity: 'critical' as const } };
  expect(modelOf({ ...alert, scoreChanges: [raised, within] }).status).toHaveLength(1);
  expect(status({ ...alert, scoreChanges: [raised, within] })).toContain('raised from medium to critical');
  expect(JSON.stringify(toBlocks(modelOf(alert)))).not.toContain('30 machines');
});
