import fc from 'fast-check';
import { readExceptionForm } from '../src/actions/triage/exception-form';
import { listPage } from '../src/chat/console/alerts/list-page';
import { hrefOf, queryOf } from '../src/chat/console/alerts/query';
import { messageOf } from '../src/chat/message';
import { toBlocks } from '../src/chat/slack/blocks';
import { toCard } from '../src/chat/teams/card';
import { actionMatches } from '../src/domain/access/role-permissions';
import type { BrokenFileError } from '../src/domain/activity/broken-file';
import { normalize, shapeById } from '../src/domain/activity/read-record';
import { splitRecords } from '../src/domain/activity/split-records';
import { newAlert } from '../src/domain/alerts/alert';
import { findException, globMatches, matches } from '../src/domain/exceptions/exception';
import { ExceptionsFileError, parseExceptions } from '../src/domain/exceptions/exceptions-file';
import { matchWords } from '../src/domain/exceptions/match-words';
import { type Execution, executionFrom } from '../src/domain/techniques/execution';
import { plainLine } from '../src/domain/text/plain-text';
import { redact } from '../src/domain/text/redact';
import { pageWith } from './support/alert-list';
import { pageTextOf } from './support/alert-page';
import { untouched } from './support/alerts';
import { event } from './support/event';
import { fuzz, fuzzAsync } from './support/fuzz';
import { faultsOfBlocks } from './support/slack-blocks';

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

test('any JSON record is an event or rejected with a reason, and never crashes', () => {
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
  fuzz(
    'record',
    fc.property(
      record,
      fc.constantFrom(undefined, 'rest', 'diagnostic', 'log-analytics', 'ecs'),
      (value, shape) => {
        const result = normalize(value, shapeById(shape ?? '') ?? undefined);
        if ('event' in result) expect(typeof result.event.id).toBe('string');
        else expect(result.unreadable.reason).not.toBe('');
      },
    ),
  );
  expect(({} as Record<string, unknown>).polluted).toBeUndefined();
});

test('a role pattern matches the same as its regular expression', () => {
  const part = fc.constantFrom('Microsoft.Compute', 'virtualMachines', '*', 'read', 'action', 'a*b', '');
  const text = fc.array(part, { maxLength: 5 }).map((parts) => parts.join('/'));
  fuzz(
    'role-pattern',
    fc.property(text, text, (pattern, action) => {
      const escaped = pattern.replace(/[.+?^${}()|[\]\\]/g, '\\$&').replace(/\*/g, '.*');
      expect(actionMatches(pattern, action)).toBe(new RegExp(`^${escaped}$`, 'i').test(action));
      expect(globMatches(pattern, action)).toBe(new RegExp(`^${escaped}$`, 'i').test(action));
    }),
  );
});

test('redaction is idempotent, and removes a planted secret anywhere', async () => {
  const secret = 'AKIAIOSFODNN7EXAMPLE';
  await fuzzAsync(
    'redactor',
    fc.asyncProperty(nasty, nasty, async (before, after) => {
      const once = (await redact(`${before} ${secret} ${after}`)).text;
      expect(once).not.toContain(secret);
      expect((await redact(once)).text).toBe(once);
    }),
  );
});

test('any form or file is read or rejected, and what is read can be matched and described', () => {
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
  fuzz(
    'exception-form',
    fc.property(values, (given) => {
      const form = readExceptionForm({ reason: 'r', owner: 'o', expires: '2030-01-01', ...given });
      if ('faults' in form) return;
      const { match } = form.input as { match: Parameters<typeof matches>[0] };
      expect(typeof matches(match, execution)).toBe('boolean');
      expect(matchWords(match).length).toBeGreaterThan(0);
    }),
  );
  fuzz(
    'exceptions-file',
    fc.property(fc.oneof(nasty, fc.json()), (text) => {
      try {
        expect(findException(parseExceptions(text), execution)).toBeNull();
      } catch (error) {
        expect(error).toBeInstanceOf(ExceptionsFileError);
      }
    }),
  );
});

/** The texts in which Slack parses mentions and links; it parses none in plain_text. */
function mrkdwnOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(mrkdwnOf);
  if (typeof value !== 'object' || value === null) return [];
  const { type, text } = value as { type?: string; text?: unknown };
  if (type === 'mrkdwn') return [String(text)];
  return Object.values(value).flatMap(mrkdwnOf);
}

test('each surface accepts a message with any names, and no name becomes markup', () => {
  fuzz(
    'surfaces',
    fc.property(nasty, nasty, (name, machine) => {
      const caller = { id: null, name, type: 'Unknown' as const, ip: null, appId: null };
      const resourceId = `/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/${machine.replace(/\//g, '') || 'm'}`;
      const execution = executionFrom(event({ caller, resourceId })) as Execution;
      const alert = newAlert('RW-1', [execution], execution.startedAt);
      const model = messageOf(untouched(alert), { responders: true, now: 0 });
      expect(faultsOfBlocks(toBlocks(model))).toEqual([]);
      expect(mrkdwnOf(toBlocks(model)).join()).not.toMatch(/<!channel>|<@U1>/);
      expect(JSON.stringify(toCard(model)).length).toBeLessThan(28 * 1024);
      expect(pageTextOf(untouched(alert))).not.toContain('<img');
      expect(plainLine(name, 80).length).toBeLessThanOrEqual(160);
    }),
  );
});

test('the console’s list accepts any query, and escapes what was typed', async () => {
  const query = fc.dictionary(
    fc.constantFrom('q', 'severity', 'state', 'view', 'sort', 'group', 'after', 'environment', '__proto__'),
    fc.oneof(nasty, fc.constantFrom('constructor', 'open', 'suppressed', 'caller-machine'), fc.jsonValue()),
  );
  const execution = executionFrom(event()) as Execution;
  const alert = { ...newAlert('RW-1', [execution], execution.startedAt), announced: true };
  const list = pageWith([alert]);
  await fuzzAsync(
    'console-query',
    fc.asyncProperty(query, async (asked) => {
      const read = queryOf(asked);
      expect(queryOf(Object.fromEntries(new URL(hrefOf(read), 'http://x').searchParams))).toMatchObject({
        view: read.view,
        sort: read.sort,
        grouped: read.grouped,
      });
      const page = listPage(list, { query: read, csrf: 'x', now: 0, responders: true });
      expect(page.text).not.toContain('<img');
    }),
  );
});

test('a file split at any byte gives the same records and the same error', async () => {
  const file = fc.oneof(
    fc.array(fc.jsonValue(), { maxLength: 5 }).map((records) => JSON.stringify({ records })),
    fc.array(fc.json(), { maxLength: 5 }).map((lines) => lines.join('\n')),
    nasty,
  );
  const read = async (pieces: Buffer[]) => {
    const records: unknown[] = [];
    try {
      for await (const some of splitRecords(
        (async function* () {
          yield* pieces;
        })(),
      ))
        records.push(...some);
      return JSON.stringify(records);
    } catch (error) {
      return `${JSON.stringify(records)} ${(error as BrokenFileError).line}`;
    }
  };
  await fuzzAsync(
    'file-pieces',
    fc.asyncProperty(file, fc.nat(), async (text, at) => {
      const bytes = Buffer.from(text);
      const cut = at % (bytes.length + 1);
      expect(await read([bytes.subarray(0, cut), bytes.subarray(cut)])).toBe(await read([bytes]));
    }),
  );
});
