import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { replay } from '../../src/commands/replay';
import type { Config } from '../../src/config/config';
import { loadConfig } from '../../src/load-config';

const folder = join(__dirname, '../fixtures/log-shapes');
const logs = join(__dirname, '../fixtures/activity-log');
const dir = mkdtempSync(join(tmpdir(), 'runwatch-files-'));
const config: Config = loadConfig({});

interface Expected {
  alerts: Record<string, unknown>[];
  /** Unreadable input is expected, and reported. */
  said?: boolean;
  /** Either the alerts or a report of unreadable input is expected. */
  orSaid?: boolean;
  exceptions?: boolean;
}

async function run(path: string, flags: Partial<Parameters<typeof replay>[1]> = {}) {
  const out: string[] = [];
  const err: string[] = [];
  const code = await replay([path], { format: 'auto', json: true, ...flags }, config, {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    interactive: false,
    color: false,
  });
  return { code, rows: out.map((line) => JSON.parse(line)), stderr: err.join('\n') };
}

const file = (name: string, content: string | Buffer) => {
  writeFileSync(join(dir, name), content);
  return join(dir, name);
};

const isMoment = (text: unknown): text is string =>
  typeof text === 'string' && /^\d{4}-\d\d-\d\dT/.test(text);
const asMoments = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, each) => (isMoment(each) ? new Date(each).toISOString() : each));

const cases: [string, Expected][] = Object.entries(
  JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')),
);

test.each(cases)('%s', async (name, { alerts, said, orSaid, exceptions }) => {
  const judged = exceptions ? { exceptions: join(folder, 'exceptions.yaml') } : {};
  const { code, rows, stderr } = await run(join(folder, name), judged);
  const isReported = code !== 0 || /[1-9]\d* unreadable/.test(stderr);
  if (said || (orSaid && rows.length === 0)) expect(isReported).toBe(true);
  if (orSaid && rows.length === 0) return;
  expect(rows).toHaveLength(alerts.length);
  expect(asMoments(rows)).toMatchObject(asMoments(alerts) as object);
});

const lines = readFileSync(join(logs, 'diagnostic.ndjson'), 'utf8').trim().split('\n');
const run1 = lines[2] ?? '';
const zipped = gzipSync(`${lines.join('\n')}\n`);
const one = gzipSync(run1);

const badSum = Buffer.from(zipped);
badSum[badSum.length - 6] = (badSum[badSum.length - 6] ?? 0) ^ 1;

test.each([
  ['a bad checksum', badSum, 'incorrect data check'],
  ['a cut trailer', zipped.subarray(0, -4), 'unexpected end of file'],
  ['one record and a cut trailer', one.subarray(0, -4), 'unexpected end of file'],
  ['garbage after it', Buffer.concat([zipped, Buffer.from('garbage')]), 'incorrect header check'],
])('gzip with %s: its content is read and the error is reported', async (name, content, fault) => {
  const { code, rows, stderr } = await run(file(`${name}.gz`, content));
  expect(rows).toHaveLength(1);
  expect(stderr).toContain(fault);
  expect(code).toBe(1);
});

test('concatenated gzip files are read as one', async () => {
  const { code, rows } = await run(file('two.gz', Buffer.concat([zipped, zipped])));
  expect(rows).toHaveLength(1);
  expect(code).toBe(0);
});

test('two records on one line are read; broken and oversized ones are reported with their place', async () => {
  const long = `{"long":"${'x'.repeat(33 * 1024 * 1024)}"}`;
  const other = run1.replaceAll(
    /"correlationId": "[^"]*"/g,
    '"correlationId":"ffffffff-1111-4111-8111-111111111111"',
  );
  const { code, rows, stderr } = await run(
    file('broken.ndjson', `${run1}${other}\n{"a":\n${long}\nhello\n${lines[3]}\n`),
  );
  expect(rows).toHaveLength(2);
  expect(stderr).toContain('3 records');
  expect(stderr).toContain('broken.ndjson:2:6: the line ends inside an object');
  expect(stderr).toContain('broken.ndjson:3:1: a record is longer than 32 MB');
  expect(stderr).toContain('broken.ndjson:4:1: unexpected "h"');
  expect(code).toBe(1);
});

