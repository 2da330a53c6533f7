import fc from 'fast-check';
import { findException, globMatches, type Match, matches } from '../../../src/domain/exceptions/exception';
import { ExceptionsFileError, parseExceptions } from '../../../src/domain/exceptions/exceptions-file';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

const execution = executionFrom(
  event({
    caller: {
      id: '7a2b0c41-55ef-4f1b-8a43-6d3a1c0f9e77',
      name: 'patch-bot@contoso.example',
      type: 'User',
      ip: '203.0.113.24',
      appId: 'app-1',
    },
  }),
) as Execution;

test.each<[string, Match, boolean]>([
  ['caller by UPN', { caller: 'PATCH-BOT@contoso.example' }, true],
  [
    'caller by object id, one of a list',
    { caller: ['nobody', '7a2b0c41-55ef-4f1b-8a43-6d3a1c0f9e77'] },
    true,
  ],
  ['caller by app id', { caller: 'app-1' }, true],
  ['another caller', { caller: 'dana@contoso.example' }, false],
  ['target by pattern', { target: 'vm-*' }, true],
  ['target by full id', { target: execution.target.id.toUpperCase() }, true],
  ['one of two conditions does not match', { target: 'vm-*', resourceGroup: 'other' }, false],
  ['technique', { technique: ['run-command', 'vm-extension'] }, true],
  ['subscription', { subscription: '5F3C1A52-7D0E-4F0B-9A64-1D2F6B8E9C01' }, true],
  ['IP address in a range', { ip: '203.0.113.0/24' }, true],
  ['IP address outside all ranges', { ip: ['198.51.100.0/24', '2001:db8::/32'] }, false],
  [
    'hours: friday 22:14 UTC is 23:14 in Berlin',
    { hours: { days: 'mon-fri', from: '23:00', to: '24:00', zone: 'Europe/Berlin' } },
    true,
  ],
  [
    'hours past midnight belong to the day they start',
    { hours: { days: 'fri', from: '22:00', to: '02:00' } },
    true,
  ],
  ['hours on another day', { hours: { days: 'sat' } }, false],
  ['a tag that is not known yet', { tag: { env: 'dev' } }, false],
  ['no condition', {}, false],
])('%s', (_, match, wanted) => {
  expect(matches(match, execution)).toBe(wanted);
});

test('tags and scripts match once they are known', () => {
  expect(matches({ tag: { ENV: ['dev', 'test'] } }, execution, { tags: { env: 'Test' } })).toBe(true);
  const script = { sha256: 'a'.repeat(64), text: 'apt-get update' };
  expect(matches({ script: { pattern: '^apt-get (update|upgrade)' } }, execution, { script })).toBe(true);
  expect(matches({ script: { sha256: 'b'.repeat(64) } }, execution, { script })).toBe(false);
});

test('a pattern that would hang a backtracking engine finishes quickly', () => {
  const script = { sha256: 'a'.repeat(64), text: `${'a'.repeat(50_000)}!` };
  const startMs = Date.now();
  expect(matches({ script: { pattern: '^(a+)+$' } }, execution, { script })).toBe(false);
  expect(Date.now() - startMs).toBeLessThan(5000);
});

test('* matches any text, like a simple reference implementation', () => {
  const letters = fc.array(fc.constantFrom('a', 'b', '*', '.'), { maxLength: 8 }).map((all) => all.join(''));
  fc.assert(
    fc.property(letters, letters, (pattern, text) => {
      const plain = new RegExp(
        `^${pattern
          .split('*')
          .map((part) => part.replace(/\./g, '\\.'))
          .join('.*')}$`,
        's',
      );
      return globMatches(pattern, text) === plain.test(text);
    }),
    { numRuns: 5000 },
  );
});

const yaml = (fields: string) =>
  `exceptions:\n  - id: x\n    match: {caller: patch-bot@contoso.example}\n${fields}`;

test('an exception is checked at the time of the execution, to the minute', () => {
  const at = (expires: string) =>
    findException(parseExceptions(yaml(`    reason: r\n    owner: o\n    expires: ${expires}\n`)), execution)
      ?.id ?? null;
  expect(at('2026-11-20')).toBe('x');
  expect(at('2026-11-19')).toBeNull();
  expect(at('"2026-11-20T22:14:00Z"')).toBeNull();
  expect(at('"2026-11-20T22:15:00Z"')).toBe('x');
});

test.each([
  ['    reason: r\n    owner: o\n', /:2:.*expires is missing/],
  ['    owner: o\n    expires: 2027-01-01\n', /:2:.*reason is missing/],
  ['    reason: r\n    expires: 2027-01-01\n', /:2:.*owner is missing/],
  ['    reason: ""\n    owner: o\n    expires: 2027-01-01\n', /:4:.*reason is empty/],
  ['    reason: r\n    owner: o\n    expires: soon\n', /:6:.*expires/],
  ['    reason: r\n    owner: o\n    expires: 2027-01-01\n    colour: red\n', /unknown: colour/],
])('rejects %j and reports the line', (fields, wanted) => {
  expect(() => parseExceptions(yaml(fields), 'f.yaml')).toThrow(wanted);
});

test('an empty match is rejected', () => {
  const text = 'exceptions:\n  - match: {}\n    reason: r\n    owner: o\n    expires: 2027-01-01\n';
  expect(() => parseExceptions(text)).toThrow(/:2:.*match.*empty/);
});

test('invalid YAML is reported with its line', () => {
  try {
    parseExceptions('exceptions:\n  - id: [x\n');
    throw new Error('was accepted');
  } catch (error) {
    expect(error).toBeInstanceOf(ExceptionsFileError);
    expect((error as ExceptionsFileError).faults[0]?.line).toBeGreaterThanOrEqual(2);
  }
});
