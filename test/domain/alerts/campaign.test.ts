import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import { campaignOf, linkOf } from '../../../src/domain/alerts/campaign';
import type { Facts, MachineFacts } from '../../../src/domain/alerts/facts';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { event, vm } from '../../support/event';

const minute = 60_000;
const start = Date.parse('2026-11-20T22:00:00Z');
const dana = '00000000-0000-4000-8000-000000000001';
const kim = '00000000-0000-4000-8000-000000000002';
const identity = '00000000-0000-4000-8000-0000000000aa';
const instanceRun = 'Microsoft.Compute/virtualMachineScaleSets/virtualMachines/runCommand/action';
const machineOf = (name: string) => vm.replace('vm-1', name);

function machineFacts(...identities: string[]): MachineFacts {
  const unknown = {
    os: null,
    power: null,
    agent: null,
    environment: null,
    openPorts: null,
    encryption: null,
  };
  return { ...unknown, tags: {}, publicIps: [], locks: [], identityCan: [], identities };
}

interface Fields {
  by?: string;
  on?: string;
  after?: number;
  ip?: string | null;
  operation?: string;
  /** Instead of the machine `on`. */
  resource?: string;
  refused?: boolean;
  correlationId?: string;
  facts?: Facts;
  announced?: boolean;
  /** The resource whose own identity the caller is. */
  of?: string;
}

function alertOf(id: string, fields: Fields = {}): Alert {
  const {
    by = dana,
    on = 'vm-1',
    after = 0,
    ip = null,
    refused = false,
    facts = {},
    announced = true,
  } = fields;
  const time = new Date(start + after * minute).toISOString();
  const execution = executionFrom(
    event({
      time,
      operation: fields.operation ?? event().operation,
      resourceId: fields.resource ?? machineOf(on),
      correlationId: fields.correlationId ?? `c-${id}`,
      caller: {
        ...{ id: by, name: by, upn: null, type: 'User', ip, appId: null },
        ...(fields.of ? { managedIdentityResource: fields.of } : {}),
      },
      refused,
    }),
  ) as Execution;
  return { ...newAlert(id, [execution], time), facts, announced };
}

const storyOf = (alert: Alert, others: readonly Alert[]) =>
  campaignOf(alert, others).map(({ alert: { id }, link }) => (link ? `${link.from} ${link.kind} ${id}` : id));

test('follows an attacker from machine to machine by their identities', () => {
  const first = alertOf('A', {
    facts: { machines: { [machineOf('vm-1').toLowerCase()]: machineFacts(identity) } },
  });
  const second = alertOf('B', { by: identity.toUpperCase(), on: 'vm-2', after: 3 * 24 * 60 });
  const unrelated = alertOf('C', { by: kim, on: 'vm-3', after: 5 });
  const story = ['A', 'A identity B'];
  expect(storyOf(first, [unrelated, second])).toEqual(story);
  expect(storyOf(second, [first, unrelated])).toEqual(story);
  expect(storyOf(unrelated, [first, second])).toEqual([]);
  expect(linkOf(first, second)?.by).toBe('vm-1');
});

test('links a password reset with the console session that followed it', () => {
  const reset = alertOf('A', { operation: 'Microsoft.Compute/virtualMachines/extensions/write' });
  const session = alertOf('B', {
    by: kim,
    after: 30,
    operation: 'Microsoft.SerialConsole/serialPorts/connect/action',
  });
  const inStory = campaignOf(session, [reset]);
  expect(inStory.map(({ link }) => link?.kind ?? null)).toEqual([null, 'machine']);
});

test('knows the identity of a machine or a scale set by the token alone, without a read of the machine', () => {
  const set = machineOf('x').replace('virtualMachines/x', 'virtualMachineScaleSets/ss');
  const onInstance = alertOf('A', {
    on: 'vm-1',
    operation: instanceRun,
    resource: `${set}/virtualMachines/3`,
  });
  const bySet = alertOf('B', { by: identity, on: 'vm-2', after: 30, of: set.toUpperCase() });
  expect(storyOf(bySet, [onInstance])).toEqual(['A', 'A identity B']);
  expect(linkOf(onInstance, bySet)?.by).toBe('ss/3');
  const byOther = alertOf('B', { by: identity, on: 'vm-2', after: 30, of: `${set}-2` });
  expect(storyOf(byOther, [onInstance])).toEqual([]);
  const shared = set.replace('Compute/virtualMachineScaleSets', 'ManagedIdentity/userAssignedIdentities');
  const byShared = alertOf('B', { by: identity, on: 'vm-2', after: 30, of: shared });
  expect(storyOf(byShared, [alertOf('A')])).toEqual([]);
});

