import { oddTexts } from '../../src/chat/fact-lines';
import { newAlert } from '../../src/domain/alerts/alert';
import { judge } from '../../src/domain/alerts/judge';
import { defaultPoints } from '../../src/domain/alerts/score';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
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
