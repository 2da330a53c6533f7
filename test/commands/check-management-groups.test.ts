import { checkManagementGroups } from '../../src/commands/doctor/check-management-groups';
import type { Check } from '../../src/config/doctor-check';
import type { ManagementGroup } from '../../src/domain/resources/management-group';

const groups = new Map([['a', [{ id: 'mg-production', name: 'Production' }]]]);
const check = async (
  managementGroup: string[] | undefined,
  read: () => Promise<Map<string, ManagementGroup[]>>,
) => {
  const checks: Check[] = [];
  const routes = [{ when: { managementGroup } }];
  await checkManagementGroups({ managementGroups: read }, routes, ['a', 'b'], (one) => checks.push(one));
  return checks;
};

test('without a route by management group, nothing is read or checked', async () => {
  expect(await check(undefined, () => Promise.reject(new Error('called')))).toEqual([]);
});

test('a denied read is reported with its remedy', async () => {
  const denied = Object.assign(new Error('management groups: denied'), { remedy: 'grant it' });
  expect(await check(['mg-*'], () => Promise.reject(denied))).toMatchObject([
    {
      ok: false,
      optional: true,
      says: 'management groups: denied; these routes do not match',
      fix: 'grant it',
    },
  ]);
});

test('a group that is above no monitored subscription, and an unreadable subscription, are reported', async () => {
  expect(await check(['production', 'mg-typo'], async () => groups)).toMatchObject([
    { ok: false, says: 'mg-typo: not above a monitored subscription; unknown for b' },
  ]);
  expect(await check(['Prod*'], async () => new Map([...groups, ['b', []]]))).toMatchObject([
    { ok: true, says: 'read for 2 subscriptions' },
  ]);
});
