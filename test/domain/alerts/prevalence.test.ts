import type { PrevalenceFacts } from '../../../src/domain/alerts/facts';
import { pairsOf, rarityOf } from '../../../src/domain/alerts/prevalence';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event, vm } from '../../support/event';

const caller = { ...event().caller, id: 'dana-id', ip: '203.0.113.24' };
const run = (fields: Parameters<typeof event>[0] = {}) =>
  executionFrom(event({ caller, ...fields })) as Execution;
const extension = run({
  operation: 'Microsoft.Compute/virtualMachines/extensions/write',
  resourceId: `${vm}/extensions/CustomScript`,
});
const at = Date.parse(run().startedAt);
const daysAgo = (days: number) => new Date(at - days * 86_400_000).toISOString();

const usual: PrevalenceFacts = {
  script: null,
  callerOnMachine: daysAgo(1),
  callerFromNetwork: daysAgo(1),
  machineTechnique: daysAgo(1),
};
const script = {
  runs: 14,
  callers: { count: 2, names: ['dana', 'sam'] },
  machines: 9,
  firstAt: daysAgo(49),
  lastAt: daysAgo(1),
  atLeast: false,
  days: 90,
};
const never = {
  ...script,
  runs: 0,
  callers: { count: 0, names: [] },
  machines: 0,
  firstAt: null,
  lastAt: null,
};
const texts = (facts: Partial<PrevalenceFacts>, historyDays = 90, of = run()) =>
  rarityOf(of, { ...usual, ...facts }, historyDays).map(({ text }) => text);

test.each([
  ['203.0.113.24', '203.0.113.0/24'],
  ['::ffff:203.0.113.24', '203.0.113.0/24'],
  ['2001:db8:1:2::3', '2001:db8:1::/48'],
])('the network of %s is %s', (ip, network) => {
  expect(pairsOf(run({ caller: { ...caller, ip } })).callerFromNetwork?.at(-1)).toBe(network);
});

test('without an address or an extension there is no such pair', () => {
  const pairs = pairsOf(run({ caller: { ...caller, ip: null } }));
  expect(pairs).toMatchObject({ callerFromNetwork: null, extensionOnMachine: null });
  expect(pairsOf(run({ caller: { ...caller, ip: 'unknown' } })).callerFromNetwork).toBeNull();
  expect(pairsOf(extension).extensionOnMachine).toEqual(['customscript', vm.toLowerCase()]);
});

test('what is usual is not stated', () => {
  expect(texts({})).toEqual([]);
});

test('what was never seen comes before what was not seen lately', () => {
  expect(
    rarityOf(
      extension,
      {
        script: { ...script, lastAt: daysAgo(8) },
        callerOnMachine: daysAgo(40),
        callerFromNetwork: null,
        machineTechnique: daysAgo(10),
        extensionOnMachine: null,
      },
      90,
    ),
  ).toEqual([
    { id: 'extensionOnMachine', days: 90, text: 'extension CustomScript first seen on vm-1 in 90 days' },
    {
      id: 'callerFromNetwork',
      days: 90,
      text: 'first time this caller ran anything from 203.0.113.0/24 in 90 days',
    },
    { id: 'callerOnMachine', days: 30, text: 'this caller ran nothing on vm-1 in the last 30 days' },
    {
      id: 'script',
      days: 7,
      text: 'script ran 14 times by 2 callers (dana, sam) on 9 machines since Oct 2, 2026, not in the last 7 days',
    },
    { id: 'machineTechnique', days: 7, text: 'no extension on vm-1 in the last 7 days' },
  ]);
});

test.each<[number, string[]]>([
  [6, []],
  [7, ['first time this caller ran anything on vm-1 in 7 days']],
  [12, ['first time this caller ran anything on vm-1 in 12 days']],
  [200, ['first time this caller ran anything on vm-1 in 90 days']],
])('with %i days of history, nothing more is claimed', (historyDays, wanted) => {
  expect(texts({ callerOnMachine: null }, historyDays)).toEqual(wanted);
});

test.each<[number, number, (number | null)[]]>([
  [12, 90, [7]],
  [12, 6, []],
  [31, 90, [30]],
  [31, 29, [7]],
  [6, 90, []],
])('last seen %i days ago with %i days of history', (ago, historyDays, wanted) => {
  const facts = { ...usual, callerOnMachine: daysAgo(ago) };
  expect(rarityOf(run(), facts, historyDays).map(({ days }) => days)).toEqual(wanted);
});

test('a denied attempt is not called a run', () => {
  const denied = run({ status: 'failed', refused: true });
  expect(texts({ callerOnMachine: null, machineTechnique: null }, 90, denied)).toEqual([
    'this caller ran nothing on vm-1 in 90 days',
    'no run command on vm-1 in 90 days',
  ]);
});

test('a script is new only as far back as scripts are known', () => {
  expect(texts({ script: never })).toEqual(['script not seen before in 90 days']);
  expect(texts({ script: { ...never, days: 12 } })).toEqual(['script not seen before in 12 days']);
  expect(texts({ script: { ...never, days: 3 } })).toEqual([]);
});

test('a known script is described last', () => {
  expect(rarityOf(run(), { ...usual, script, machineTechnique: null }, 90)).toEqual([
    { id: 'machineTechnique', days: 90, text: 'first run command on vm-1 in 90 days' },
    {
      id: 'script',
      days: null,
      text: 'script ran 14 times by 2 callers (dana, sam) on 9 machines since Oct 2, 2026',
    },
  ]);
  const once = { ...script, runs: 1, machines: 1, callers: { count: 1, names: ['dana'] } };
  expect(texts({ script: once })).toEqual([
    'script ran once by 1 caller (dana) on 1 machine since Oct 2, 2026',
  ]);
  expect(texts({ script: { ...script, atLeast: true } })).toEqual([
    'script ran at least 14 times by at least 2 callers (dana, sam) on at least 9 machines since Oct 2, 2026',
  ]);
});
