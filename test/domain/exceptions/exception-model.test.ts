import fc from 'fast-check';
import { newAlert, summarize } from '../../../src/domain/alerts/alert';
import { judge } from '../../../src/domain/alerts/judge';
import { defaultPoints } from '../../../src/domain/alerts/score';
import type { Exception, Match } from '../../../src/domain/exceptions/exception';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event } from '../../support/event';

/** Number of runs; the nightly job uses more. */
const numRuns = Number(process.env.FUZZ_RUNS ?? 500);

const callers = ['ann@contoso.example', 'ann@fabrikam.example', 'bob@contoso.example'];
const machines = ['vm-a', 'vm-b', 'db-a'];
const wildcards = ['*', 'vm-*', '*@contoso.example', 'ann@*', '*-a'];

/** Reference implementation of a pattern, one character at a time. */
function patternMatches(pattern: string, value: string): boolean {
  if (pattern === '') return value === '';
  const [first = '', ...rest] = pattern.toLowerCase();
  if (first === '*')
    return patternMatches(rest.join(''), value) || (value !== '' && patternMatches(pattern, value.slice(1)));
  return value.toLowerCase().startsWith(first) && patternMatches(rest.join(''), value.slice(1));
}

const run = (caller: string, machine: string, at: string): Execution => {
  const base = event();
  const resourceId = base.resourceId.replace(/\/virtualMachines\/[^/]+/i, `/virtualMachines/${machine}`);
  const by = { ...base.caller, name: caller, id: caller };
  const correlationId = `${caller}-${machine}-${at}`;
  return executionFrom({ ...base, caller: by, resourceId, correlationId, time: at }) as Execution;
};

const moments = ['2026-01-01T00:00:00Z', '2026-06-01T00:00:00Z'];
const executions = fc.array(
  fc.tuple(
    fc.constantFrom(callers[0] as string, callers[1] as string),
    fc.constantFrom(...machines),
    fc.constantFrom(...moments),
  ),
  { minLength: 1, maxLength: 4 },
);
const listed = (values: string[]) =>
  fc.option(fc.array(fc.constantFrom(...values, ...wildcards), { minLength: 1, maxLength: 2 }), {
    nil: undefined,
  });
const exceptions = fc.array(
  fc.record({
    caller: listed(callers),
    target: listed(machines),
    expires: fc.constantFrom('2026-03-01T00:00:00Z', '2027-01-01T00:00:00Z'),
    silenceCritical: fc.boolean(),
  }),
  { maxLength: 4 },
);

const keysOf = (executions: readonly Execution[]) => executions.map(({ key }) => key).sort();

test('an alert is suppressed exactly if each of its executions is covered by some exception', () => {
  fc.assert(
    fc.property(executions, exceptions, fc.boolean(), (ran, given, critical) => {
      const all = ran.map(([caller, machine, at]) => run(caller, machine, at));
      const made = given.map(
        ({ caller, target, ...rest }, i): Exception => ({
          id: `ex-${i}`,
          match: { ...(caller ? { caller } : {}), ...(target ? { target } : {}) } satisfies Match,
          reason: 'r',
          owner: 'o',
          ...rest,
        }),
      );
      const covers = (i: number, [caller, machine, at]: (typeof ran)[number]) => {
        const one = given[i];
        if (!one || (!one.caller && !one.target)) return false;
        if (critical && !one.silenceCritical) return false;
        const callerFits = !one.caller || one.caller.some((pattern) => patternMatches(pattern, caller));
        const targetFits = !one.target || one.target.some((pattern) => patternMatches(pattern, machine));
        return callerFits && targetFits && at < one.expires;
      };
      const wanted = ran.every((each) => given.some((_, i) => covers(i, each)));
      const raised = newAlert('RW-1', all, moments[0] as string);
      // A caller who denies the execution makes the alert critical.
      const asked = { at: '', userId: 'u', name: 'n', answer: 'no' as const, answeredAt: '' };
      const alert = critical ? { ...raised, triage: { asked } } : raised;
      const judged = judge(alert, made, { points: defaultPoints });
      expect(judged.severity === 'critical').toBe(critical);
      expect(judged.verdict).toBe(wanted ? 'suppressed' : 'alert');
      expect(judged.announced).toBe(!wanted);
      const left = all.filter(
        (_, index) => !given.some((__, i) => covers(i, ran[index] as (typeof ran)[number])),
      );
      expect(keysOf(summarize(judged).about)).toEqual(keysOf(wanted ? all : left));
      // An alert that was announced once stays announced, even if it is excepted later.
      const shown = judge({ ...alert, announced: true }, made, { points: defaultPoints });
      expect(shown.announced).toBe(true);
    }),
    { numRuns },
  );
});
