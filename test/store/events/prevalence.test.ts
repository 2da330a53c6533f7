import fc from 'fast-check';
import type { Redis } from 'ioredis';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { maxRuns } from '../../../src/store/events/seen-set';
import { keys } from '../../../src/store/keys';
import { event, vm } from '../../support/event';
import { type OwnStore, startStore } from '../../support/store';

let own: OwnStore;
let redis: Redis;
beforeAll(async () => {
  own = await startStore();
  redis = own.connect();
});
afterAll(() => own.stop());
beforeEach(() => redis.flushall());

const day = 86_400_000;
const now = Date.parse('2026-11-20T12:00:00Z');
const ago = (days: number) => new Date(now - days * day).toISOString();
const sha256 = 'a'.repeat(64);
const dana = { ...event().caller, id: 'dana-id', name: 'dana', ip: '203.0.113.24' };
const sam = { ...dana, id: 'sam-id', name: 'sam', ip: '198.51.100.7' };
const onMachine = (name: string) => vm.replace(/vm-1$/, name);

/** One execution; the number makes its key. */
const run = (n: number, time: string, fields: Parameters<typeof event>[0] = {}): Execution =>
  executionFrom(event({ correlationId: `c${n}`, time, caller: dana, ...fields })) as Execution;
const denied = { status: 'failed', refused: true } as const;

const note = (...executions: Execution[]) => own.store.history.note(executions, now);
const noteScript = (...executions: Execution[]) =>
  own.store.history.noteScripts(
    executions.map((execution) => ({ execution, sha256 })),
    now,
  );
const facts = async (execution: Execution, script: string | null = null, before?: string) =>
  (await own.store.history.prevalence([{ execution, sha256: script, ...(before ? { before } : {}) }]))[0];

test('a pair was last seen by its own time, whatever the order of arrival', async () => {
  const asked = run(1, ago(1));
  await note(run(2, ago(0.5)), asked, run(3, ago(9)));
  await note(run(4, ago(40)), asked, run(3, ago(9)));
  expect(await facts(asked)).toEqual({
    script: null,
    callerOnMachine: ago(9),
    callerFromNetwork: ago(9),
    machineTechnique: ago(9),
    extensionOnMachine: undefined,
  });
});

test('each pair is its own', async () => {
  await note(
    run(1, ago(5), { caller: sam }),
    run(2, ago(4), { resourceId: onMachine('vm-2') }),
    run(3, ago(3), { caller: { ...dana, ip: '203.0.113.99' }, resourceId: onMachine('vm-3') }),
    run(4, ago(2), {
      caller: { ...dana, ip: null },
      operation: 'Microsoft.Compute/virtualMachines/runCommands/write',
      resourceId: `${vm}/runCommands/x`,
    }),
  );
  expect(await facts(run(9, ago(1)))).toEqual({
    script: null,
    callerOnMachine: ago(2),
    callerFromNetwork: ago(3),
    machineTechnique: ago(5),
    extensionOnMachine: undefined,
  });
});

test('an extension is known by its name on the machine, in any letter case', async () => {
  const extension = (n: number, time: string, name: string) =>
    run(n, time, {
      operation: 'Microsoft.Compute/virtualMachines/extensions/write',
      resourceId: `${vm}/extensions/${name}`,
    });
  await note(extension(1, ago(5), 'CustomScript'));
  expect(await facts(extension(2, ago(1), 'customscript'))).toMatchObject({ extensionOnMachine: ago(5) });
  expect(await facts(extension(2, ago(1), 'Other'))).toMatchObject({ extensionOnMachine: null });
});

test('a denied attempt was not seen, whether its denial or its start arrives first', async () => {
  for (const parts of [
    [run(1, ago(5)), run(1, ago(5), denied)],
    [run(1, ago(5), denied), run(1, ago(5))],
  ]) {
    await redis.flushall();
    for (const part of parts) {
      await note(part);
      await noteScript(part);
    }
    expect(await facts(run(2, ago(1)), sha256)).toMatchObject({
      script: { runs: 0 },
      callerOnMachine: null,
      machineTechnique: null,
    });
  }
});

