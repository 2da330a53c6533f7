import '../../../src/actions/registry';
import { addedBy, bulkOf, leftOut, missingChoice, presetsOf } from '../../../src/chat/console/alerts/bulk';
import { bulkBar, bulkSheet } from '../../../src/chat/console/alerts/bulk-html';
import { offeredAction } from '../../../src/chat/console/presses';
import { newAlert } from '../../../src/domain/alerts/alert';
import { close } from '../../../src/domain/alerts/transitions';
import type { AlertView } from '../../../src/domain/measures/alert-view';
import { type Measure, measureIdOf } from '../../../src/domain/measures/measure';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { untouched } from '../../support/alerts';
import { event } from '../../support/event';

const viewer = { surface: 'console', id: 'alex', name: 'Alex Kim' };
const at = '2026-11-20T22:00:00.000Z';
const deps = { responders: true, now: () => Date.parse(at), sla: {}, press: async () => '' };

function viewOf(n: number, machine = `vm-${n}`): AlertView {
  const resourceId = `/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/${machine}`;
  const caller = { id: 'd1', name: 'dana', upn: 'dana', type: 'User' as const, ip: null, appId: null };
  const execution = executionFrom(event({ resourceId, caller, correlationId: `c${n}` })) as Execution;
  return untouched({ ...newAlert(`RW-${n}`, [execution], at), announced: true, ready: true });
}
const isolated = (view: AlertView): AlertView => {
  const { target } = view.alert.executions[0] as Execution;
  const measure: Measure = {
    ...{ id: measureIdOf('isolation', target.id), kind: 'isolation', target: target.id, name: target.name },
    ...{ subjects: [], rev: 1, state: 'in force', way: 'do', action: 'isolate', by: viewer, at },
    ...{ changedAt: at, press: 'p', alerts: [view.alert.id], before: { interfaces: [] }, steps: [] },
    ...{ says: '', signature: 's' },
  };
  return { ...view, measures: [measure] };
};
const closed = (view: AlertView): AlertView => ({
  ...view,
  alert: close(view.alert, 'benign', { by: viewer, at }),
});
const wanted = (body: Record<string, unknown>) => {
  const read = bulkOf({ id: 'RW-1', ...body });
  if ('fault' in read) throw new Error(read.fault);
  return read;
};
const sheet = (action: 'close' | 'assign_to' | 'quick_exception', views: readonly AlertView[]) => {
  const offered = offeredAction(views[0] as AlertView, action, viewer, deps);
  return bulkSheet(action, views, { csrf: 'x', offered }).text;
};

test('a selection names its alerts once, and nothing else', () => {
  expect(bulkOf({ action: 'close', id: ['RW-1', 'RW-1', 'RW-2'], as: 'benign', csrf: 'x' })).toEqual({
    action: 'close',
    ids: ['RW-1', 'RW-2'],
    values: { as: 'benign', note: '' },
    held: '',
  });
  for (const body of [
    { action: 'close' },
    { action: 'close', id: 'x/../y' },
    { action: 'close', id: 'RW-1', held: 'both' },
    { action: 'acknowledge', id: Array.from({ length: 51 }, (_, i) => `RW-${i}`) },
    { action: 'isolate', id: 'RW-1' },
    undefined,
  ])
    expect(bulkOf(body)).toHaveProperty('fault');
});

test('nothing is preselected where somebody has to choose, and nothing is done before', () => {
  const views = [viewOf(1), isolated(viewOf(2))];
  const form = sheet('close', views);
  expect(form).not.toMatch(/ (checked|selected)/);
  expect(form).toContain('In force on 1 of these alerts');
  expect(form).toContain('vm-2</strong> <span class="muted">RW-2');
  expect(sheet('close', [viewOf(1), closed(isolated(viewOf(2)))])).not.toContain('In force');
  expect(missingChoice(wanted({ action: 'close' }), views)).toContain('Choose why');
  expect(missingChoice(wanted({ action: 'close', as: 'benign' }), views)).toContain('measures in force');
  expect(missingChoice(wanted({ action: 'close', as: 'benign' }), [viewOf(1)])).toBeNull();
  expect(missingChoice(wanted({ action: 'close', as: 'benign', held: 'skip' }), views)).toBeNull();
  expect(missingChoice(wanted({ action: 'assign_to', person: ' ' }), views)).toContain('who');
  expect(missingChoice(wanted({ action: 'quick_exception' }), views)).toContain('exception');
  expect(missingChoice(wanted({ action: 'acknowledge' }), views)).toBeNull();
});

test('alerts with measures in force are left open unless that is chosen', () => {
  const close = (held: string) => wanted({ action: 'close', as: 'benign', held });
  expect(leftOut(close('skip'), isolated(viewOf(2)), [])).toMatch(/^Left open\. In force: .*vm-2/);
  expect(leftOut(close(''), isolated(viewOf(2)), [])).toMatch(/^Left open/);
  expect(leftOut(close('keep'), isolated(viewOf(2)), [])).toBeNull();
  expect(leftOut(close('skip'), viewOf(1), [])).toBeNull();
});

test('each different exception is offered, counted and added once', () => {
  const views = [viewOf(1), viewOf(2), viewOf(3, 'vm-1'), closed(viewOf(4))];
  expect(presetsOf(views).map(({ value, count }) => [value, count])).toContainEqual(['caller-machine.7', 3]);
  expect(sheet('quick_exception', views)).toContain('(3 of 4 alerts)');
  expect(addedBy(views, 'caller-machine.7').map(({ view }) => view.alert.id)).toEqual(['RW-1', 'RW-2']);
  const request = wanted({ action: 'quick_exception', choice: 'caller-machine.7' });
  const why = views.map((view, i) => leftOut(request, view, views.slice(0, i)));
  expect(why).toEqual([
    null,
    null,
    expect.stringContaining('RW-1'),
    expect.stringContaining('isn’t offered'),
  ]);
});

test('without responders, exceptions are not offered; assigning asks for a person', () => {
  expect(bulkBar(true).text).toContain('quick_exception');
  expect(bulkBar(false).text).not.toContain('quick_exception');
  expect(sheet('assign_to', [viewOf(1)])).toContain('name="person"');
  expect(sheet('assign_to', [viewOf(1), viewOf(2)])).toContain('Assign 2 alerts');
});
