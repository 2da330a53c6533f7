import { newAlert } from '../../../src/domain/alerts/alert';
import type { AuditEntry } from '../../../src/domain/audit/audit-chain';
import { type AlertSource, alertsTable } from '../../../src/domain/sentinel/alerts-table';
import { auditTable } from '../../../src/domain/sentinel/audit-table';
import { coreJson, generatedAt, rowJson } from '../../../src/domain/sentinel/sentinel-table';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { hideSecrets } from '../../../src/domain/text/redactor';
import { factsAbout } from '../../support/alerts';
import { event, vm } from '../../support/event';

const hour = 3_600_000;
const raisedAt = '2026-11-26T12:00:00.000Z';
const now = Date.parse(raisedAt) + hour;
const execution = executionFrom(event({ requestBody: '{"script":["secret"]}' })) as Execution;
const sourceOf = (script: string | null = null): AlertSource => ({
  alert: {
    ...newAlert('RW-1', [execution], raisedAt),
    rev: 7,
    state: 'acknowledged',
    history: [
      { to: 'acknowledged', by: { surface: 'slack', id: 'U1', name: 'Sam' }, at: '2026-11-26T12:05:00.000Z' },
    ],
    facts: factsAbout(execution, {
      script: { text: script, sha256: 'ab', parameters: [], runAs: null, redacted: [], traits: [] },
    }),
  },
  change: 'alert.changed',
  changeId: '1-0',
  at: now - 1000,
  link: 'https://runwatch.example/console/alerts/RW-1',
  now,
});
const row = (source: AlertSource) => JSON.parse(rowJson(alertsTable, source));

test('a row has the alert as it is now, and no column that is empty', () => {
  const sent = row(sourceOf('id'));
  expect(sent).toMatchObject({
    TimeGenerated: new Date(now - 1000).toISOString(),
    AlertId: 'RW-1',
    Rev: 7,
    ChangeId: '1-0',
    State: 'acknowledged',
    AcknowledgedAt: '2026-11-26T12:05:00.000Z',
    Technique: 'run-command',
    Machines: [vm],
    MachineCount: 1,
    Script: 'id',
    ScriptSha256: 'ab',
  });
  for (const absent of ['ClosedAt', 'ClosedAs', 'Assignee', 'Note', 'CallerIp'])
    expect(sent).not.toHaveProperty(absent);
});

test('what the log has of a script before secrets were redacted is not sent', () => {
  expect(rowJson(alertsTable, sourceOf('id'))).not.toContain('secret');
});

test('our own secrets are removed, also where a script has them', () => {
  hideSecrets(['xoxb-the-"token"-of-the-bot']);
  const sent = row(sourceOf('curl -H "xoxb-the-"token"-of-the-bot"'));
  expect(sent.Script).toBe('curl -H "[redacted]"');
});

test('a field is cut below 64 KB between characters, and says so', () => {
  const sent = row(sourceOf('é'.repeat(40_000)));
  expect(Buffer.byteLength(sent.Script)).toBeLessThan(64 * 1024);
  expect(sent.Script).toMatch(/^é+… \[cut, 80000 bytes\]$/);
});

test.each([
  ['an hour ago', -hour, -hour],
  ['46 hours ago', -46 * hour, -46 * hour],
  ['three days ago, which Azure would replace', -72 * hour, 0],
  ['later than now', hour, 0],
  ['at no valid time', Number.NaN, 0],
])('TimeGenerated of what happened %s', (_, ago, expected) => {
  expect(generatedAt(now + ago, now)).toBe(new Date(now + expected).toISOString());
});

test('the true time of an old change stays', () => {
  const at = now - 72 * hour;
  expect(row({ ...sourceOf(), at })).toMatchObject({
    TimeGenerated: new Date(now).toISOString(),
    ChangedAt: new Date(at).toISOString(),
  });
});

const entry: AuditEntry = {
  at: raisedAt,
  by: { surface: 'slack', id: 'U1', name: 'Sam', email: 'sam@contoso.example' },
  action: 'isolate',
  alertId: 'RW-1',
  object: vm,
  result: 'done',
  why: null,
  details: { step: 'é'.repeat(40_000) },
  sequence: 9,
  prev: 'a',
  hash: 'b',
  key: 'k',
  signature: 's',
};

test('an audit entry has its number and hash; long details are replaced by their size', () => {
  expect(JSON.parse(rowJson(auditTable, { entry, now }))).toMatchObject({
    At: raisedAt,
    Sequence: 9,
    Hash: 'b',
    Prev: 'a',
    ActorName: 'Sam',
    Action: 'isolate',
    Details: { cut: '80011 bytes' },
  });
});

test('a reduced row has its ids, times and the reason only', () => {
  const { TimeGenerated: _, ...audit } = JSON.parse(coreJson(auditTable, { entry, now }, 'HTTP 400'));
  expect(audit).toEqual({ At: raisedAt, Sequence: 9, Hash: 'b', Prev: 'a', Note: 'HTTP 400' });
  expect(Object.keys(JSON.parse(coreJson(alertsTable, sourceOf(), 'x')))).toEqual([
    ...alertsTable.core,
    'Note',
  ]);
});
