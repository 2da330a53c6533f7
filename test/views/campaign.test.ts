import { type Alert, newAlert } from '../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { readCampaign } from '../../src/views/campaign';
import { event, vm } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const start = Date.parse('2026-11-20T22:00:00Z');
const hour = 3_600_000;
const guid = (n: number) => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

let own: OwnStore;
beforeAll(async () => {
  own = await startStore();
});
afterAll(() => own.stop());

/** An alert by a caller on machine n, whose identity is `guid(100 + n)`. */
function alertOf(n: number, by: string, at: number, ip: string | null = null): Alert {
  const time = new Date(at).toISOString();
  const resourceId = vm.replace('vm-1', `vm-${n}`);
  const caller = { id: by, name: by, upn: null, type: 'User' as const, ip, appId: null };
  const execution = executionFrom(
    event({ time, resourceId, correlationId: `c${n}-${at}`, caller }),
  ) as Execution;
  const machine = {
    ...{ os: null, power: null, agent: null, environment: null, openPorts: null, encryption: null },
    ...{ tags: {}, publicIps: [], locks: [], identityCan: [], identities: [guid(100 + n)] },
  };
  const facts = { machines: { [resourceId.toLowerCase()]: machine } };
  return { ...newAlert(`RW-${n}`, [execution], time), facts, ready: true, announced: true, raisedAt: time };
}

async function put(alerts: readonly Alert[]): Promise<void> {
  for (const alert of alerts) await own.store.alerts.update(alert.id, () => ({ alert }));
}

test('follows identities over several machines from any alert of the chain, and leaves others out', async () => {
  const chain = [
    alertOf(1, guid(1), start),
    alertOf(2, guid(101), start + 30 * hour),
    alertOf(3, guid(102), start + 60 * hour),
  ];
  await put([...chain, alertOf(8, guid(2), start + hour), alertOf(9, guid(101), start + 8 * 24 * hour)]);
  for (const alert of chain) {
    const steps = await readCampaign(alert, own.store.alerts);
    expect(steps.map(({ alert: { id }, link }) => [id, link?.from, link?.kind, link?.by])).toEqual([
      ['RW-1', undefined, undefined, undefined],
      ['RW-2', 'RW-1', 'identity', 'vm-1'],
      ['RW-3', 'RW-2', 'identity', 'vm-2'],
    ]);
  }
  expect(await readCampaign(alertOf(8, guid(2), start + hour), own.store.alerts)).toEqual([]);
});

test('finds what a machine’s own identity did without its object id, from both alerts', async () => {
  const first = alertOf(300, guid(800), start);
  const [{ target, caller }] = first.executions as [Execution];
  const alone = { ...first, facts: {} };
  const then = alertOf(301, guid(901), start + hour);
  const held = { ...caller, id: guid(901), managedIdentityResource: target.id.toUpperCase() };
  const second = { ...then, executions: then.executions.map((one) => ({ ...one, caller: held })) };
  await put([alone, second]);
  for (const alert of [alone, second]) {
    const steps = await readCampaign(alert, own.store.alerts);
    const links = steps.map(({ alert: { id }, link }) => [id, link?.kind]);
    expect(links).toEqual([
      ['RW-300', undefined],
      ['RW-301', 'identity'],
    ]);
  }
});

test('reads a bounded number of alerts, whatever is linked', async () => {
  const many = Array.from({ length: 60 }, (_, i) =>
    alertOf(200 + i, guid(500 + i), start + i * 60_000, '20.1.2.3'),
  );
  await put(many);
  let read = 0;
  let searches = 0;
  const steps = await readCampaign(many[0] as Alert, {
    search: (...args) => {
      searches += 1;
      return own.store.alerts.search(...args);
    },
    getMany: (ids) => {
      read += ids.length;
      return own.store.alerts.getMany(ids);
    },
  });
  expect(steps.length).toBeGreaterThan(8);
  expect(read).toBeLessThanOrEqual(40);
  expect(searches).toBeLessThanOrEqual(56);
});
