import fc from 'fast-check';
import {
  type Assignment,
  accessPathsFor,
  alsoCan,
  countCovered,
  type Deny,
  everyone,
} from '../../../src/domain/access/resolve-access';
import type { RoleDefinition } from '../../../src/domain/access/role-permissions';
import { covers } from '../../../src/domain/resources/resource-id';
import { scopeLabel } from '../../../src/domain/resources/scope-label';

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
  accessPathsFor(
    { action: run, scope: vm, principals: new Set(['me', 'my-group']) },
    assignments,
    roles,
    denies,
  ).ways.map((way) => way.assignment.name);

test.each<[string, Assignment, boolean]>([
  ['at the machine', assigned('owner', vm), true],
  ['at its resource group, in another case', assigned('owner', '/SUBSCRIPTIONS/s1/resourcegroups/RG'), true],
  ['at its subscription', assigned('runner', '/subscriptions/S1'), true],
  ['at a management group', assigned('owner', '/providers/Microsoft.Management/managementGroups/mg'), true],
  ['at the root', assigned('owner', '/'), true],
  ['at a group with a prefix of its name', assigned('owner', '/subscriptions/S1/resourceGroups/r'), false],
  ['at another machine', assigned('owner', `${vm}0`), false],
  ['through a group', assigned('owner', vm, 'my-group'), true],
  ['to another principal', assigned('owner', vm, 'other'), false],
  ['with a role that excludes it by notAction', assigned('narrow', vm), false],
  ['with a role that does not grant it', assigned('reader', vm), false],
])('%s', (_, assignment, can) => {
  expect(ask([assignment])).toHaveLength(can ? 1 : 0);
});

test('a notAction is not a deny: another role still grants the action', () => {
  expect(ask([assigned('narrow', vm), assigned('runner', vm)])).toEqual([`runner at ${vm} to me`]);
});

test.each<[string, Partial<Deny>, boolean]>([
  ['to everyone', {}, true],
  ['to my group', { principals: ['my-group'] }, true],
  ['to another principal', { principals: ['other'] }, false],
  ['to everyone but me', { excluded: ['me'] }, false],
  ['of another action', { permissions: [{ actions: ['Microsoft.Storage/*'], notActions: [] }] }, false],
  ['that excludes this action', { permissions: [{ actions: ['*'], notActions: [run] }] }, false],
  ['at a parent scope, not for children', { notToChildren: true }, false],
  ['at the machine, not for children', { notToChildren: true, scope: vm }, true],
])('a deny overrides a grant: %s', (_, fields, denied) => {
  expect(ask([assigned('owner', vm)], [deny(fields)])).toHaveLength(denied ? 0 : 1);
});

test('an extra assignment never removes access, and an extra deny never grants it', () => {
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

test.each([
  ['/', '/providers/Microsoft.Management/managementGroups/a', 'root'],
  [
    '/providers/Microsoft.Management/managementGroups/contoso-platform-production',
    '/subscriptions/S1',
    'a management group',
  ],
  [
    '/subscriptions/11111111-2222-4333-8444-555555555555',
    '/subscriptions/S1/resourceGroups/r',
    'a subscription',
  ],
  ['/subscriptions/S1/resourceGroups/a-long-name-of-a-group', vm, 'a resource group'],
])('%s is wider than %s', (wide, narrow) => {
  const [first] = alsoCan([assigned('owner', narrow), assigned('owner', wide)], roles);
  expect(first).toEqual({ id: 'change-access', text: expect.stringContaining(scopeLabel(wide)) });
});

test('covered machines are those that a plain search finds', () => {
  const name = fc.constantFrom('rg', 'RG', 'rg-2', 'rg0', 'r', 'vm', 'vm-1', 'VM-1');
  const id = fc
    .tuple(name, name)
    .map(([group, machine]) => `/subscriptions/s1/resourceGroups/${group}/vms/${machine}`);
  const scope = fc.oneof(
    { weight: 3, arbitrary: id },
    name.map((group) => `/subscriptions/S1/resourceGroups/${group}/`),
    fc.constantFrom('/', '/subscriptions/s1', '/subscriptions/s', '/subscriptions/s2'),
    name.map((group) => `/providers/Microsoft.Management/managementGroups/${group}`),
  );
  fc.assert(
    fc.property(
      fc.uniqueArray(id, { maxLength: 20, selector: (one) => one.toLowerCase() }),
      fc.array(scope, { maxLength: 4 }),
      fc.boolean(),
      (ids, scopes, denies) => {
        const ways = scopes.map((each) => ({
          assignment: assigned('owner', each),
          role: roles[0] as RoleDefinition,
        }));
        const isDenied = (one: string) => denies && /vm-1$/i.test(one);
        const found = ids.filter((one) => scopes.some((each) => covers(each, one)) && !isDenied(one));
        expect(countCovered(ways, ids, denies ? isDenied : undefined)).toBe(found.length);
      },
    ),
    { numRuns: 2000 },
  );
});
