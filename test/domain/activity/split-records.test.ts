import fc from 'fast-check';
import type { BrokenFileError } from '../../../src/domain/activity/broken-file';
import { splitRecords } from '../../../src/domain/activity/split-records';

/** Feeds a text in pieces of `size` bytes, and collects the records and the error. */
async function split(
  text: string,
  size = text.length,
): Promise<{ records: unknown[]; fault: BrokenFileError | null }> {
  async function* pieces() {
    const bytes = Buffer.from(text);
    for (let i = 0; i < bytes.length; i += Math.max(1, size)) yield bytes.subarray(i, i + Math.max(1, size));
  }
  const records: unknown[] = [];
  try {
    for await (const batch of splitRecords(pieces())) records.push(...batch);
  } catch (error) {
    return { records, fault: error as BrokenFileError };
  }
  return { records, fault: null };
}

const record = fc.dictionary(
  fc.string().filter((key) => !['value', 'records', '__proto__'].includes(key)),
  fc.jsonValue(),
);
const formats: Record<string, (records: unknown[]) => string> = {
  lines: (records) => records.map((r) => JSON.stringify(r)).join('\n'),
  'lines with CRLF': (records) => records.map((r) => `${JSON.stringify(r)}\r\n`).join(''),
  array: (records) => JSON.stringify(records),
  'pretty array': (records) => JSON.stringify(records, null, 2),
  value: (records) => JSON.stringify({ value: records }),
  'value with a nextLink': (records) =>
    JSON.stringify({ nextLink: 'https://x/?a=[{', value: records, count: { a: '}' } }, null, 1),
  records: (records) => JSON.stringify({ records }),
  'pretty objects': (records) => records.map((r) => JSON.stringify(r, null, 2)).join('\n'),
};

test.each(Object.entries(formats))('%s are read unchanged, wherever the pieces are cut', async (_, write) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(record, { maxLength: 6 }),
      fc.integer({ min: 1, max: 64 }),
      async (records, size) => {
        const { records: out, fault } = await split(write(records), size);
        expect(fault).toBeNull();
        expect(out).toEqual(JSON.parse(JSON.stringify(records)));
      },
    ),
    { numRuns: 150 },
  );
});

test('a broken line is reported with line and column, and the rest is read', async () => {
  const { records, fault } = await split('{"a":1}\n{"b":tru}\n{"c":3}\n', 5);
  expect(records).toEqual([{ a: 1 }, { c: 3 }]);
  expect(fault).toMatchObject({ line: 2, column: expect.any(Number), code: 'FILE_BROKEN' });
  expect(fault?.column).toBeGreaterThanOrEqual(6);
});

test('a line that ends too early does not consume the next', async () => {
  const { records, fault } = await split('{"a":{"b":"c\n{"d":4}\n');
  expect(records).toEqual([{ d: 4 }]);
  expect(fault?.line).toBe(1);
});

test('a file cut inside a list gives the records before the cut, and the line of the cut', async () => {
  const { records, fault } = await split('[\n  {"a": 1},\n  {"b": ');
  expect(records).toEqual([{ a: 1 }]);
  expect(fault).toMatchObject({ line: 3 });
});

test('a cut last line is an error', async () => {
  const { records, fault } = await split('{"a":1}\n{"b":', 3);
  expect(records).toEqual([{ a: 1 }]);
  expect(fault).toMatchObject({ line: 2 });
});

test('text that is not JSON is reported', async () => {
  expect((await split('hello\n')).fault).toMatchObject({ line: 1, column: 1 });
});
