import { newExceptionForm } from '../../../src/actions/triage/exception-form';
import { exceptionsPage } from '../../../src/chat/console/exceptions/exceptions-page';
import { newExceptionHtml } from '../../../src/chat/console/exceptions/new-form';
import { type PreviewDeps, previewOf } from '../../../src/chat/console/exceptions/preview';
import { previewHtml } from '../../../src/chat/console/exceptions/preview-html';
import {
  type ExceptionView,
  exceptionQueryOf,
  exceptionsHref,
} from '../../../src/chat/console/exceptions/query';
import {
  exceptionPageOf,
  exceptionPageSize,
  type UsedException,
} from '../../../src/chat/console/exceptions/read-exceptions';
import { removeForm } from '../../../src/chat/console/exceptions/remove-form';
import { weekBars } from '../../../src/chat/console/exceptions/week-bars';
import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import type { Exception } from '../../../src/domain/exceptions/exception';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

const day = 86_400_000;
const now = Date.parse('2026-11-26T12:00:00Z');
const viewer = { surface: 'console', id: 'alex', name: 'Alex Kim', email: 'alex@contoso.example' };
const hostile = '<img src=x onerror=alert(1)>"\'&';

function used(id: string, days: number, total: number, more: Partial<Exception> = {}): UsedException {
  const expires = new Date(now + days * day).toISOString();
  const exception = { id, match: { caller: id }, reason: 'because', owner: 'sam', expires, ...more };
  return { exception, uses: { total, weeks: [0, total] } };
}
const all = [
  used('old', -3, 0, { owner: 'ALEX@contoso.example' }),
  used('later', 40, 2),
  used('soon', 3, 0, { owner: 'alex@contoso.example' }),
  used('fortnight', 14, 7),
];
const pageOf = (view: ExceptionView, some = all, page = 1) =>
  exceptionPageOf(some, { view, page }, viewer, now);
const htmlOf = (view: ExceptionView, some = all, responders = true) =>
  exceptionsPage(pageOf(view, some), { query: { view, page: 1 }, csrf: 'x', now, responders }).text;

test.each<[ExceptionView, string[]]>([
  ['all', ['soon', 'fortnight', 'later', 'old']],
  ['expiring', ['soon', 'fortnight']],
  ['unused', ['soon']],
  ['mine', ['soon', 'old']],
])('the tab %s, what expires next first and what has expired last', (view, expected) => {
  const list = pageOf(view);
  expect(list.rows.map(({ id }) => id)).toEqual(expected);
  expect(list.counts[view]).toBe(expected.length);
});

test('without an email address, exceptions with the name are mine', () => {
  const { email: _, ...named } = viewer;
  const some = [used('a', 1, 0, { owner: 'Alex Kim' }), used('b', 1, 0)];
  expect(exceptionPageOf(some, { view: 'mine', page: 1 }, named, now).rows.map(({ id }) => id)).toEqual([
    'a',
  ]);
});

test.each([
  [{}, { view: 'all', page: 1 }, '/console/exceptions'],
  [{ view: 'mine', page: '2' }, { view: 'mine', page: 2 }, '/console/exceptions?view=mine&page=2'],
  [{ view: 'constructor', page: '-1' }, { view: 'all', page: 1 }, '/console/exceptions'],
  [{ view: ['mine'], page: '1e99' }, { view: 'all', page: 1 }, '/console/exceptions'],
])('the query %j', (given, query, href) => {
  expect(exceptionQueryOf(given)).toEqual(query);
  expect(exceptionsHref(exceptionQueryOf(given))).toBe(href);
});

test('a page has 50 exceptions, and the next one the rest', () => {
  const many = Array.from({ length: 120 }, (_, i) => used(`ex-${i}`, 1 + i, 0));
  expect(pageOf('all', many).rows).toHaveLength(exceptionPageSize);
  const last = pageOf('all', many, 3);
  expect([last.rows.length, last.from, last.total]).toEqual([20, 100, 120]);
  expect(htmlOf('all', many)).toContain('/console/exceptions?page=2');
  expect(Buffer.byteLength(htmlOf('all', many))).toBeLessThan(120_000);
});

test('no text of an exception becomes markup, and only web links are links', () => {
  const some = [
    used('x', 1, 1, {
      match: { caller: hostile, target: hostile },
      reason: hostile,
      owner: hostile,
      ticket: 'javascript:alert(1)',
      from: { alertId: hostile, closedAs: 'benign', note: hostile },
    }),
  ];
  const [row] = pageOf('all', some).rows;
  if (!row) throw new Error('no row');
  for (const text of [htmlOf('all', some), removeForm(row, { view: 'all', page: 1 }, 'x').text]) {
    expect(text).not.toContain('<img');
    expect(text).not.toContain('javascript:');
  }
});

