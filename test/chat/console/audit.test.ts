import { Writable } from 'node:stream';
import type { Response } from 'express';
import type { ActionId } from '../../../src/actions/action';
import { actionName } from '../../../src/chat/console/audit/action-names';
import { objectOf } from '../../../src/chat/console/audit/audit-object';
import { auditPage } from '../../../src/chat/console/audit/audit-page';
import { auditHrefOf, auditQueryOf } from '../../../src/chat/console/audit/query';
import { findEntries, pageSize } from '../../../src/chat/console/audit/read-entries';
import { maxLines, sendCsv } from '../../../src/chat/console/audit/send-csv';
import type { AuditDraft, AuditEntry } from '../../../src/domain/audit/audit-chain';
import type { ChainState } from '../../../src/domain/audit/chain-check';
import { maxSearched } from '../../../src/domain/audit/search-entries';
import { connect } from '../../../src/store/redis/connect';
import { type OwnStore, startStore } from '../../support/store';

let own: OwnStore;
beforeEach(async () => {
  own = await startStore();
});
afterEach(() => own.stop());

const start = Date.parse('2026-11-01T00:00:00Z');
const draft = (number: number, more: Partial<AuditDraft> = {}): AuditDraft => ({
  at: new Date(start + number * 60_000).toISOString(),
  by: { surface: 'slack', id: 'U1', name: 'Sam Ito', email: 'sam@contoso.example' },
  action: 'acknowledge',
  alertId: 'RW-1',
  object: null,
  result: 'done',
  why: null,
  ...more,
});
/** Adds entries as if they had been stored at their own times. */
async function add(drafts: readonly AuditDraft[]): Promise<void> {
  const redis = connect(own.address);
  const batch = redis.pipeline();
  for (const [i, one] of drafts.entries())
    batch.xadd(
      '{runwatch}:audit',
      `${Date.parse(one.at)}-${i + 1}`,
      'entry',
      JSON.stringify({ ...one, sequence: i + 1, hash: 'h' }),
    );
  await batch.exec();
  redis.disconnect();
}
const find = (given: Record<string, string> = {}) =>
  findEntries(auditQueryOf(given), { entriesBefore: own.store.audit.before });
const sequences = (rows: { entry: AuditEntry | null }[]) => rows.map(({ entry }) => entry?.sequence);

test('pages go from the newest entry to the oldest, without gaps or repeats', async () => {
  await add(Array.from({ length: 2 * pageSize + 3 }, (_, i) => draft(i)));
  const seen: (number | undefined)[] = [];
  let before = '';
  for (let page = 0; page < 3; page++) {
    const { rows, next } = await find({ before });
    seen.push(...sequences(rows));
    before = next ?? '';
  }
  expect(before).toBe('');
  expect(seen).toEqual(Array.from({ length: 2 * pageSize + 3 }, (_, i) => 2 * pageSize + 3 - i));
});

test.each<[Record<string, string>, number[]]>([
  [{ person: 'SAM@contoso' }, [5, 2, 1]],
  [{ person: 'lee' }, [4, 3]],
  [{ result: 'refused' }, [3]],
  [{ alert: 'rw-2' }, [4, 2]],
  [{ action: 'put_exception' }, [2]],
  [{ from: '2026-11-01T00:03' }, [5, 4]],
  [{ to: '2026-11-01T00:01' }, [2, 1]],
  [{ from: '2026-11-01T00:01', to: '2026-11-01T00:02' }, [3, 2]],
  [{ person: 'sam', alert: 'RW-2', result: 'done' }, [2]],
])('%j shows the entries %j', async (given, expected) => {
  const lee = { surface: 'console', id: 'lee', name: 'Lee Okafor' };
  await add([
    draft(0),
    draft(1, { alertId: 'RW-2', action: 'add_exception' }),
    draft(2, { by: lee, result: 'refused' }),
    draft(3, { by: lee, alertId: 'RW-2' }),
    draft(4),
  ]);
  expect(sequences((await find(given)).rows)).toEqual(expected);
});

test('a filter that matches little searches a bounded part of a long log, and says how far', async () => {
  await add(
    Array.from({ length: maxSearched + 500 }, (_, i) => draft(i, i === 0 ? { alertId: 'RW-9' } : {})),
  );
  const first = await find({ alert: 'RW-9' });
  expect(first).toMatchObject({ rows: [], searchedTo: '2026-11-01T08:20:00.000Z' });
  const second = await find({ alert: 'RW-9', before: first.next as string });
  expect(sequences(second.rows)).toEqual([1]);
  expect(second).toMatchObject({ next: null, searchedTo: null });
});

test('an entry that something else wrote is shown as such, and does not break the page', async () => {
  await add([draft(0)]);
  const redis = connect(own.address);
  for (const text of ['not JSON', '{"at":1}', 'null'])
    await redis.xadd('{runwatch}:audit', '*', 'entry', text);
  redis.disconnect();
  const found = await find();
  expect(sequences(found.rows)).toEqual([undefined, undefined, undefined, 1]);
  expect(pageOf(found).match(/can’t be read/g)).toHaveLength(3);
});

const chain: ChainState = { last: null, running: null, newest: 0 };
const pageOf = (found: Awaited<ReturnType<typeof find>>, state = chain, given = {}) =>
  auditPage({ query: auditQueryOf(given), found, names: new Map(), chain: state, csrf: '' }).text;
const none = { rows: [], next: null, searchedTo: null };

