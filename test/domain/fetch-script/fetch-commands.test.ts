import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  chunkLength,
  fetchCommand,
  linuxFolder,
  type Reading,
} from '../../../src/domain/fetch-script/fetch-commands';
import { outputText } from '../../../src/domain/fetch-script/fetched-text';
import { type Chunk, joinChunks, readChunk, readList } from '../../../src/domain/fetch-script/read-answers';

type FileReading = Exclude<Reading, { what: 'list' }>;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'runwatch-guest-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Runs our script in a real shell, on a folder of this test. */
function run(reading: Reading): string {
  const script = fetchCommand('Linux', reading).replace(linuxFolder, folder);
  const file = join(folder, 'ours');
  writeFileSync(file, script);
  const output = execFileSync('sh', [file], { encoding: 'utf8' });
  expect(Buffer.byteLength(output)).toBeLessThan(4096);
  return output;
}

function leave(number: number | string, script: string | Buffer, at = 1_790_000_000): string {
  const path = join(folder, String(number));
  mkdirSync(path);
  writeFileSync(join(path, 'script.sh'), script, { mode: 0o500 });
  utimesSync(join(path, 'script.sh'), at, at);
  return path;
}

function readAll(reading: Omit<FileReading, 'from'>) {
  const chunks: Chunk[] = [];
  do {
    const one = { ...reading, from: chunks.length * chunkLength };
    chunks.push(readChunk(run(one), one));
  } while (chunks.length * chunkLength < (chunks[0]?.length ?? 0));
  return { file: joinChunks(chunks), chunks: chunks.length };
}

test('lists scripts, newest first, and leaves out whatever is not a plain script', () => {
  leave(2, 'id', 1_790_000_100);
  leave(10, 'uname -a', 1_790_000_900);
  leave('x1', 'no number');
  mkdirSync(join(folder, '3'));
  symlinkSync('/etc/passwd', join(folder, '3', 'script.sh'));
  symlinkSync(join(folder, '2'), join(folder, '4'));
  expect(readList(run({ what: 'list' }))).toEqual({
    total: 2,
    candidates: [
      { run: 10, version: null, at: 1_790_000_900_000, bytes: 8 },
      { run: 2, version: null, at: 1_790_000_100_000, bytes: 2 },
    ],
  });
});

test('lists at most twenty, and says how many there are', () => {
  for (let i = 0; i < 25; i++) leave(i, 'id');
  const { candidates, total } = readList(run({ what: 'list' }));
  expect([candidates.length, total, candidates[0]?.run]).toEqual([20, 25, 24]);
});

test('a machine without such scripts lists none', () => {
  expect(readList(run({ what: 'list' }))).toEqual({ total: 0, candidates: [] });
  rmSync(folder, { recursive: true });
  const script = fetchCommand('Linux', { what: 'list' }).replace(linuxFolder, folder);
  expect(readList(execFileSync('sh', ['-c', script], { encoding: 'utf8' })).total).toBe(0);
});

test('reads a script byte for byte, in as many chunks as it takes', () => {
  const text = '#!/bin/bash\necho "Grüße" # \u0001\r\n\n\n';
  leave(7, text);
  const small = readAll({ what: 'script', run: 7, version: null });
  expect(small.file).toEqual({ content: Buffer.from(text), first: Buffer.byteLength(text), complete: true });
  expect(small.chunks).toBe(1);
  const random = randomBytes(20_000);
  leave(8, random);
  const large = readAll({ what: 'script', run: 8, version: null });
  expect(large.chunks).toBeGreaterThan(5);
  expect(large.file.content.equals(random)).toBe(true);
});

test('reads the ends of output and errors, as much as Azure returned to the caller', () => {
  const path = leave(3, 'id');
  writeFileSync(join(path, 'stdout'), `${'x'.repeat(9000)}\nuid=0(root)\n`);
  writeFileSync(join(path, 'stderr'), 'warning\n');
  const { file } = readAll({ what: 'output', run: 3, version: null });
  expect(file.first).toBe(4096);
  expect(outputText(file, false)).toMatch(/x\nuid=0\(root\)\nwarning$/);
});

test('what is gone reads as empty', () => {
  const { file } = readAll({ what: 'script', run: 99, version: null });
  expect(file.content.length).toBe(0);
  symlinkSync('/etc', join(folder, '5'));
  expect(readAll({ what: 'script', run: 5, version: null }).file.content.length).toBe(0);
});

test.each([
  [{ what: 'script', run: 1.5, version: null, from: 0 }],
  [{ what: 'script', run: -1, version: null, from: 0 }],
  [{ what: 'script', run: Number.NaN, version: null, from: 0 }],
  [{ what: 'script', run: '1; reboot' as never, version: null, from: 0 }],
  [{ what: 'output', run: 1, version: null, from: 1e12 }],
] as [Reading][])('only integers get into a script: %j', (reading) => {
  expect(() => fetchCommand('Linux', reading)).toThrow('only integers');
  expect(() => fetchCommand('Windows', reading)).toThrow('only integers');
});

test.each(['1.1.22\\..\\..', "1.1';reboot;'", '', '1', '1.2.3.4.5'])(
  'only a version of integers gets into a Windows path: %s',
  (version) => {
    expect(() => fetchCommand('Windows', { what: 'script', run: 0, version, from: 0 })).toThrow(
      'not a version',
    );
  },
);

test('the scripts have the published paths, and only change when somebody changes them here', () => {
  const read: Reading = { what: 'script', run: 3, version: '1.1.22', from: 3800 };
  const output: Reading = { ...read, what: 'output' };
  const windows = 'C:\\Packages\\Plugins\\Microsoft.CPlat.Core.RunCommandWindows\\1.1.22';
  expect(fetchCommand('Windows', read)).toContain(`'${windows}\\Downloads\\script3.ps1'`);
  expect(fetchCommand('Windows', output)).toContain(`'${windows}\\Status\\3.status'`);
  expect(fetchCommand('Linux', read)).toContain('dir=/var/lib/waagent/run-command/download/$run\n');
  const all = (['Linux', 'Windows'] as const).flatMap((os) =>
    [{ what: 'list' } as const, read, output].map((reading) => fetchCommand(os, reading)),
  );
  for (const script of all)
    expect(script).not.toMatch(
      /\b(rm|mv|cp|tee|Remove-|Set-|New-Item|Out-File|Invoke-|iex|eval|curl|wget)\b|>\s*[^&\s=]/i,
    );
  expect(createHash('sha256').update(all.join('\n')).digest('hex')).toMatchInlineSnapshot(
    `"ef162c364b44df7c3553b49813c920ab98be31f1b917038b06121ab2a1e91130"`,
  );
});