test('what is older than 90 days before the execution is not counted', async () => {
  await note(run(1, ago(90.5)));
  await noteScript(run(1, ago(90.5)));
  expect(await facts(run(2, ago(0)), sha256)).toMatchObject({ callerOnMachine: null, script: { runs: 0 } });
  expect(await facts(run(2, ago(1)), sha256)).toMatchObject({
    callerOnMachine: ago(90.5),
    script: { runs: 1 },
  });
});

test('a script has its runs, callers, machines, and first and last time', async () => {
  const runs = [
    run(1, ago(20)),
    run(2, ago(10), { caller: sam, resourceId: onMachine('vm-2') }),
    run(3, ago(9), { caller: sam, resourceId: onMachine('vm-2').toUpperCase() }),
    run(4, ago(1)),
    run(5, ago(0.5), { resourceId: onMachine('vm-3') }),
  ];
  await note(...runs);
  await noteScript(...runs.reverse());
  await noteScript(...runs);
  const asked = run(4, ago(1));
  expect((await facts(asked, sha256))?.script).toEqual({
    runs: 3,
    callers: { count: 2, names: ['sam', 'dana'] },
    machines: 2,
    firstAt: ago(20),
    lastAt: ago(9),
    atLeast: false,
    days: 0,
  });
  expect((await facts(asked, 'b'.repeat(64)))?.script).toMatchObject({
    runs: 0,
    firstAt: null,
    lastAt: null,
  });
});

test('an alert asks from its own start, so that its executions do not count each other', async () => {
  const burst = [run(1, ago(1)), run(2, ago(0.9)), run(3, ago(0.8))];
  await note(...burst);
  await noteScript(...burst);
  const asked = burst.map((execution) => ({ execution, sha256, before: ago(1) }));
  for (const found of await own.store.history.prevalence(asked))
    expect(found).toMatchObject({ script: { runs: 0 }, callerOnMachine: null, machineTechnique: null });
});

test('a caller first known by name is counted once when the object id is known', async () => {
  const named = run(1, ago(5), { caller: { ...dana, id: null, upn: 'dana@contoso.example' } });
  for (const parts of [
    [named, run(1, ago(5))],
    [run(1, ago(5)), named],
  ]) {
    await redis.flushall();
    for (const part of parts) await noteScript(part);
    expect((await facts(run(2, ago(1)), sha256))?.script).toMatchObject({
      runs: 1,
      callers: { count: 1, names: ['dana-id'] },
    });
  }
});

test('scripts are known since the first was noted', async () => {
  await own.store.history.noteScripts([{ execution: run(1, ago(12.5)), sha256 }], now - 12.5 * day);
  await own.store.history.noteScripts([{ execution: run(2, ago(1)), sha256 }], now);
  expect((await facts(run(3, ago(0)), 'b'.repeat(64)))?.script?.days).toBe(12);
  expect((await facts(run(3, ago(20)), 'b'.repeat(64)))?.script?.days).toBe(0);
});

test('a run that an earlier version noted makes the counts lower limits', async () => {
  await redis.zadd(keys.scriptHistory(sha256), now - 5 * day, 'OLD');
  await noteScript(run(1, ago(4)));
  expect((await facts(run(2, ago(1)), sha256))?.script).toMatchObject({
    runs: 2,
    callers: { count: 1 },
    machines: 1,
    firstAt: ago(5),
    atLeast: true,
  });
});

test('beyond the limit the newest and the oldest runs are kept, and the counts are lower limits', async () => {
  const many = Array.from({ length: maxRuns + 50 }, (_, i) =>
    run(i, new Date(now - day - i * 1000).toISOString()),
  );
  await noteScript(...many.slice(0, maxRuns));
  expect((await facts(run(-1, ago(0)), sha256))?.script).toMatchObject({ runs: maxRuns, atLeast: false });
  await noteScript(...many);
  const found = (await facts(run(-1, ago(0)), sha256))?.script;
  expect(found).toMatchObject({
    runs: maxRuns,
    atLeast: true,
    firstAt: many.at(-1)?.startedAt,
    lastAt: ago(1),
  });
  expect(await redis.zcard(keys.scriptHistory(sha256))).toBe(maxRuns);
  expect(await redis.hlen(keys.scriptRuns(sha256))).toBe(maxRuns + 1);
});

