import type { Presser } from '../../../src/domain/people/person';
import { areDifferentPeople, comparePeople, isPerson } from '../../../src/domain/people/person';

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

const signedIn = (id: string, more: Partial<Presser> = {}): Presser =>
  web(id, { objectId: id, tenant, issuer: 'https://login.microsoftonline.com/t/v2.0', ...more });

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
  [
    'two accounts of one directory with one address, as an admin may have',
    teams('o1', { email: 'a@b' }),
    signedIn('o2', { email: 'A@b' }),
    'unknown',
  ],
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
  ['two people signed in by one issuer', signedIn('o1'), signedIn('o2'), 'different'],
  ['one person signed in twice', signedIn('o1'), signedIn('O1'), 'same'],
  ['signed in by two issuers', signedIn('o1'), web('x#1', { issuer: 'https://x' }), 'unknown'],
  [
    'signed in by two tenants',
    signedIn('o1'),
    signedIn('o2', { tenant: other, issuer: 'https://x' }),
    'unknown',
  ],
  ['the local user and someone signed in', web('root'), signedIn('o1'), 'unknown'],
  ['Teams and the console with the same object id', teams('o1'), signedIn('O1'), 'same'],
  ['Teams and the console, other object ids', teams('o1'), signedIn('o2'), 'different'],
  ['Teams and the console in two tenants', teams('o1'), signedIn('o2', { tenant: other }), 'unknown'],
  ['Slack by Graph and the console', slack('U1', { objectId: 'o1', tenant }), signedIn('o1'), 'same'],
  ['Slack without Graph and the console', slack('U1'), signedIn('o1'), 'unknown'],
  ['Teams users of two tenants', teams('o1'), teams('o2', { tenant: other }), 'unknown'],
  [
    'Slack users of one workspace, known to two tenants',
    slack('U1', { objectId: 'o1', tenant }),
    slack('U2', { objectId: 'o2', tenant: other }),
    'different',
  ],
])('%s', (_, a, b, wanted) => {
  expect(comparePeople(a, b)).toBe(wanted);
  expect(comparePeople(b, a)).toBe(wanted);
  expect(areDifferentPeople(a, b)).toBe(wanted === 'different');
});

test('a command, a token, the local user and Runwatch itself never count as a second person', () => {
  const cli: Presser = { surface: 'cli', id: 'x', name: 'x' };
  const token = web('console-token');
  const ourselves: Presser = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' };
  for (const one of [cli, token, ourselves, web('root')])
    for (const two of [slack('U1'), signedIn('o1'), { ...one, id: 'another' }])
      expect(areDifferentPeople(one, two)).toBe(false);
});

test('only people of a chat and people who signed in may approve', () => {
  expect([slack('U1'), teams('o1'), signedIn('o1')].map(isPerson)).toEqual([true, true, true]);
  expect([web('root'), web('console-token')].map(isPerson)).toEqual([false, false]);
});
