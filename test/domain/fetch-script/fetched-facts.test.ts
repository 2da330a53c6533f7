import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import type { Facts, ScriptFacts } from '../../../src/domain/alerts/facts';
import { judge } from '../../../src/domain/alerts/judge';
import { defaultPoints } from '../../../src/domain/alerts/score';
import { likenessOf } from '../../../src/domain/alerts/similar';
import type { Exception } from '../../../src/domain/exceptions/exception';
import { matchFactsOf } from '../../../src/domain/exceptions/match-facts';
import { presetExceptions } from '../../../src/domain/exceptions/preset-exceptions';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { scriptDigest } from '../../../src/domain/techniques/script';
import { joinFacts } from '../../../src/pipeline/enrich/enrich';
import { event } from '../../support/event';

const execution = executionFrom(event({ status: 'succeeded' })) as Execution;
const text = 'apt-get update';
const sha256 = scriptDigest(text);

const script = (more: Partial<ScriptFacts> = {}): ScriptFacts => ({
  text,
  sha256: null,
  parameters: [],
  runAs: null,
  redacted: [],
  traits: [],
  fetched: { fileAt: '2026-11-20T10:00:00Z', sha256, truncated: false },
  ...more,
});
const facts = (found: ScriptFacts): Facts => ({
  runs: {
    [execution.key]: {
      script: 's',
      output: 'done',
      exitCode: null,
      redacted: [],
      final: true,
      fetched: true,
    },
  },
  scripts: { s: found },
});
const alert = (found: ScriptFacts): Alert => ({
  ...newAlert('RW-1', [execution], execution.startedAt),
  facts: facts(found),
});
const exception = (match: Exception['match']): Exception =>
  ({
    id: 'patching',
    match,
    reason: 'r',
    owner: 'o@contoso.example',
    expires: '2099-01-01',
    createdAt: '2026-01-01T00:00:00Z',
    createdBy: 'o@contoso.example',
  }) as never;
const context = { points: defaultPoints, workingHours: undefined, watchlist: undefined };

test.each<[string, Exception['match']]>([
  ['digest', { script: { sha256 } }],
  ['pattern', { script: { pattern: '^apt-get update' } }],
])('an exception by script %s does not cover a fetched script, however well it fits', (_, match) => {
  const judged = judge(alert(script()), [exception(match)], context);
  expect([judged.verdict, judged.exception]).toEqual(['alert', null]);
  const fromAzure = judge(
    alert(script({ sha256, fetched: undefined as never })),
    [exception(match)],
    context,
  );
  expect(fromAzure.verdict).toBe('suppressed');
});

test('it is no condition of an exception, no preset and no likeness', () => {
  expect(matchFactsOf(alert(script()), execution).script).toBeUndefined();
  expect(presetExceptions(alert(script())).filter(({ match }) => match.script)).toEqual([]);
  expect(likenessOf(alert(script()))?.sha256).toBeNull();
});

test('its suspicious lines raise the score, and nothing of it lowers the score', () => {
  const without = judge({ ...alert(script()), facts: {} }, [], context).score;
  expect(judge(alert(script()), [], context).score).toBe(without);
  const traits = [{ name: 'adds a user or a key', line: 1, text: 'useradd x' }];
  expect(judge(alert(script({ traits })), [], context).score).toBeGreaterThan(without);
});

test('a later reading, which has no script, keeps what was fetched', () => {
  const later: Facts = {
    runs: { [execution.key]: { script: null, output: null, exitCode: 0, redacted: [], final: true } },
    scripts: {},
  };
  const joined = joinFacts(facts(script()), later);
  expect(joined.runs?.[execution.key]).toMatchObject({
    script: 's',
    output: 'done',
    exitCode: 0,
    fetched: true,
  });
  const read: Facts = { runs: { [execution.key]: { ...later.runs?.[execution.key], script: 't' } as never } };
  expect(joinFacts(facts(script()), read).runs?.[execution.key]?.script).toBe('t');
});
