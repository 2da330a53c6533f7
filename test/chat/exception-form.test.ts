import { exceptionForm, readExceptionForm } from '../../src/actions/triage/exception-form';
import { newAlert } from '../../src/domain/alerts/alert';
import { parseExceptions } from '../../src/domain/exceptions/exceptions-file';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { event } from '../support/event';

const execution = executionFrom(event()) as Execution;
const fields = exceptionForm(
  newAlert('RW-1', [execution], execution.startedAt),
  { surface: 'slack', id: 'U1', name: 'Sam', email: 'sam@contoso.example' },
  Date.parse('2026-11-24T12:00:00Z'),
);
const untouched = Object.fromEntries(fields.map((field) => [field.id, field.value]));
const nothing = { ...untouched, caller: '', target: '' };

test('the unchanged form excepts this caller on this machine for 30 days', () => {
  expect(readExceptionForm(untouched)).toEqual({
    input: {
      match: { caller: 'dana', target: 'vm-1' },
      reason: 'Reviewed in RW-1: expected',
      owner: 'sam@contoso.example',
      expires: '2026-12-24',
    },
  });
});

test.each<[string, Record<string, string>, Record<string, unknown>]>([
  ['callers', { caller: 'a@x.example, b@x.example' }, { caller: ['a@x.example', 'b@x.example'] }],
  ['a resource group', { resourceGroup: 'rg-web' }, { resourceGroup: 'rg-web' }],
  ['tags', { tag: 'env=dev,test; team=web' }, { tag: { env: ['dev', 'test'], team: ['web'] } }],
  ['a technique', { technique: 'run-command' }, { technique: 'run-command' }],
  ['a script', { script: 'a'.repeat(64) }, { script: { sha256: 'a'.repeat(64) } }],
  ['a pattern', { pattern: '^apt-get' }, { script: { pattern: '^apt-get' } }],
  ['addresses', { ip: '203.0.113.0/24, 2001:db8::/32' }, { ip: ['203.0.113.0/24', '2001:db8::/32'] }],
  [
    'hours',
    { caller: 'a', hours: 'mon-fri 01:00-03:00 Europe/Berlin' },
    { caller: 'a', hours: { days: 'mon-fri', from: '01:00', to: '03:00', zone: 'Europe/Berlin' } },
  ],
  ['hours without a zone', { hours: '22:00-06:00' }, { hours: { from: '22:00', to: '06:00' } }],
])('matches %s', (_, changes, match) => {
  expect(readExceptionForm({ ...nothing, ...changes })).toMatchObject({ input: { match } });
});

test.each<[string, Record<string, string>, string]>([
  ['no condition', {}, 'caller'],
  ['an invalid pattern', { pattern: '(' }, 'pattern'],
  ['an invalid IP range', { ip: '203.0.113.0/99' }, 'ip'],
  ['invalid hours', { hours: 'noon' }, 'hours'],
  ['an invalid time zone', { hours: '01:00-02:00 Mars/Olympus' }, 'hours'],
  ['a tag without a value', { tag: 'env' }, 'tag'],
  ['no reason', { caller: 'a', reason: '' }, 'reason'],
  ['a ticket that is not a link', { caller: 'a', ticket: 'javascript:alert(1)' }, 'ticket'],
])('%s is reported at its field', (_, changes, field) => {
  expect(Object.keys((readExceptionForm({ ...nothing, ...changes }) as { faults: object }).faults)).toEqual([
    field,
  ]);
});

test('the exceptions file accepts what the form produces', () => {
  const form = readExceptionForm({ ...untouched, tag: 'env=dev', silenceCritical: 'yes' });
  const [read] = parseExceptions(JSON.stringify({ exceptions: [(form as { input: object }).input] }));
  expect(read).toMatchObject({ match: { tag: { env: ['dev'] } }, silenceCritical: true });
});

test('the form says that a script which Azure does not log can’t match, and what can', () => {
  const hints = fields.filter(({ id }) => id === 'script' || id === 'pattern').map(({ hint }) => hint);
  const told = expect.stringMatching(/^Azure doesn't log this script, so this can't match\. Use the caller/);
  expect(hints).toEqual([told, told]);
  const managed = executionFrom(
    event({ operation: 'Microsoft.Compute/virtualMachines/runCommands/write' }),
  ) as Execution;
  const others = exceptionForm(
    newAlert('RW-2', [managed], managed.startedAt),
    { surface: 'slack', id: 'U1', name: 'Sam' },
    0,
  );
  expect(others.find(({ id }) => id === 'pattern')?.hint).toContain('RE2');
});
