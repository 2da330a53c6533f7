import { factsOf } from '../../src/chat/fact-lines';
import { threadOf } from '../../src/chat/thread';
import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { judge } from '../../src/domain/alerts/judge';
import { defaultPoints } from '../../src/domain/alerts/score';
import { oddTexts } from '../../src/domain/alerts/stands-out';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { untouched } from '../support/alerts';
import { event, vm } from '../support/event';

test('what stands out is said once, rare things first, then by points', () => {
  const caller = { ...event().caller, id: 'dana-id', ip: '203.0.113.24' };
  const execution = executionFrom(event({ caller })) as Execution;
  const unseen = { callerOnMachine: null, callerFromNetwork: null, machineTechnique: null };
  const alert = {
    ...newAlert('RW-1', [execution], execution.startedAt),
    facts: {
      prevalence: { [execution.key]: { script: null, ...unseen } },
      history: {
        days: 90,
        onThisMachine: 0,
        newMachines: [vm.toLowerCase()],
        byCaller: 0,
        addressSeen: false,
        daily: [],
        usualHour: false,
        refusalsBefore: 3,
        sameScriptAt: null,
      },
    },
  };
  expect(oddTexts(judge(alert, [], { points: defaultPoints }))).toEqual([
    'first time this caller ran anything from 203.0.113.0/24 in 90 days',
    'first time on this machine (0 in 90 days)',
    '3 denied attempts just before',
    'outside usual hours',
  ]);
});

const plain = () => {
  const execution = executionFrom(event()) as Execution;
  return newAlert('RW-1', [execution], execution.startedAt);
};
const lineOf = (alert: Alert, label: string) =>
  factsOf(alert, 0)
    .find((fact) => fact.label === label)
    ?.value.map((part) => (typeof part === 'string' ? part : ''))
    .join('');

test('a score above 100 says that it was capped', () => {
  const reasons = [
    { id: 'technique', points: 47, text: 'Run command' },
    { id: 'callerDenied', points: 60, text: 'Dana says it was not them' },
  ];
  expect(lineOf({ ...plain(), score: 100, reasons }, 'Score')).toBe(
    'starts at 47 for Run command · +60 Dana says it was not them · 107 points, capped at 100',
  );
});

test('an alert like earlier harmless ones says so', () => {
  const likeClosed = { count: 3, as: 'benign' as const, lastAt: '2026-11-20T00:00:00Z', alertIds: ['RW-9'] };
  expect(lineOf({ ...plain(), facts: { likeClosed } }, 'Similar alerts')).toMatch(
    /^Like 3 alerts closed as benign \(last RW-9/,
  );
});

test('the thread names the executions that exceptions cover, and by which', () => {
  const [one, other] = ['vm-1', 'vm-2'].map(
    (name) =>
      executionFrom(event({ resourceId: vm.replace(/vm-1$/, name), correlationId: name })) as Execution,
  ) as [Execution, Execution];
  const alert = {
    ...newAlert('RW-1', [one, other], one.startedAt),
    exceptionOf: { [one.key]: null, [other.key]: 'patching' },
  };
  const excepted = threadOf(untouched(alert), { details: [], status: [], times: [] }).find(
    ({ heading }) => heading === '1 excepted',
  );
  expect(JSON.stringify(excepted?.lines)).toMatch(/vm-2 .*patching/);
});
