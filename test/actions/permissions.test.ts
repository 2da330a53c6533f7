import type { AlertAction } from '../../src/actions/action';
import { actionOf } from '../../src/actions/registry';
import { newAlert } from '../../src/domain/alerts/alert';
import { allTechniques } from '../../src/domain/techniques/catalogue';
import { type Execution, executionFrom } from '../../src/domain/techniques/execution';
import { untouched } from '../support/alerts';
import { event, vm } from '../support/event';

const group = vm.replace(/\/virtualMachines.*/, '');

/** A write operation creates a resource of its own type. */
test.each(
  allTechniques().flatMap(({ operations }) =>
    operations.filter((operation) => /\/(extensions|runCommands)\/write$/i.test(operation)),
  ),
)('clean up is offered after %s only if it declares the permissions it needs', (operation) => {
  const type = operation.replace(/\/write$/i, '');
  const [provider = '', ...kinds] = type.split('/');
  const resourceId = `${group.replace('Microsoft.Compute', provider)}${kinds.map((kind) => `/${kind}/x`).join('')}`;
  const execution = executionFrom(event({ operation, resourceId })) as Execution;
  const alert = newAlert('RW-1', [execution], execution.startedAt);
  const cleanUp = actionOf('clean_up') as AlertAction;
  if (!cleanUp.offered(untouched(alert), 0)) return;
  const declared = cleanUp.permissions.map((permission) => permission.toLowerCase());
  expect(declared).toEqual(
    expect.arrayContaining([`${type}/read`.toLowerCase(), `${type}/delete`.toLowerCase()]),
  );
});
