import { newAlert } from '../../../src/domain/alerts/alert';
import type { MachineFacts } from '../../../src/domain/alerts/facts';
import { routedAlertOf } from '../../../src/domain/alerts/routed-alert';
import {
  channelFor,
  conditionWords,
  type Route,
  type RoutedAlert,
  type RoutedMachine,
  unmetConditions,
} from '../../../src/domain/alerts/routing';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event, vm } from '../../support/event';

const pay: RoutedMachine = {
  environment: 'production',
  tags: { Env: 'prod', team: 'payments' },
  subscriptionId: 'sub-pay',
  resourceGroup: 'rg-payments',
  managementGroups: [
    { id: 'mg-production', name: 'Production' },
    { id: 'mg-contoso', name: 'Contoso' },
  ],
};
const test01: RoutedMachine = {
  environment: 'test',
  tags: { env: 'test' },
  subscriptionId: 'sub-test',
  resourceGroup: 'rg-test',
  managementGroups: [],
};
const alert: RoutedAlert = {
  severity: 'high',
  technique: 'managed-run-command',
  startedAt: '2026-11-26T03:00:00Z',
  machines: [pay],
};
/** Whether a route matches. It does exactly if no condition is named as unmet. */
const fits = (when: Route['when'], one: RoutedAlert = alert) => {
  const matches = channelFor(one, [{ when, slack: 'C1' }], 'slack') === 'C1';
  expect(unmetConditions(one, when).length === 0).toBe(matches);
  return matches;
};

test.each<[Route['when'], boolean]>([
  [{}, true],
  [{ severity: 'high' }, true],
  [{ severity: ['low', 'critical'] }, false],
  [{ technique: 'managed-run-command' }, true],
  [{ technique: '*run-command' }, true],
  [{ technique: ['vm-*', 'serial-console'] }, false],
  [{ environment: 'prod*' }, true],
  [{ environment: 'test' }, false],
  [{ subscription: 'SUB-PAY' }, true],
  [{ subscription: 'sub-test' }, false],
  [{ resourceGroup: 'rg-*' }, true],
  [{ resourceGroup: 'rg-web' }, false],
  [{ managementGroup: 'mg-contoso' }, true],
  [{ managementGroup: 'production' }, true],
  [{ managementGroup: ['mg-sandboxes', 'other'] }, false],
  [{ tag: { env: 'prod', TEAM: ['web', 'payments'] } }, true],
  [{ tag: { env: 'prod', team: 'web' } }, false],
  [{ tag: { owner: '*' } }, false],
  [{ hours: { days: 'thu', from: '02:00', to: '04:00' } }, true],
  [{ hours: { days: 'thu', from: '02:00', to: '04:00', zone: 'Europe/Berlin' } }, false],
  [{ hours: { days: 'wed', from: '22:00', to: '06:00', zone: 'Europe/Berlin' } }, true],
  [{ hours: { days: 'mon-fri', from: '09:00', to: '17:00' } }, false],
  [{ severity: 'high', environment: 'production', technique: 'managed-*' }, true],
  [{ severity: 'high', environment: 'test', technique: 'managed-*' }, false],
])('%j matches: %s', (when, matches) => expect(fits(when)).toBe(matches));

test('a condition holds if any machine fits, and those on a machine must fit the same one', () => {
  const both = { ...alert, machines: [test01, pay] };
  expect(fits({ environment: 'test' }, both)).toBe(true);
  expect(fits({ environment: 'production', tag: { env: 'prod' } }, both)).toBe(true);
  expect(fits({ environment: 'production', tag: { env: 'test' } }, both)).toBe(false);
  expect(fits({ managementGroup: 'mg-production', subscription: 'sub-test' }, both)).toBe(false);
  expect(fits({ severity: 'high', environment: 'test' }, both)).toBe(true);
});

