import fc from 'fast-check';
import {
  type Arrival,
  assignToSessions,
  currentAlert,
  groupGapMs,
  groupSpanMs,
  maxGroupSize,
  minBurstMachines,
  type Session,
} from '../../../src/domain/alerts/groups';

const minute = 60_000;
const noon = Date.parse('2026-11-26T12:00:00Z');
const key = 'dana run-command';

/** Adds batches in this order. Returns the final alert of each execution. */
function groupsOf(batches: readonly (readonly Arrival[])[], closed = new Set<string>()): Map<string, string> {
  let sessions: Session[] = [];
  const first = new Map<string, string>();
  for (const batch of batches) {
    const assigned = assignToSessions(key, sessions, batch, closed);
    sessions = assigned.sessions;
    batch.forEach((arrival, index) => {
      first.set(arrival.key, assigned.alertOf[index] as string);
    });
  }
  return new Map([...first].map(([execution, id]) => [execution, currentAlert(sessions, id)]));
}

/** The groups as sets of execution keys, in a fixed order. */
const partition = (alertOf: ReadonlyMap<string, string>): string[] => {
  const groups = new Map<string, string[]>();
  for (const [execution, id] of alertOf) groups.set(id, [...(groups.get(id) ?? []), execution]);
  return [...groups.values()].map((group) => group.sort().join(' ')).sort();
};

/** The rule, stated for all executions at once. */
function restated(arrivals: readonly Arrival[], cuts: readonly number[]): string[] {
  const ordered = [...arrivals].sort((a, b) => a.at - b.at);
  const sessions: Arrival[][] = [];
  for (const arrival of ordered) {
    const last = sessions.at(-1)?.at(-1);
    const isCut = last && cuts.some((cut) => last.at < cut && cut <= arrival.at);
    if (last && arrival.at - last.at <= groupGapMs && !isCut) sessions.at(-1)?.push(arrival);
    else sessions.push([arrival]);
  }
  return sessions
    .flatMap((session) => {
      const machines = [...new Set(session.map(({ machine }) => machine))];
      if (machines.length >= minBurstMachines) return [session];
      return machines.map((machine) => session.filter((each) => each.machine === machine));
    })
    .map((group) =>
      group
        .map((each) => each.key)
        .sort()
        .join(' '),
    )
    .sort();
}

/** When the caller's spans begin, found by probing. */
const cuts = (() => {
  const found: number[] = [];
  for (let at = noon - groupSpanMs; at < noon + 2 * groupSpanMs; at += minute) {
    const pair = [at - minute, at].map((time, i) => ({ key: `${i}`, at: time, machine: 'm' }));
    if (partition(groupsOf([pair])).length === 2) found.push(at);
  }
  return found;
})();

const run = (at: number, machine: string, name = `${machine}@${at}`): Arrival => ({ key: name, at, machine });
/** A time that is far from a cut. */
const start = (cuts[1] as number) + 2 * 3_600_000;

test('each span of 12 hours begins at a fixed time of the caller', () => {
  expect(cuts).toHaveLength(3);
  expect((cuts[1] as number) - (cuts[0] as number)).toBe(groupSpanMs);
});

test('any order and any batches give the same groups, those of the rule', () => {
  const arrival = fc.record({
    at: fc
      .integer({ min: 0, max: 240 })
      .map((minutes) => (cuts[1] as number) - 120 * minute + minutes * minute),
    machine: fc.integer({ min: 1, max: 14 }).map((n) => `vm-${n}`),
  });
  const shuffled = fc
    .array(arrival, { minLength: 1, maxLength: 60 })
    .map((all) => all.map((each, index) => ({ ...each, key: `${index}` })))
    .chain((all) =>
      fc.tuple(
        fc.constant(all),
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 60, maxLength: 60 }),
      ),
    );
  fc.assert(
    fc.property(shuffled, ([all, order, sizes]) => {
      const batches: Arrival[][] = [];
      for (let i = 0, n = 0; i < order.length; i += sizes[n] as number, n++)
        batches.push(order.slice(i, i + (sizes[n] as number)));
      expect(partition(groupsOf(batches))).toEqual(restated(all, cuts));
    }),
    { numRuns: 1000 },
  );
});

test('fifty machines in five minutes are one alert, and one more an hour later is another', () => {
  const burst = Array.from({ length: 50 }, (_, i) => run(start + i * 6000, `vm-${i}`));
  expect(partition(groupsOf([[...burst, run(start + 65 * minute, 'vm-late')]]))).toHaveLength(2);
});

test('runs that are seventeen minutes apart are no burst, nor is one that comes hours later', () => {
  const slow = Array.from({ length: 11 }, (_, i) => run(start + i * 17 * minute, `vm-${i}`));
  const later = run(start + 6 * 3_600_000, 'vm-late');
  expect(partition(groupsOf([slow, [later]]))).toHaveLength(12);
});

test('five hundred commands on one machine are one alert', () => {
  const many = Array.from({ length: 500 }, (_, i) => run(start + i * 1000, 'vm-1'));
  expect(partition(groupsOf([many]))).toHaveLength(1);
});

test('an alert takes 1,500 executions at most', () => {
  const many = Array.from({ length: maxGroupSize + 1 }, (_, i) => run(start + i * 100, `vm-${i % 20}`));
  const sizes = partition(groupsOf([many])).map((group) => group.split(' ').length);
  expect(sizes.sort((a, b) => a - b)).toEqual([1, maxGroupSize]);
});

test('a closed alert takes nothing more', () => {
  const before = groupsOf([[run(start, 'vm-1')]]);
  const closed = new Set(before.values());
  const after = groupsOf([[run(start, 'vm-1')], [run(start + minute, 'vm-1')]], closed);
  expect(partition(after)).toHaveLength(2);
});

test('a closed alert does not become part of a burst', () => {
  const one = [run(start, 'vm-0')];
  const closed = new Set(groupsOf([one]).values());
  const others = Array.from({ length: 10 }, (_, i) => run(start + i * 1000, `vm-${i + 1}`));
  const groups = partition(groupsOf([one, others], closed));
  expect(groups.map((group) => group.split(' ').length).sort((a, b) => a - b)).toEqual([1, 10]);
});

test('what is repeated after a crash changes nothing', () => {
  const batch = Array.from({ length: 12 }, (_, i) => run(start + i * 1000, `vm-${i}`));
  const { sessions, alertOf } = assignToSessions(key, [], batch);
  expect(assignToSessions(key, sessions, batch).alertOf).toEqual(alertOf);
});
