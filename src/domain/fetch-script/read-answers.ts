import { createHash } from 'node:crypto';
import { constants, gunzipSync } from 'node:zlib';
import { t } from '../text/translate';
import {
  chunkLength,
  isVersion,
  maxListed,
  maxOutputBytes,
  maxScriptBytes,
  maxStatusBytes,
  type Reading,
} from './fetch-commands';

/** A script that an action run command left on the machine. */
export interface Candidate {
  run: number;
  version: string | null;
  /** When the file was written, by the machine's clock, ms. */
  at: number;
  bytes: number;
}

/** The machine's answer is not what our script prints. Nothing of it is used. */
export class OddAnswer extends Error {}

/** Azure returns 4,096 bytes. Anything much longer is not what Azure returns. */
const maxAnswer = 8192;

function linesOf(output: string): string[] {
  if (output.length > maxAnswer) throw new OddAnswer(t`the answer is longer than Azure’s limit`);
  const lines = output.trim().split(/\r?\n/);
  if (!/^runwatch (list|script|output) /.test(lines[0] ?? ''))
    throw new OddAnswer(t`the answer is not Runwatch’s`);
  if (lines.at(-1) !== 'end') throw new OddAnswer(t`the answer is truncated`);
  return lines.slice(0, -1);
}

const listed = /^(\d{1,9}) (\d{1,11}) (\d{1,15})(?: ([\d.]{3,23}))?$/;

/** The scripts on the machine, newest first, and how many there are in all. */
export function readList(output: string): { candidates: Candidate[]; total: number } {
  const [first = '', ...rest] = linesOf(output);
  const total = Number(/^runwatch list (\d{1,9})$/.exec(first)?.[1] ?? Number.NaN);
  const lines = rest.filter((line) => line !== '');
  if (Number.isNaN(total) || lines.length !== Math.min(total, maxListed))
    throw new OddAnswer(t`the list is incomplete`);
  const candidates = lines.map((line): Candidate => {
    const [, run, at, bytes, version = null] = listed.exec(line) ?? [];
    if (run === undefined || (version !== null && !isVersion(version)))
      throw new OddAnswer(t`the list has a line that is not a script`);
    return { run: Number(run), version, at: Number(at) * 1000, bytes: Number(bytes) };
  });
  const names = new Set(candidates.map(({ run, version }) => `${run} ${version}`));
  if (names.size !== candidates.length) throw new OddAnswer(t`the list names a script twice`);
  return { candidates, total };
}

/** One chunk of a file. All but `data` describe the whole file and are the same in each chunk. */
export interface Chunk {
  bytes: number;
  /** Of an output: how many of the bytes are standard output. The rest are errors. */
  first: number;
  sha256: string;
  /** Length of the compressed, encoded file, characters. */
  length: number;
  data: string;
}

const header = /^runwatch (script|output) (\d{1,9}) (\d{1,9}) (\d{1,9}) (\d{1,9}) ([0-9a-f]{64}) (\d{1,9})$/;

/** @throws {OddAnswer} unless it is exactly the chunk that was asked for */
export function readChunk(output: string, reading: Exclude<Reading, { what: 'list' }>): Chunk {
  const [first = '', data = '', ...more] = linesOf(output);
  const [, what, run, from, bytes, begin, sha256 = '', total] = header.exec(first) ?? [];
  if (what === undefined || more.length > 0) throw new OddAnswer(t`the chunk has no header`);
  if (what !== reading.what || Number(run) !== reading.run || Number(from) !== reading.from)
    throw new OddAnswer(t`the machine answered with another chunk`);
  const chunk = { bytes: Number(bytes), first: Number(begin), sha256, length: Number(total), data };
  if (chunk.bytes > limitOf(reading) || chunk.first > chunk.bytes)
    throw new OddAnswer(t`the file is longer than Runwatch reads`);
  const expected = Math.max(0, Math.min(chunkLength, chunk.length - reading.from));
  if (data.length !== expected || !/^[A-Za-z0-9+/]*={0,2}$/.test(data))
    throw new OddAnswer(t`the chunk is incomplete`);
  return chunk;
}

const limitOf = ({ what, version }: Exclude<Reading, { what: 'list' }>) =>
  what === 'script' ? maxScriptBytes : version === null ? 2 * maxOutputBytes : maxStatusBytes;

export const isSameFile = (a: Chunk, b: Chunk): boolean =>
  a.sha256 === b.sha256 && a.bytes === b.bytes && a.length === b.length && a.first === b.first;

/** A file, or its beginning if there are more chunks than Runwatch reads. */
export interface FetchedFile {
  content: Buffer;
  first: number;
  complete: boolean;
}

/** Joins the chunks of one file and checks length and digest. @throws {OddAnswer} */
export function joinChunks(chunks: readonly Chunk[]): FetchedFile {
  const [chunk] = chunks;
  if (!chunk) throw new OddAnswer(t`there are no chunks`);
  const data = chunks.map((one) => one.data).join('');
  const complete = data.length === chunk.length;
  const content = unpack(Buffer.from(data, 'base64'), chunk.bytes, complete);
  if (complete && (content.length !== chunk.bytes || digestOf(content) !== chunk.sha256))
    throw new OddAnswer(t`the file does not match its digest`);
  return { content, first: chunk.first, complete };
}

const digestOf = (content: Buffer) => createHash('sha256').update(content).digest('hex');

function unpack(packed: Buffer, bytes: number, complete: boolean): Buffer {
  if (bytes === 0 && packed.length === 0) return packed;
  try {
    return gunzipSync(packed, {
      maxOutputLength: Math.max(1, bytes),
      ...(complete ? {} : { finishFlush: constants.Z_SYNC_FLUSH }),
    });
  } catch {
    throw new OddAnswer(t`the file can’t be unpacked`);
  }
}