test('what does not hold is named, for the machine that fits best', () => {
  const late = { days: 'mon-fri', from: '09:00', to: '17:00', zone: 'Europe/Berlin' };
  expect(
    unmetConditions(
      { ...alert, machines: [test01, pay] },
      { severity: ['low', 'medium'], hours: late, environment: 'production', tag: { env: 'test' } },
    ),
  ).toEqual([
    { condition: 'severity', got: ['high'], expected: 'low or medium' },
    {
      condition: 'hours',
      got: ['thu 04:00 Europe/Berlin'],
      expected: 'mon-fri 09:00 to 17:00 Europe/Berlin',
    },
    { condition: 'environment', got: ['test'], expected: 'production' },
  ]);
});

test('unknown facts match nothing, and unknown management groups are told from none', () => {
  const unknown = { ...pay, environment: null, tags: {}, managementGroups: null };
  const of = (machine: RoutedMachine, when: Route['when']) =>
    unmetConditions({ ...alert, machines: [machine] }, when);
  expect(of(unknown, { environment: '*' })).toEqual([{ condition: 'environment', got: [], expected: '*' }]);
  expect(of(unknown, { managementGroup: '*' })).toEqual([
    { condition: 'managementGroup', got: null, expected: '*' },
  ]);
  expect(of(test01, { managementGroup: '*' })).toEqual([
    { condition: 'managementGroup', got: [], expected: '*' },
  ]);
});

test('the first matching route that names a channel of the surface decides', () => {
  const routes: Route[] = [
    { when: { environment: 'test' }, slack: 'C-TEST' },
    { when: { severity: 'high' }, teams: 'T-HIGH' },
    { when: { environment: 'production' }, slack: 'C-PROD', teams: 'T-PROD' },
    { when: {}, slack: 'C-ALL' },
  ];
  expect(channelFor(alert, routes, 'slack')).toBe('C-PROD');
  expect(channelFor(alert, routes, 'teams')).toBe('T-HIGH');
  expect(channelFor(alert, routes, 'when')).toBeNull();
  expect(channelFor({ ...alert, machines: [test01] }, routes.slice(0, 3), 'pager')).toBeNull();
});

test('conditions as text', () => {
  expect(
    conditionWords({
      severity: ['high', 'critical'],
      managementGroup: 'mg-production',
      tag: { env: 'prod' },
      hours: { days: 'sat,sun', zone: 'Europe/Berlin' },
    }),
  ).toBe(
    'severity high or critical and managementGroup mg-production and tag env prod and hours sat,sun Europe/Berlin',
  );
  expect(conditionWords({})).toBe('every alert');
});

test('a stored alert has the facts of its first machine, and the place of each', () => {
  const other = vm.replace('5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01', '0a1b2c3d-2222-4222-8222-0123456789ab');
  const executions = [
    event(),
    event({ resourceId: other.replace('/vm-1', '/vm-2'), correlationId: 'c2', time: '2026-11-20T22:20:00Z' }),
    event({ resourceId: vm.toUpperCase(), correlationId: 'c3', time: '2026-11-20T22:21:00Z' }),
  ].map((one) => executionFrom(one) as Execution);
  const machine = { environment: 'production', tags: { env: 'prod' } } as unknown as MachineFacts;
  const stored = {
    ...newAlert('RW-1', executions, '2026-11-20T22:30:00Z'),
    facts: { machines: { [vm.toLowerCase()]: machine } },
  };
  const routed = routedAlertOf(
    stored,
    new Map([['5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01', [{ id: 'mg', name: 'MG' }]]]),
  );
  expect(routed).toMatchObject({ severity: 'medium', technique: 'run-command' });
  expect(routed.startedAt).toContain('2026-11-20T22:14:26');
  expect(routed.machines).toHaveLength(2);
  expect(routed.machines[0]).toMatchObject({
    environment: 'production',
    tags: { env: 'prod' },
    resourceGroup: 'RG',
    managementGroups: [{ id: 'mg' }],
  });
  expect(routed.machines[1]).toMatchObject({ environment: null, tags: {}, managementGroups: null });
  expect(routed.machines[1]?.subscriptionId).toBe('0a1b2c3d-2222-4222-8222-0123456789ab');
});
