import fc from 'fast-check';
import { newAlert } from '../src/alerts/alert';
import { findException, globMatches, matches } from '../src/alerts/exception';
import { ExceptionsFileError, parseExceptions } from '../src/alerts/exceptions-file';
import { type Execution, executionFrom } from '../src/alerts/execution';
import { matchWords } from '../src/alerts/match-words';
import { plainLine } from '../src/alerts/plain-text';
import { redact } from '../src/alerts/redact';
import { actionMatches } from '../src/alerts/roles';
import { card } from '../src/chat/console/pages';
import { readExceptionForm } from '../src/chat/exception-form';
import { messageOf } from '../src/chat/message';
import { toBlocks } from '../src/chat/slack/blocks';
import { toCard } from '../src/chat/teams/card';
import { normalize } from '../src/pipeline/normalize';
import { event } from './support/event';
import { faultsOfBlocks } from './support/slack-blocks';

/** Runs a property; the nightly job asks for more, and a seed plays a failure again. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 300);
const seed = process.env.FUZZ_SEED ? { seed: Number(process.env.FUZZ_SEED) } : {};
const check = <T>(property: fc.IProperty<T>) => fc.assert(property, { numRuns, ...seed });

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.constantFrom(
    '<!channel>',
    '<@U1>',
    '[x](https://evil.example)',
    '<img src=x onerror=alert(1)>',
    '__proto__',
    '\u202Egnp.exe',
    '{{title}}',
    'a'.repeat(5000),
  ),
);

test('a record of any JSON is an event or set aside with a reason, never a crash', () => {
  const record = fc.oneof(
    fc.jsonValue(),
    fc.record({
      operationName: fc.oneof(nasty, fc.record({ value: nasty })),
      eventTimestamp: fc.oneof(nasty, fc.constant('2026-11-20T22:14:26.1234567Z')),
      resourceId: fc.oneof(nasty, fc.constant('/subscriptions/x/resourceGroups/y')),
      claims: fc.oneof(nasty, fc.dictionary(nasty, nasty), fc.jsonValue()),
      authorization: fc.jsonValue(),
      properties: fc.jsonValue(),
    }),
  );
  check(
    fc.property(
      record,
      fc.constantFrom(undefined, 'rest', 'diagnostic', 'log-analytics', 'ecs'),
      (value, shape) => {
        const result = normalize(value, shape as 'rest' | undefined);
        if ('event' in result) expect(typeof result.event.id).toBe('string');
        else expect(result.unreadable.reason).not.toBe('');
      },
    ),
  );
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('a role’s pattern matches what the same pattern as a regular expression matches', () => {
  const part = fc.constantFrom('Microsoft.Compute', 'virtualMachines', '*', 'read', 'action', 'a*b', '');
  const text = fc.array(part, { maxLength: 5 }).map((parts) => parts.join('/'));
  check(
    fc.property(text, text, (pattern, action) => {
      const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*');
      expect(actionMatches(pattern, action)).toBe(new RegExp(`^${escaped}$`, 'i').test(action));
      expect(globMatches(pattern, action)).toBe(new RegExp(`^${escaped}$`, 'i').test(action));
    }),
  );
});

test('redacting again takes out nothing more, and a planted secret is gone wherever it stands', () => {
  const secret = 'AKIAIOSFODNN7EXAMPLE';
  check(
    fc.property(nasty, nasty, (before, after) => {
      const once = redact(`${before} ${secret} ${after}`).text;
      expect(once).not.toContain(secret);
      expect(redact(once).text).toBe(once);
    }),
  );
});

test('a form and a file of anything are read or refused, and what is read can be matched and said', () => {
  const execution = executionFrom(event()) as Execution;
  const values = fc.dictionary(
    fc.constantFrom(
      'caller',
      'target',
      'tag',
      'ip',
      'hours',
      'pattern',
      'technique',
      'reason',
      'owner',
      'expires',
    ),
    nasty,
  );
  check(
    fc.property(values, (given) => {
      const form = readExceptionForm({ reason: 'r', owner: 'o', expires: '2030-01-01', ...given });
      if ('faults' in form) return;
      const { match } = form.input as { match: Parameters<typeof matches>[0] };
      expect(typeof matches(match, execution)).toBe('boolean');
      expect(matchWords(match).length).toBeGreaterThan(0);
    }),
  );
  check(
    fc.property(fc.oneof(nasty, fc.json()), (text) => {
      try {
        expect(findException(parseExceptions(text), execution)).toBeNull();
      } catch (error) {
        expect(error).toBeInstanceOf(ExceptionsFileError);
      }
    }),
  );
});

/** Texts in which Slack looks for mentions and links; a plain_text holds none. */
function mrkdwnOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(mrkdwnOf);
  if (typeof value !== 'object' || value === null) return [];
  const { type, text } = value as { type?: string; text?: unknown };
  if (type === 'mrkdwn') return [String(text)];
  return Object.values(value).flatMap(mrkdwnOf);
}

test('whatever names say, each surface takes the message, and no name becomes markup', () => {
  check(
    fc.property(nasty, nasty, (name, machine) => {
      const caller = { id: null, name, type: 'Unknown' as const, ip: null, appId: null };
      const resourceId = `/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/${machine.replace(/\//g, '') || 'm'}`;
      const execution = executionFrom(event({ caller, resourceId })) as Execution;
      const alert = newAlert('RW-1', [execution], execution.startedAt);
      const model = messageOf(alert, { responders: true, now: 0 });
      expect(faultsOfBlocks(toBlocks(model))).toEqual([]);
      expect(mrkdwnOf(toBlocks(model)).join()).not.toMatch(/<!channel>|<@U1>/);
      expect(JSON.stringify(toCard(model)).length).toBeLessThan(28 * 1024);
      expect(card(model, alert, { csrf: 'x' }).text).not.toContain('<img');
      expect(plainLine(name, 80).length).toBeLessThanOrEqual(160);
    }),
  );
});
