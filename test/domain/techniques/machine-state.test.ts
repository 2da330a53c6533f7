import fc from 'fast-check';
import {
  afterReading,
  changesAround,
  type MachineContent,
  type MachineState,
  readMachineState,
} from '../../../src/domain/techniques/machine-state';
import { machineContent } from '../../../src/domain/techniques/stored-script';
import { contentHashes, createKeyring } from '../../../src/runtime/keyring';
import { testKeyring, testSecret } from '../../support/store';

const hashes = contentHashes(testKeyring);
const content = (userData: string | null, ...applications: string[]): MachineContent => ({
  userData,
  applications,
});
/** Readings at 1, 2, 3 s. */
const read = (...contents: MachineContent[]): MachineState =>
  contents.reduce<MachineState | null>(
    (state, each, index) =>
      afterReading(state, each, { from: (index + 1) * 10_000, to: (index + 1) * 10_000 + 100 }, hashes),
    null,
  ) as MachineState;
const write = (startedAt: number, endedAt = startedAt + 100) => ({ startedAt, endedAt });

test('before the first reading nothing is known', () => {
  expect(changesAround(read(content('a')), write(5000))).toBeNull();
});

test('a write between two different readings changed it, and one between equal readings did not', () => {
  const state = read(content('a'), content('b', 'app'), content('b', 'app'));
  expect(changesAround(state, write(15_000))).toEqual({
    what: ['user-data', 'gallery-application'],
    since: 10_000,
  });
  expect(changesAround(state, write(25_000))?.what).toEqual([]);
});

test('a write that ended before a later one was checked still counts', () => {
  const state = read(content('a'), content('b'), content('b'));
  expect(changesAround(state, write(12_000, 19_000))?.what).toEqual(['user-data']);
});

test('removed user data is a change, a removed application is not', () => {
  expect(changesAround(read(content('a', 'x'), content(null, 'x')), write(15_000))?.what).toEqual([
    'user-data',
  ]);
  expect(changesAround(read(content('a', 'x'), content('a')), write(15_000))?.what).toEqual([]);
});

test('hashes are keyed; a rotated secret is known while it is the previous one, another one says nothing', () => {
  const state = read(content('hunter2'));
  expect(JSON.stringify(state)).not.toContain('hunter2');
  const at = { from: 20_000, to: 20_100 };
  const rotated = contentHashes(createKeyring({ current: 'x'.repeat(40), previous: testSecret }));
  expect(afterReading(state, content('hunter2'), at, rotated)).toMatchObject({
    changes: [],
    firstReadAt: state.firstReadAt,
  });
  const other = contentHashes(createKeyring({ current: 'x'.repeat(40), previous: null }));
  expect(afterReading(state, content('hunter2'), at, other).firstReadAt).toBe(20_100);
});

test('a reading that began earlier than the last changes nothing, and the state stays small', () => {
  const state = read(content('a'), content('b'));
  expect(afterReading(state, content('a'), { from: 15_000, to: 30_000 }, hashes)).toEqual(state);
  fc.assert(
    fc.property(fc.array(fc.array(fc.string(), { maxLength: 80 }), { maxLength: 30 }), (all) => {
      const last = all.length > 0 ? read(...all.map((each) => content(each[0] ?? null, ...each))) : null;
      expect(JSON.stringify(last).length).toBeLessThan(6000);
    }),
    { numRuns: 20 },
  );
});

test.each([
  [undefined, { userData: null, applications: [] }],
  ['x', { userData: null, applications: [] }],
  [
    { userData: 5, applicationProfile: [] },
    { userData: null, applications: [] },
  ],
  [
    { virtualMachineProfile: { userData: Buffer.from('hi').toString('base64') } },
    { userData: 'hi', applications: [] },
  ],
  [
    { applicationProfile: { galleryApplications: [{ b: 1, packageReferenceId: 'v' }] } },
    { userData: null, applications: ['{"b":1,"packageReferenceId":"v"}'] },
  ],
  [{ userData: '/////w==' }, { userData: '/////w==', applications: [] }],
])('%j is read as %j', (properties, wanted) => {
  expect(machineContent(properties)).toEqual(wanted);
});

test('a stored state is read again, and a damaged one is none', () => {
  const state = {
    ...{ key: 'k', firstReadAt: 1, readAt: 2, userData: null, applications: ['h'] },
    changes: [{ from: 1, to: 2, what: ['user-data'] }],
  };
  expect(readMachineState(JSON.stringify(state))).toEqual(state);
  for (const damaged of [
    '',
    'null',
    '{',
    JSON.stringify({ ...state, readAt: 'now' }),
    JSON.stringify({ ...state, applications: 'h' }),
    JSON.stringify({ ...state, changes: [{ from: 1, to: 2, what: ['nothing'] }] }),
  ])
    expect(readMachineState(damaged)).toBeNull();
});
