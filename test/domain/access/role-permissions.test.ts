import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { grants, parseRoleDefinitions } from '../../../src/domain/access/role-permissions';

const roles = parseRoleDefinitions(
  JSON.parse(readFileSync(join(__dirname, '../../../data/azure-built-in-roles.json'), 'utf8')),
);
const granting = (action: string) =>
  roles
    .filter((role) => grants(role.permissions, action))
    .map((role) => role.name)
    .sort();

test('run command is granted by exactly these built-in roles', () => {
  expect(granting('Microsoft.Compute/virtualMachines/runCommand/action')).toEqual([
    'Avere Contributor',
    'Contributor',
    'Desktop Virtualization Virtual Machine Contributor',
    'Owner',
    'Virtual Machine Contributor',
  ]);
});

test.each([
  ['Microsoft.Compute/virtualMachines/extensions/write', 11],
  ['Microsoft.HybridCompute/machines/runCommands/write', 10],
  ['Microsoft.ContainerService/managedClusters/runCommand/action', 4],
  ['Microsoft.SerialConsole/serialPorts/connect/action', 3],
  ['Microsoft.Authorization/roleAssignments/write', 28],
])('%s is granted by %i roles', (action, count) => {
  expect(granting(action)).toHaveLength(count);
  expect(granting(action.toUpperCase())).toHaveLength(count);
});

test('agrees with a simple reference implementation', () => {
  const word = fc
    .array(fc.constantFrom('a', 'B', '*', '/'), { minLength: 1, maxLength: 6 })
    .map((all) => all.join(''));
  const block = fc.record({
    actions: fc.array(word, { maxLength: 3 }),
    notActions: fc.array(word, { maxLength: 3 }),
  });
  const hit = (pattern: string, action: string) =>
    new RegExp(`^${pattern.replace(/\*/g, '.*')}$`, 'is').test(action);
  fc.assert(
    fc.property(
      fc.array(block, { maxLength: 3 }),
      word.filter((w) => !w.includes('*')),
      (blocks, action) => {
        const plain = blocks.some(
          (b) => b.actions.some((p) => hit(p, action)) && !b.notActions.some((p) => hit(p, action)),
        );
        return grants(blocks, action) === plain;
      },
    ),
    { numRuns: 5000 },
  );
});
