import { collect } from '../../src/store/redis/lua-script';

test('calls of one turn are one call, each with its own answer, and at most so many', async () => {
  const calls: number[][] = [];
  const double = collect(3, async (numbers: readonly number[]) => {
    calls.push([...numbers]);
    return numbers.map((one) => one * 2);
  });
  expect(await Promise.all([1, 2, 2, 4].map(double))).toEqual([2, 4, 4, 8]);
  expect(await double(5)).toBe(10);
  expect(calls).toEqual([[1, 2, 2], [4], [5]]);
});

test('a failure reaches every caller of its call and no other', async () => {
  let down = true;
  const echo = collect(10, async (numbers: readonly number[]) => {
    if (down) throw new Error('down');
    return [...numbers];
  });
  const failed = await Promise.allSettled([echo(1), echo(2)]);
  expect(failed.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  down = false;
  expect(await echo(1)).toBe(1);
});