const table: Record<string, unknown>[] = JSON.parse(readFileSync(join(logs, 'log-analytics.json'), 'utf8'));
const columns = Object.keys(table[2] ?? {});
const cell = (value: unknown) =>
  `"${(typeof value === 'object' ? JSON.stringify(value) : String(value ?? '')).replaceAll('"', '""')}"`;
const csv = (delimiter: string) =>
  [
    columns.map((name) => (name === 'TimeGenerated' ? 'TimeGenerated [UTC]' : name)).join(delimiter),
    ...table.map((row) => columns.map((name) => cell(row[name])).join(delimiter)),
    '',
  ].join('\r\n');

test.each([
  ['with commas', Buffer.from(csv(','))],
  ['with semicolons', Buffer.from(csv(';'))],
  ['with a byte order mark', Buffer.from(`\uFEFF${csv(',')}`)],
  ['in UTF-16', Buffer.from(`\uFEFF${csv('\t')}`, 'utf16le')],
  ['gzipped', gzipSync(csv(','))],
])('Log Analytics CSV %s gives the same as its JSON', async (name, content) => {
  const [wanted] = (await run(join(logs, 'log-analytics.json'))).rows;
  const { code, rows } = await run(file(`${name}.csv`, content));
  expect(rows).toEqual([wanted]);
  expect(code).toBe(0);
});

test("the portal's CSV is recognized and refused", async () => {
  const { code, stderr } = await run(
    file(
      'portal.csv',
      'Correlation id,Operation name,Status,Event category,Level,Time\na,Run Command on Virtual Machine,Succeeded,Administrative,Informational,2026-11-26T03:00:00Z\n',
    ),
  );
  expect(stderr).toContain("the portal's CSV has display names for operations");
  expect(code).toBe(1);
});

test('a file without readable records exits 1, even with --fail-on-alert', async () => {
  const junk = file('junk.json', '[{"a":1},{"b":2}]');
  for (const failOnAlert of [false, true]) {
    const { code, stderr } = await run(junk, { failOnAlert });
    expect(stderr).toContain('none of its 2 records could be read');
    expect(code).toBe(1);
  }
});

test('an empty list is not an error', async () => {
  expect((await run(file('none.json', '{"value":[]}'))).code).toBe(0);
});

test('a control character in a file name does not reach the terminal', async () => {
  const { stderr } = await run(join(dir, 'a\u001b[31mred.json'));
  expect(stderr).toContain('file not found');
  expect(stderr).not.toContain('\u001b');
});

test('--group makes a burst when one caller runs on ten machines within ten minutes', async () => {
  const onMachine = (n: number, minutes: number) =>
    run1
      .replaceAll(/vm-pay-01/gi, `vm-pay-${n}`)
      .replaceAll(
        /"correlationId": "[^"]*"/g,
        `"correlationId": "${n}0000000-1111-4111-8111-11111111${minutes + 1000}"`,
      )
      .replace(/"time": "[^"]*"/, `"time": "${new Date(Date.UTC(2026, 10, 20, 8, minutes)).toISOString()}"`);
  const records = Array.from({ length: 12 }, (_, i) => onMachine(i, Math.floor(i / 2)));
  const content = file('burst.ndjson', [...records, onMachine(3, 40)].join('\n'));
  expect((await run(content)).rows).toHaveLength(13);
  const { rows } = await run(content, { group: true });
  expect(rows.map(({ machines }) => machines)).toEqual([12, undefined]);
});

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth);

test.each([
  ['lists', nested(200_000), 'nested more than 100 deep'],
  ['envelopes', '{"value":['.repeat(100_000), 'nested more than 100 deep'],
  ['a field', `{"azure":{"activitylogs":{"operation_name":${nested(200_000)}}}}`, '1 unreadable'],
])('extreme nesting in %s does not stop the replay or exhaust memory', async (name, content, fault) => {
  const { rows, stderr } = await run(file(`deep-${name}.ndjson`, `${content}\n${run1}\n`));
  expect(stderr).toContain(fault);
  expect(rows).toHaveLength(1);
});
