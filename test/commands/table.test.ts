import { table } from '../../src/commands/support/table';

const scope =
  '/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01/resourceGroups/rg-payments/providers/Microsoft.Compute/virtualMachines/vm-pay-01';
const rows = [
  ['ROLE', 'RUNS COMMANDS', 'SCOPE', 'HOW'],
  ['Virtual Machine Contributor', 'after activation', scope, 'eligible through Payments operators'],
  ['Reader', 'no', '/subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01', 'directly'],
];
const everyWord = rows
  .flat()
  .flatMap((cell) => cell.split(/[ /]+/))
  .filter(Boolean);

test('columns are aligned where they fit, and without a terminal', () => {
  expect(
    table(
      [
        ['A', 'B'],
        ['long', 'x'],
        ['y', 'z'],
      ],
      80,
    ),
  ).toEqual(['A     B', 'long  x', 'y     z']);
  expect(table(rows, 0)).toHaveLength(3);
  expect(table(rows, 0)[1]).toContain(`${scope}  eligible`);
});

test.each([132, 80, 40, 20, 1])('a terminal of %d columns shows every cell whole', (width) => {
  const lines = table(rows, width).flatMap((row) => row.split('\n'));
  expect(lines.filter((line) => line.length > Math.max(width, 20))).toEqual([]);
  const text = lines.join('').replace(/\s+/g, '');
  for (const word of everyWord) expect(text).toContain(word.replace(/\s+/g, ''));
});

test('what does not fit into the first line follows, indented', () => {
  expect(table(rows, 80)[2]).toBe(
    [
      'Reader                       no',
      '  /subscriptions/5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01',
      '  directly',
    ].join('\n'),
  );
});