test('the query survives its address, and what can’t be understood is dropped', () => {
  const given = {
    person: 'a&b',
    action: 'isolate',
    result: 'failed',
    alert: 'RW-1',
    from: '2026-11-01T00:03',
    to: '2026-11-02T00:03',
    before: '12-3',
  };
  const href = auditHrefOf(auditQueryOf(given), { cursor: '12-3' });
  expect(Object.fromEntries(new URLSearchParams(href.split('?')[1]))).toEqual(given);
  const wrong = {
    result: 'x',
    from: 'yesterday',
    to: '2026-99-99T00:00',
    before: '+',
    person: ['a'],
    action: {},
  };
  expect(auditHrefOf(auditQueryOf(wrong))).toBe('/console/audit');
});

test('the chain’s state is what was checked, and nothing more', () => {
  const at = '2026-11-26T08:00:00.000Z';
  const last = {
    at,
    entries: 412,
    sequence: 412,
    archived: 0,
    anchor: { sequence: 412, hash: '', at },
    fault: null,
  };
  expect(pageOf(none)).toContain('Not checked yet.');
  const verified = pageOf(none, { ...chain, last, newest: 415 });
  expect(verified).toContain(
    'Complete and unchanged up to entry 412, checked at Nov 26, 2026, 08:00:00 UTC.',
  );
  expect(verified).toContain('3 newer entries have not been checked yet.');
  const fault = { sequence: 57, at, why: 'its signature is invalid' };
  const broken = pageOf(none, { ...chain, last: { ...last, entries: 56, fault }, newest: 415 });
  expect(broken).toMatch(/role="alert".*The audit log is broken at entry 57/s);
  expect(broken).toContain('its signature is invalid');
  expect(broken).not.toContain('unchanged');
  const running = pageOf(none, { ...chain, last: { ...last, fault }, running: { entries: 200, of: 900 } });
  expect(running).toContain('200 of 900 entries so far.');
  expect(running).toContain('broken at entry 57');
});

test('an empty page says why it is empty', () => {
  expect(pageOf(none)).toContain('No entries yet.');
  expect(pageOf(none, chain, { person: 'x' })).toContain('No entries match.');
  expect(
    pageOf({ rows: [], next: '1-1', searchedTo: '2026-11-01T08:20:00.000Z' }, chain, { person: 'x' }),
  ).toContain('No match back to Nov 1, 2026, 08:20:00 UTC.');
});

test.each<[ActionId, string]>([
  ['add_exception', 'Add exception'],
  ['isolation.drift', 'Isolate: manual change'],
  ['sign in', 'Sign in'],
  ['of_a_later_version', 'of_a_later_version'],
])('the action %s is called %s', (id, name) => {
  expect(actionName(id)).toBe(name);
});

const vm =
  '/subscriptions/5f3c0000-0000-4000-8000-000000000000/resourceGroups/rg-pay/providers/Microsoft.Compute/virtualMachines/vm-pay-01';
const assignment =
  '/subscriptions/5f3c0000-0000-4000-8000-000000000000/providers/Microsoft.Authorization/roleAssignments/7d00';
test.each<[Partial<AuditDraft>, string | undefined, unknown]>([
  [{ object: vm }, undefined, { kind: 'Machine', name: 'vm-pay-01', id: vm }],
  [
    { object: assignment, action: 'revoke_role' },
    'Contributor at rg-pay',
    { kind: 'Role assignment', name: 'Contributor at rg-pay', id: assignment },
  ],
  [
    { object: 'EXC-1', action: 'add_exception', details: { exception: { match: { target: 'vm-*' } } } },
    undefined,
    { kind: 'Exception', name: 'anything run on vm-*', id: 'EXC-1' },
  ],
  [
    { object: '11', action: 'disable_caller' },
    'Dana Reyes',
    { kind: 'Account', name: 'Dana Reyes', id: '11' },
  ],
  [{ object: '11', action: 'disable_caller' }, undefined, { kind: 'Account', name: '11', id: null }],
  [{ object: null }, undefined, null],
])('the object of %j is named', (more, named, expected) => {
  expect(objectOf(draft(0, more) as AuditEntry, named)).toEqual(expected);
});

/** What a browser downloads. */
async function download(given: Record<string, string> = {}): Promise<string[]> {
  let text = '';
  const response = Object.assign(
    new Writable({
      highWaterMark: 1000,
      write: (chunk, _encoding, done) => {
        text += chunk;
        setImmediate(done);
      },
    }),
    { type: () => response, set: () => response },
  );
  await sendCsv(
    auditQueryOf(given),
    { entriesBefore: own.store.audit.before, namesOf: own.store.measures.namesOf },
    response as unknown as Response,
  );
  return text.replace('\uFEFF', '').trim().split('\r\n');
}

test('the CSV has what is filtered, and no cell that a spreadsheet would run', async () => {
  await add([
    draft(0, {
      why: '=HYPERLINK("https://evil.example")',
      by: { surface: 'slack', id: 'U1', name: '@SUM(1)' },
    }),
    draft(1, { why: '+1', object: '-2' }),
    draft(2, { alertId: 'RW-2' }),
  ]);
  const lines = await download({ alert: 'RW-1' });
  expect(lines).toHaveLength(3);
  expect(lines[0]).toContain('"sequence","at","who"');
  expect(lines[1]).toMatch(/"'-2".*"'\+1"/);
  expect(lines[2]).toContain('"\'@SUM(1)"');
  expect(lines[2]).toContain('"\'=HYPERLINK(""https://evil.example"")"');
});

test('the CSV of a long log is cut, and its last line says so', async () => {
  await add(Array.from({ length: maxLines + 2 }, (_, i) => draft(i)));
  const lines = await download();
  expect(lines).toHaveLength(1 + maxLines + 1);
  expect(lines.at(-1)).toContain('Cut off after 50,000 entries.');
}, 60_000);
