import type { Inline } from '../../src/chat/inline';
import { messageOf } from '../../src/chat/message';
import { overdueText, responseTimes } from '../../src/chat/response-times';
import { toBlocks } from '../../src/chat/slack/blocks';
import { toThreadBlocks } from '../../src/chat/slack/thread-blocks';
import { toCard } from '../../src/chat/teams/card';
import { toThreadCard } from '../../src/chat/teams/thread-card';
import { type Alert, newAlert, type StateName } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { pageTextOf } from '../support/alert-page';
import { untouched } from '../support/alerts';
import { event } from '../support/event';

const raised = Date.parse('2026-11-20T22:00:00.000Z');
const after = (minutes: number) => raised + minutes * 60_000;
const by = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' } as const;
const sla = { critical: { acknowledge: 5, contain: 30, close: 480 } };

/** An alert with these states after these minutes. */
const alert = (...changes: [StateName, number][]): Alert => ({
  ...newAlert('RW-1', [executionFrom(event()) as Execution], new Date(raised).toISOString()),
  announced: true,
  severity: 'critical',
  state: changes.at(-1)?.[0] ?? 'new',
  history: changes.map(([to, minutes]) => ({ to, by, at: new Date(after(minutes)).toISOString() })),
});
const words = (line: readonly Inline[]) =>
  line
    .map((part) => (typeof part === 'string' ? part : 'time' in part ? part.time.slice(11, 16) : '?'))
    .join('');

test.each<[Alert, number, string[]]>([
  [
    alert(),
    1,
    [
      'Acknowledgment due 22:05 (target 5 min)',
      'Containment due 22:30 (target 30 min)',
      'Closure due 06:00 (target 8 h)',
    ],
  ],
  [
    alert(),
    40,
    [
      'Acknowledgment overdue since 22:05 (target 5 min)',
      'Containment overdue since 22:30 (target 30 min)',
      'Closure due 06:00 (target 8 h)',
    ],
  ],
  [
    alert(['acknowledged', 4], ['contained', 40]),
    50,
    [
      'Acknowledged after 4 min (target 5 min)',
      'Contained after 40 min, 10 min late (target 30 min)',
      'Closure due 06:00 (target 8 h)',
    ],
  ],
  [
    alert(['closed', 7]),
    500,
    ['Acknowledged after 7 min, 2 min late (target 5 min)', 'Closed after 7 min (target 8 h)'],
  ],
  [{ ...alert(), announced: false }, 40, []],
])('the lines of %# after %d minutes', (one, now, lines) => {
  expect(responseTimes(one, sla, after(now)).map(words)).toEqual(lines);
});

test('without targets, the lines have only what happened', () => {
  expect(responseTimes(alert(), {}, after(9))).toEqual([]);
  expect(responseTimes(alert(['acknowledged', 4]), {}, after(9))).toEqual([['Acknowledged after 4 min']]);
});

test.each<[Alert, number, string]>([
  [alert(), 4, ''],
  [alert(), 40, 'Acknowledgment overdue since 22:05'],
  [alert(['acknowledged', 9]), 40, 'Containment overdue since 22:30'],
  [alert(['contained', 9]), 500, 'Closure overdue since 06:00'],
  [alert(['closed', 600]), 700, ''],
  [{ ...alert(), announced: false }, 40, ''],
])('the first overdue step of %# after %d minutes: %s', (one, now, text) => {
  expect(words(overdueText(one, sla, after(now)))).toBe(text);
});

test('every surface shows a missed target in the message, and the times in the thread', () => {
  const modelAt = (minutes: number) =>
    messageOf(untouched(alert()), { responders: true, now: after(minutes), sla });
  const shownAt = (minutes: number) => [
    JSON.stringify(toBlocks(modelAt(minutes))),
    JSON.stringify(toCard(modelAt(minutes))),
  ];
  for (const text of shownAt(4)) expect(text).not.toMatch(/overdue|due /);
  const [slack, teams] = shownAt(6);
  expect(slack).toMatch(/Acknowledgment overdue since <!date\^/);
  expect(teams).toMatch(/Acknowledgment overdue since \{\{DATE/);
  const thread = modelAt(6).thread();
  for (const text of [
    JSON.stringify(toThreadBlocks(thread)),
    JSON.stringify(toThreadCard('RW-1.thread', thread)),
  ]) {
    expect(text).toContain('Response time');
    expect(text).toContain('Containment due ');
  }
  expect(pageTextOf(untouched(alert()), { now: after(6), sla })).toContain('Containment due ');
});