test('every key expires', async () => {
  await note(run(1, ago(1)), run(2, ago(1), denied));
  await noteScript(run(1, ago(1)));
  const shared = new Set([keys.historyCallers, keys.historyNames]);
  for (const key of await redis.keys('*'))
    if (!shared.has(key)) expect(await redis.pttl(key)).toBeGreaterThan(0);
});

test('a thousand executions are noted and read in a few commands', async () => {
  const flood = Array.from({ length: 1000 }, (_, i) =>
    run(i, new Date(now - day + i).toISOString(), { resourceId: onMachine(`vm-${i % 300}`) }),
  );
  const calls = async () =>
    Number(/cmdstat_evalsha:calls=(\d+)/.exec(await redis.info('commandstats'))?.[1] ?? 0);
  await note(run(-1, ago(2)));
  await facts(run(-1, ago(2)), sha256);
  const before = await calls();
  await note(...flood);
  await noteScript(...flood);
  const found = await own.store.history.prevalence(flood.map((execution) => ({ execution, sha256 })));
  expect(await calls()).toBeLessThan(before + 25);
  expect(found[999]).toMatchObject({
    script: { runs: 999, callers: { count: 1 }, machines: 300 },
    callerOnMachine: flood[699]?.startedAt,
    callerFromNetwork: flood[998]?.startedAt,
  });
});

test('any order and repetition of notes gives the answer of a simple count', async () => {
  const noted = fc.record({
    n: fc.integer({ min: 0, max: 5 }),
    who: fc.constantFrom(dana, sam),
    machine: fc.constantFrom('vm-1', 'vm-2'),
    refused: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(
      fc.array(noted, { maxLength: 12 }),
      fc.integer({ min: 0, max: 6 }),
      async (notes, asked) => {
        await redis.flushall();
        // One run has one time, caller and machine; its denial may be noted before or after its start.
        const first = new Map(notes.map((one) => [one.n, one]));
        const sent = notes.map(({ n, refused }) => {
          const { who, machine } = first.get(n) as (typeof notes)[number];
          return run(n, ago(20 - n), {
            caller: who,
            resourceId: onMachine(machine),
            ...(refused ? denied : {}),
          });
        });
        for (const one of sent) {
          await note(one);
          await noteScript(one);
        }
        const refused = new Set(sent.filter((one) => one.refused).map(({ key }) => key));
        const execution = run(99, ago(20 - asked), { resourceId: onMachine('vm-1') });
        const past = [...new Map(sent.map((one) => [one.key, one])).values()]
          .filter(({ key, startedAt }) => !refused.has(key) && startedAt < execution.startedAt)
          .sort((a, b) => (a.startedAt < b.startedAt ? -1 : 1));
        const lastOf = (some: Execution[]) => some.at(-1)?.startedAt ?? null;
        const found = await facts(execution, sha256);
        const here = past.filter(({ target }) => target.name === 'vm-1');
        expect(found).toMatchObject({
          callerOnMachine: lastOf(here.filter(({ caller }) => caller.id === 'dana-id')),
          callerFromNetwork: lastOf(past.filter(({ caller }) => caller.id === 'dana-id')),
          machineTechnique: lastOf(here),
          script: {
            runs: past.length,
            callers: { count: new Set(past.map(({ caller }) => caller.id)).size },
            machines: new Set(past.map(({ target }) => target.id)).size,
            firstAt: past[0]?.startedAt ?? null,
            lastAt: lastOf(past),
          },
        });
      },
    ),
    { numRuns: 60 },
  );
});

test('alerts that ask at once get their own answers', async () => {
  const asked = Array.from({ length: 250 }, (_, n) => run(n, ago(1), { resourceId: onMachine(`vm-${n}`) }));
  await note(...asked.map((_, n) => run(1000 + n, ago(2 + n / 10), { resourceId: onMachine(`vm-${n}`) })));
  const found = await Promise.all(asked.map((execution) => facts(execution)));
  expect(found.map((one) => one?.callerOnMachine)).toEqual(asked.map((_, n) => ago(2 + n / 10)));
});
