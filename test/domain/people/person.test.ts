import type { Presser } from '../../../src/domain/people/person';
import { areDifferentPeople, comparePeople } from '../../../src/domain/people/person';

const tenant = 'aaaaaaaa-0000-4000-8000-000000000000';
const other = 'bbbbbbbb-0000-4000-8000-000000000000';
const slack = (id: string, more: Partial<Presser> = {}): Presser => ({
  surface: 'slack',
  id,
  name: id,
  team: 'T1',
  ...more,
});
const teams = (id: string, more: Partial<Presser> = {}): Presser => ({
  surface: 'teams',
  id,
  name: id,
  tenant,
  ...more,
});
const web = (id: string, more: Partial<Presser> = {}): Presser => ({
  surface: 'console',
  id,
  name: id,
  ...more,
});

test.each<[string, Presser, Presser, ReturnType<typeof comparePeople>]>([
  ['two users in a workspace', slack('U1'), slack('U2'), 'different'],
  ['the same user twice', slack('U1'), slack('u1'), 'same'],
  ['users in two workspaces', slack('U1'), slack('U2', { team: 'T2' }), 'unknown'],
  [
    'two users in a workspace with the same email',
    slack('U1', { email: 'a@b' }),
    slack('U2', { email: 'A@b' }),
    'same',
  ],
  ['Slack and Teams with the same object id', slack('U1', { objectId: 'o1', tenant }), teams('O1'), 'same'],
  ['Slack and Teams, other object ids', slack('U1', { objectId: 'o1', tenant }), teams('o2'), 'different'],
  ['object ids in two directories', slack('U1', { objectId: 'o1', tenant: other }), teams('o2'), 'unknown'],
  ['an object id without a directory', slack('U1', { objectId: 'o1' }), teams('o2'), 'unknown'],
  ['Slack and Teams with nothing in common', slack('U1'), teams('o1'), 'unknown'],
  ['Slack and the console by email', slack('U1', { email: 'a@b' }), web('root', { email: 'a@b' }), 'same'],
  [
    'Slack and the console with different emails',
    slack('U1', { email: 'a@b' }),
    web('x', { email: 'c@b' }),
    'unknown',
  ],
])('%s', (_, a, b, wanted) => {
  expect(comparePeople(a, b)).toBe(wanted);
  expect(comparePeople(b, a)).toBe(wanted);
  expect(areDifferentPeople(a, b)).toBe(wanted === 'different');
});

test('a command, a token and Runwatch itself never count as a second person', () => {
  const cli: Presser = { surface: 'cli', id: 'x', name: 'x' };
  const token = web('console-token');
  const ourselves: Presser = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' };
  for (const one of [cli, token, ourselves])
    for (const two of [slack('U1'), { ...one, id: 'another' }])
      expect(areDifferentPeople(one, two)).toBe(false);
});