test('a denied attempt gives no identity away, and what comes earlier follows from nothing', () => {
  const facts = { machines: { [machineOf('vm-1').toLowerCase()]: machineFacts(identity) } };
  const denied = alertOf('A', { refused: true, facts });
  const before = alertOf('B', { by: identity, on: 'vm-2', after: -30 });
  const after = alertOf('C', { by: identity, on: 'vm-2', after: 30 });
  expect(storyOf(denied, [after])).toEqual([]);
  expect(storyOf(alertOf('A', { facts }), [before])).toEqual([]);
});

test('the same job again and again is no campaign, nor is what was not shown or is too far away', () => {
  const alert = alertOf('A');
  expect(storyOf(alert, [alertOf('B', { after: 60 }), alertOf('C', { after: 120 })])).toEqual([]);
  const elsewhere = (fields: Fields) => alertOf('B', { on: 'vm-2', ...fields });
  expect(storyOf(alert, [elsewhere({ after: 60 })])).toEqual(['A', 'A caller B']);
  expect(storyOf(alert, [elsewhere({ after: 60, announced: false })])).toEqual([]);
  expect(storyOf(alert, [elsewhere({ after: 25 * 60 })])).toEqual([]);
});

test('finds alerts that only others connect, and links each to the most telling one', () => {
  const facts = { machines: { [machineOf('vm-1').toLowerCase()]: machineFacts(identity) } };
  const alerts = [
    alertOf('A', { ip: '203.0.113.24', facts }),
    alertOf('B', { by: kim, on: 'vm-9', ip: '203.0.113.24', after: 10 }),
    alertOf('C', { by: identity, on: 'vm-2', ip: '203.0.113.24', after: 20 }),
    alertOf('D', { by: identity, on: 'vm-3', after: 30 }),
  ];
  for (const alert of alerts)
    expect(
      storyOf(
        alert,
        alerts.filter((one) => one !== alert),
      ),
    ).toEqual(['A', 'A address B', 'A identity C', 'A identity D']);
});

const history = (addressSeen: boolean): Facts => ({
  history: {
    ...{ days: 90, onThisMachine: 0, newMachines: [], byCaller: 9, addressSeen, daily: [] },
    ...{ usualHour: null, refusalsBefore: 0, sameScriptAt: null },
  },
});
const other = { by: kim, on: 'vm-9', after: 10 };

test.each<[string, Fields, Fields]>([
  ['an office’s address, which both callers often have', { facts: history(true) }, { facts: history(true) }],
  ['a private address', { ip: '10.0.0.4' }, { ip: '10.0.0.4' }],
  [
    'an address of one of Azure’s services',
    {
      facts: {
        addresses: {
          '20.50.1.65': { azure: { region: null, service: 'AzureDevOps' }, asn: null, country: null },
        },
      },
      ip: '20.50.1.65',
    },
    { ip: '20.50.1.65' },
  ],
  ['an empty correlation id', { correlationId: '', ip: null }, { correlationId: '', ip: null }],
  [
    'a correlation id of zeros',
    { correlationId: '00000000-0000-0000-0000-000000000000', ip: null },
    { correlationId: '00000000-0000-0000-0000-000000000000', ip: null },
  ],
])('%s links nothing', (_, one, two) => {
  const alert = alertOf('A', { ip: '203.0.113.24', ...one });
  const second = alertOf('B', { ...other, ip: '203.0.113.24', ...two });
  expect(linkOf(alert, second)).toBeNull();
});

test('an address that is new for one of the callers links', () => {
  const alert = alertOf('A', { ip: '203.0.113.24', facts: history(true) });
  const second = alertOf('B', { ...other, ip: '203.0.113.24', facts: history(false) });
  expect(linkOf(alert, second)?.kind).toBe('address');
});

test('large bursts are compared once', () => {
  const burst = (n: number): Alert => {
    const alert = alertOf(`R${n}`, { by: kim, ip: '203.0.113.24', after: n });
    const [first] = alert.executions;
    const executions = Array.from({ length: 1500 }, (_, i) => ({
      ...(first as Execution),
      ...{ key: `${n}-${i}`, correlationId: `c-${n}-${i}` },
      target: { ...(first as Execution).target, id: machineOf(`vm-${n}-${i}`) },
    }));
    let reads = 0;
    return new Proxy(
      { ...alert, executions },
      {
        get: (all, name, self) => {
          if (name === 'executions' && ++reads > 10) throw new Error('read too often');
          return Reflect.get(all, name, self);
        },
      },
    );
  };
  const [first, ...rest] = Array.from({ length: 40 }, (_, n) => burst(n));
  expect(campaignOf(first as Alert, rest)).toHaveLength(40);
});