test('an empty list says why and what to do', () => {
  expect(htmlOf('all', [])).toContain('No exceptions yet');
  expect(htmlOf('mine', [used('a', 1, 1)])).toContain('You own no exceptions.');
  expect(htmlOf('mine', [used('a', 1, 1)])).toContain('See the 1 exception');
  expect(htmlOf('unused', [used('a', 1, 1)])).toContain('Every exception in force has suppressed an alert.');
  expect(htmlOf('all', [], false)).toContain('No responders are configured');
});

test('what has expired can be removed, but not extended', () => {
  const text = htmlOf('all', [used('old', -3, 0)]);
  expect(text).toContain('Expired');
  expect(text).not.toContain('Extend 30 days');
  expect(text).toContain('Remove…');
});

test('matches per week are drawn and told', () => {
  const text = weekBars({ total: 9, weeks: [0, 4, 2] }).text;
  expect(text).toContain('oldest first: 0, 4, 2');
  expect(text).toContain('6 in 3 weeks<br>9 in total');
  expect(text.match(/<rect /g)).toHaveLength(3);
  expect(weekBars({ total: 0, weeks: [0, 0] }).text).toContain('Never used');
});

test('the question before a removal names the exception and its effect', () => {
  const rows = pageOf('all').rows;
  const texts = rows.map((row) => removeForm(row, { view: 'mine', page: 1 }, 'x').text);
  expect(texts[2]).toContain('Remove the exception later?');
  expect(texts[2]).toContain('It suppressed 2 alerts, 2 of them this week.');
  expect(texts[2]).toContain('/console/exceptions/later/remove_exception?view=mine');
  expect(texts[3]).toContain('It has expired, so removing it changes no alerts.');
});

function alertOn(machine: string, more: Partial<Alert> = {}): Alert {
  const resourceId = `/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/${machine}`;
  const execution = executionFrom(event({ resourceId, correlationId: machine })) as Execution;
  return { ...newAlert(`RW-${machine}`, [execution], execution.startedAt), ...more };
}
const alerts = [alertOn('vm-1'), alertOn('vm-2', { severity: 'critical' }), alertOn('web-1')];
const deps: PreviewDeps = { recentAlerts: async () => alerts, maxExceptionDays: 365, now: () => now };
const preview = (values: Record<string, string>) => previewOf(values, viewer, deps);
const previewText = async (values: Record<string, string>) => previewHtml(await preview(values), now).text;

test('the preview is about what is typed', async () => {
  expect(await preview({ target: 'vm-*' })).toMatchObject({
    conditions: 'anything run on vm-*',
    tested: { of: 3, silenced: ['RW-vm-1'], tooCritical: ['RW-vm-2'] },
  });
  const text = await previewText({ target: 'vm-*' });
  expect(text).toContain('<strong class="num">1</strong> of 3 alerts');
  expect(text).toContain('/console/alerts/RW-vm-1');
  expect(text).toContain('1 critical alert matches too and would still be posted.');
  expect(await previewText({ target: 'vm-*', silenceCritical: 'yes' })).toContain('>2</strong>');
  expect(await previewText({ target: 'nothing' })).toContain('>0</strong>');
});

test('the preview ignores fields after the conditions, and says what is wrong with these', async () => {
  expect(await preview({ target: 'vm-1', reason: '', owner: '', ticket: 'x' })).toHaveProperty('tested');
  expect(await previewText({})).toContain('No preview yet: enter at least one condition');
  expect(await previewText({ ip: 'nowhere' })).toContain('No preview yet: invalid value');
});

test('the preview says who must approve it, and what would be refused', async () => {
  expect(await previewText({ technique: 'run-command' })).toContain('A second responder must approve it');
  expect(await previewText({ caller: 'alex@contoso.example', target: 'vm-1' })).toContain(
    'This would be refused: you can’t add an exception for yourself',
  );
  expect(await previewText({ target: 'vm-1', expires: '2020-01-01' })).toContain(
    'choose a future expiry date',
  );
});

test('the form of a new exception shows faults at their fields', () => {
  const fields = newExceptionForm(viewer, now);
  const text = newExceptionHtml(fields, {
    csrf: 'x',
    now,
    preview: null,
    faults: { hours: 'Invalid value' },
  }).text;
  expect(text).toContain('<details open="">');
  expect(text).toMatch(/id="f-hours"[^>]*aria-invalid="true"/);
  expect(text).toContain('alex@contoso.example');
});
