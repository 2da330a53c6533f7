import { createHash, randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Reading } from '../../../src/domain/fetch-script/fetch-commands';
import { outputText, textOf } from '../../../src/domain/fetch-script/fetched-text';
import { joinChunks, readChunk, readList } from '../../../src/domain/fetch-script/read-answers';

const reading = { what: 'script', run: 3, version: null, from: 0 } as const satisfies Reading;

function answer(content: Buffer, over: Partial<Record<'head' | 'data' | 'end', string>> = {}): string {
  const data = gzipSync(content).toString('base64');
  const sha256 = createHash('sha256').update(content).digest('hex');
  const head = `runwatch script 3 0 ${content.length} ${content.length} ${sha256} ${data.length}`;
  return [over.head ?? head, over.data ?? data.slice(0, 3800), over.end ?? 'end', ''].join('\n');
}

test('a whole answer is read', () => {
  const chunk = readChunk(answer(Buffer.from('id')), reading);
  expect(joinChunks([chunk])).toMatchObject({ content: Buffer.from('id'), complete: true });
});

test.each([
  ['nothing', ''],
  ['something else', 'uid=0(root)'],
  ['the end cut off', answer(Buffer.from('id'), { end: '' })],
  ['the header cut off, as Azure keeps only the end', answer(Buffer.from('id')).slice(10)],
  ['another run', answer(Buffer.from('id')).replace('script 3 0', 'script 4 0')],
  ['another chunk', answer(Buffer.from('id')).replace('script 3 0', 'script 3 3800')],
  ['another part', answer(Buffer.from('id')).replace('script 3 0', 'output 3 0')],
  ['less data than it says', answer(randomBytes(100), { data: 'AAAA' })],
  ['data that is not Base64', answer(Buffer.from('id')).replace(/\n[A-Za-z0-9]/, '\n!')],
  ['a length beyond the limit', answer(Buffer.from('id')).replace(' 2 2 ', ' 999999999 2 ')],
  ['a number that is none', answer(Buffer.from('id')).replace(' 2 2 ', ' 2e9 2 ')],
  ['a huge answer', `${answer(Buffer.from('id'))}${'x'.repeat(10_000)}\nend`],
  ['more lines', answer(Buffer.from('id'), { end: 'x\nend' })],
])('%s is refused', (_, output) => {
  expect(() => joinChunks([readChunk(output, reading)])).toThrow();
});

test('an empty file is read: .NET packs it as nothing', () => {
  const empty = { bytes: 0, first: 0, sha256: createHash('sha256').digest('hex'), length: 0, data: '' };
  expect(joinChunks([empty])).toEqual({ content: Buffer.alloc(0), first: 0, complete: true });
});

test('a file that lies about its digest or its size is refused', () => {
  const chunk = readChunk(answer(Buffer.from('id')), reading);
  expect(() => joinChunks([{ ...chunk, sha256: '0'.repeat(64) }])).toThrow('does not match its digest');
  expect(() => joinChunks([{ ...chunk, bytes: 1 }])).toThrow();
  expect(() => joinChunks([{ ...chunk, bytes: 9 }])).toThrow('does not match its digest');
});

test('a small answer that unpacks to gigabytes is refused before it takes memory', () => {
  const bomb = gzipSync(Buffer.alloc(50_000_000)).toString('base64');
  const chunk = { bytes: 1000, first: 0, sha256: '0'.repeat(64), length: bomb.length, data: bomb };
  expect(() => joinChunks([chunk])).toThrow('can’t be unpacked');
});

test('the beginning of a longer file can be read, without a digest', () => {
  const content = Buffer.from('echo hello\n'.repeat(2000) + randomBytes(9000).toString('hex'));
  const chunk = readChunk(answer(content), reading);
  const file = joinChunks([chunk]);
  expect(file.complete).toBe(false);
  expect(content.subarray(0, file.content.length).equals(file.content)).toBe(true);
  expect(file.content.length).toBeGreaterThan(1000);
});

test.each([
  ['a missing line', 'runwatch list 2\n1 1790000000 5\nend'],
  ['a name that is not a number', 'runwatch list 1\n../x 1790000000 5\nend'],
  ['a version that is a path', 'runwatch list 1\n1 1790000000 5 1...2\nend'],
  ['the same script twice', 'runwatch list 2\n1 1790000000 5\n1 1790000001 5\nend'],
  ['a cut list', 'runwatch list 1\n1 1790000000 5'],
])('a list with %s is refused', (_, output) => {
  expect(() => readList(output)).toThrow();
});

test('text that is not UTF-8 is shown with marks and has no digest', () => {
  expect(textOf(Buffer.from('\ufeffid'))).toEqual({ text: 'id', exact: true });
  expect(textOf(Buffer.from([0xff, 0xfe, 0x69, 0, 0x64, 0]))).toEqual({ text: 'id', exact: true });
  expect(textOf(Buffer.from([0x69, 0xe9, 0x64]))).toEqual({ text: 'i\ufffdd', exact: false });
  expect(textOf(Buffer.from('a\0b'))).toEqual({ text: 'a\ufffdb', exact: false });
});

test('output is read from a Windows status file, and a broken one has none', () => {
  const part = (name: string, message: string) => ({ name, formattedMessage: { message } });
  const status = [{ status: { substatus: [part('StdOut', 'done\r\n'), part('StdErr', 'warning')] } }];
  const file = (text: string) => ({ content: Buffer.from(text), first: 0, complete: true });
  expect(outputText(file(JSON.stringify(status)), true)).toBe('done\nwarning');
  expect(outputText(file('[{"status":'), true)).toBeNull();
  expect(outputText(file('{"status": 5}'), true)).toBeNull();
});
