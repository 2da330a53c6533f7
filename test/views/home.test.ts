import { newAlert } from '../../src/domain/alerts/alert';
import { type Measure, measureIdOf } from '../../src/domain/measures/measure';
import { machineSubject } from '../../src/domain/measures/subjects';
import type { Presser } from '../../src/domain/people/person';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { homeFor } from '../../src/views/home';
import { event, vm } from '../support/event';
import { type OwnStore, startStore } from '../support/store';

const sam: Presser = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' };
const at = '2026-11-20T22:00:00.000Z';
let own: OwnStore;
beforeEach(async () => {
  own = await startStore(['slack']);
});
afterEach(() => own.stop());

const machines = ['vm-1', 'vm-2'].map((name) => `${vm.slice(0, vm.lastIndexOf('/'))}/${name}`);
const isolation = (target: string, alertId: string, fields: Partial<Measure> = {}): Measure => ({
  id: measureIdOf('isolation', target),
  kind: 'isolation',
  target,
  name: target.split('/').at(-1) as string,
  subjects: [machineSubject(target)],
  rev: 0,
  state: 'in force',
  way: 'do',
  action: 'isolate',
  by: sam,
  at,
  changedAt: at,
  press: 'press-1',
  alerts: [alertId],
  before: { groups: [] },
  steps: [],
  says: 'Isolated.',
  signature: '',
  ...fields,
});
async function put(id: string, targets: readonly string[]) {
  const executions = targets.map(
    (resourceId, i) => executionFrom(event({ resourceId, correlationId: `${id}-${i}` })) as Execution,
  );
  await own.store.alerts.update(id, () => ({ alert: { ...newAlert(id, executions, at), announced: true } }));
}
const inForce = async (responders = true) =>
  (await homeFor(sam, { store: own.store, responders, now: Date.parse(at) })).find(({ heading }) =>
    heading.startsWith('In force'),
  );

test('the measures of a burst are one row, and its button says how many it undoes', async () => {
  await put('RW-1', machines);
  for (const target of machines)
    await own.store.measures.update(measureIdOf('isolation', target), () => ({
      measure: isolation(target, 'RW-1'),
    }));
  const part = await inForce();
  expect(part).toMatchObject({ heading: 'In force (2)', more: 0 });
  expect(part?.rows.map(({ actions }) => actions)).toEqual([
    [expect.objectContaining({ id: 'release', label: 'Release isolation (2)', value: 'RW-1' })],
  ]);
  expect(JSON.stringify(part?.rows[0]?.line)).toMatch(/Isolate: vm-[12], vm-[12].*by Sam · from RW-1/);
  expect((await inForce(false))?.rows[0]?.actions).toEqual([]);
});

test('a measure that was changed manually, or whose alert has expired, still shows', async () => {
  await own.store.measures.update(measureIdOf('isolation', vm), () => ({
    measure: isolation(vm, 'RW-OLD', { state: 'drifted', reason: 'group removed' }),
  }));
  const part = await inForce();
  expect(part?.heading).toBe('In force (1)');
  expect(part?.rows[0]?.actions).toEqual([]);
  expect(JSON.stringify(part?.rows[0]?.line)).toContain('changed manually since: group removed');
});
