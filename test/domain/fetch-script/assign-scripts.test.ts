import { assignScripts } from '../../../src/domain/fetch-script/assign-scripts';

const minute = 60_000;
const at = Date.parse('2026-11-20T10:00:00Z');
const file = (run: number, minutes: number) => ({ run, version: null, at: at + minutes * minute, bytes: 10 });
const command = (key: string, minutes: number, took: number | null = 1) => ({
  key,
  startedAt: at + minutes * minute,
  endedAt: took === null ? null : at + (minutes + took) * minute,
});
const pairs = ({ by, scripts }: ReturnType<typeof assignScripts>) => [
  by,
  scripts.map(({ candidate, key }) => [candidate.run, key]),
];

test('the only script of that time belongs to the command', () => {
  const files = [file(5, 300), file(4, 0.5), file(3, -60)];
  expect(pairs(assignScripts(files, [command('a', 0)]))).toEqual(['time', [[4, 'a']]]);
});

test('several commands in a row are told by their order', () => {
  const files = [file(6, 2.5), file(5, 1.5), file(4, 0.5)];
  const commands = [command('c', 2), command('a', 0), command('b', 1)];
  expect(pairs(assignScripts(files, commands))).toEqual([
    'order',
    [
      [4, 'a'],
      [5, 'b'],
      [6, 'c'],
    ],
  ]);
});

test.each([
  ['another command ran at that time', [file(5, 1), file(4, 0.5)], [command('a', 0)], [5, 4]],
  ['one is missing', [file(4, 0.5)], [command('a', 0), command('b', 1)], [4]],
  ['times and numbers disagree', [file(4, 1.5), file(5, 0.5)], [command('a', 0), command('b', 1)], [4, 5]],
  ['none is of that time', [file(5, 900), file(4, 800)], [command('a', 0)], [5, 4]],
  [
    'the command still runs and others came after it',
    [file(5, 30), file(4, 0.5)],
    [command('a', 0, null)],
    [5, 4],
  ],
  ['the alert has no such command', [file(4, 0.5)], [], [4]],
])('it is not told when %s', (_, files, commands, shown) => {
  expect(pairs(assignScripts(files, commands))).toEqual([null, shown.map((run) => [run, null])]);
});

test('a machine without scripts has none to tell', () => {
  expect(assignScripts([], [command('a', 0)])).toEqual({ by: null, scripts: [] });
});
