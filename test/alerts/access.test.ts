import fc from 'fast-check';
import { type Assignment, type Deny, everyone, waysTo } from '../../src/domain/access/resolve-access';
import type { RoleDefinition } from '../../src/domain/access/role-permissions';

const vm = '/subscriptions/S1/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/vm-1';
const run = 'Microsoft.Compute/virtualMachines/runCommand/action';
const role = (id: string, actions: string[], notActions: string[] = []): RoleDefinition => ({
  id,
  name: id,
  custom: false,
  permissions: [{ actions, notActions }],
});
const roles = [
  role('owner', ['*']),
  role('narrow', ['Microsoft.Compute/*'], ['*/runCommand/*']),
  role('reader', ['*/read']),
  role('runner', [run]),
];
const assigned = (roleId: string, scope: string, principalId = 'me'): Assignment => ({
  id: `${scope}/a`,
  name: `${roleId} at ${scope} to ${principalId}`,
  scope,
  roleDefinitionId: `/x/roleDefinitions/${roleId}`,
  principalId,
  principalType: 'User',
  condition: null,
  description: null,
  createdOn: null,
  createdBy: null,
});
const deny = (fields: Partial<Deny>): Deny => ({
  name: 'd',
  scope: '/subscriptions/S1',
  notToChildren: false,
  permissions: [{ actions: ['*'], notActions: [] }],
  principals: [everyone],
  excluded: [],
  ...fields,
});
const ask = (assignments: Assignment[], denies: Deny[] = []) =>
  waysTo(
    { action: run, scope: vm, principals: new Set(['me', 'my-group']) },
    assignments,
    roles,
    denies,
  ).ways.map((way) => way.assignment.name);

test.each<[string, Assignment, boolean]>([
  ['at the machine', assigned('owner', vm), true],
  ['at its group, in other letters', assigned('owner', '/SUBSCRIPTIONS/s1/resourcegroups/RG'), true],
  ['at its subscription', assigned('runner', '/subscriptions/S1'), true],
  ['at a management group', assigned('owner', '/providers/Microsoft.Management/managementGroups/mg'), true],
  ['at the root', assigned('owner', '/'), true],
  ['at a group whose name only begins alike', assigned('owner', '/subscriptions/S1/resourceGroups/r'), false],
  ['at another machine', assigned('owner', `${vm}0`), false],
  ['through a group', assigned('owner', vm, 'my-group'), true],
  ['to somebody else', assigned('owner', vm, 'other'), false],
  ['a notAction takes it away', assigned('narrow', vm), false],
  ['a role that does not grant it', assigned('reader', vm), false],
])('%s', (_, assignment, can) => {
  expect(ask([assignment])).toHaveLength(can ? 1 : 0);
});

test('a notAction is no deny: another role still grants', () => {
  expect(ask([assigned('narrow', vm), assigned('runner', vm)])).toEqual([`runner at ${vm} to me`]);
});

test.each<[string, Partial<Deny>, boolean]>([
  ['to everyone', {}, true],
  ['to my group', { principals: ['my-group'] }, true],
  ['to somebody else', { principals: ['other'] }, false],
  ['to everyone but me', { excluded: ['me'] }, false],
  ['of something else', { permissions: [{ actions: ['Microsoft.Storage/*'], notActions: [] }] }, false],
  ['with this action left out', { permissions: [{ actions: ['*'], notActions: [run] }] }, false],
  ['above, but not for children', { notToChildren: true }, false],
  ['right here, not for children', { notToChildren: true, scope: vm }, true],
])('a deny wins: %s', (_, fields, denied) => {
  expect(ask([assigned('owner', vm)], [deny(fields)])).toHaveLength(denied ? 0 : 1);
});

test('more assignments never take away, more denies never give', () => {
  const any = fc
    .tuple(
      fc.constantFrom('owner', 'narrow', 'reader', 'runner'),
      fc.constantFrom('/', '/subscriptions/S1', vm, `${vm}0`),
      fc.constantFrom('me', 'my-group', 'other'),
    )
    .map(([r, s, p]) => assigned(r, s, p));
  const denies = fc.array(
    fc.constantFrom(deny({}), deny({ principals: ['other'] }), deny({ excluded: ['me'] })),
    { maxLength: 2 },
  );
  fc.assert(
    fc.property(fc.array(any, { maxLength: 5 }), any, denies, (list, extra, forbidding) => {
      expect(ask([...list, extra]).length).toBeGreaterThanOrEqual(ask(list).length);
      expect(ask(list, forbidding).length).toBeLessThanOrEqual(ask(list).length);
    }),
  );
});
