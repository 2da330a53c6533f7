import { createReadStream } from 'node:fs';
import type { Transform } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { BrokenFileError, brokenPlaces } from '../../domain/activity/broken-file';
import { maxRecordBytes, splitRecords } from '../../domain/activity/split-records';

const portalHint =
  "the portal's CSV has display names for operations; export with `az monitor activity-log list` or from Log Analytics";

type Bytes = AsyncIterable<Buffer>;

/** Compressed bytes to unpack per step; they expand to at most 1,032 times their size. */
const unpackAtOnce = 16 * 1024;
const lastBytes = 4096;
/** One or two lines may precede a CSV header. */
const peekedLines = 3;
/** Bytes to read before the file format is decided. */
const head = 64 * 1024;

/**
 * Reads the records of an export: JSON in any envelope or CSV, in UTF-8 or UTF-16, plain or gzipped.
 * @param file a path, or - for stdin
 * @throws {BrokenFileError} after all readable records
 */
export async function* readExport(file: string): AsyncGenerator<unknown[]> {
  const source: Bytes = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 });
  const [first, packed] = await peek(source);
  const [start, bytes] = isGzip(first) ? await peek(unpacked(packed)) : [first, packed];
  const [line, text] = isUtf16(start) ? await peek(decoded(bytes, start)) : [start, bytes];
  if (line.length === 0) throw new BrokenFileError([{ line: 1, column: 1, what: 'the file is empty' }], 1);
  const header = headerOf(line);
  if (header) yield* csvRecords(text, header);
  else yield* splitRecords(text);
}

/**
 * Returns the first lines and the whole stream. If reading fails after the first bytes, the stream repeats
 * the error.
 */
async function peek(source: Bytes): Promise<[Buffer, Bytes]> {
  const iterator = source[Symbol.asyncIterator]();
  let first: Buffer = Buffer.alloc(0);
  let failure: unknown = null;
  while (first.length < head && first.toString('latin1').split('\n').length <= peekedLines) {
    try {
      const { value, done } = await iterator.next();
      if (done) break;
      first = Buffer.concat([first, value]);
    } catch (error) {
      if (first.length === 0) throw error;
      failure = error;
      break;
    }
  }
  async function* whole() {
    if (first.length > 0) yield first;
    if (failure) throw failure;
    yield* { [Symbol.asyncIterator]: () => iterator };
  }
  return [first, whole()];
}

const isGzip = (bytes: Buffer) => bytes[0] === 0x1f && bytes[1] === 0x8b;
const isUtf16 = (bytes: Buffer) =>
  (bytes[0] === 0xff && bytes[1] === 0xfe) || (bytes[0] === 0xfe && bytes[1] === 0xff);

/** @throws {Error} the error of zlib, after all data that could be unpacked */
const unpacked = (source: Bytes) =>
  through<Buffer>(createGunzip({ chunkSize: 1 << 16 }), inSmallPieces(source));

/**
 * Splits the input into small pieces, and its end into single bytes. zlib drops the output of a step that
 * fails, and most failures are at the end of a file.
 */
async function* inSmallPieces(source: Bytes): AsyncGenerator<Buffer> {
  let held: Buffer = Buffer.alloc(0);
  for await (const chunk of source) {
    const bytes = Buffer.concat([held, chunk]);
    const to = Math.max(0, bytes.length - lastBytes);
    for (let at = 0; at < to; at += unpackAtOnce) yield bytes.subarray(at, Math.min(at + unpackAtOnce, to));
    held = bytes.subarray(to);
  }
  for (let at = 0; at < held.length; at++) yield held.subarray(at, at + 1);
}

/** Yields all output of a transform before it throws its error. A pipe would drop that output. */
async function* through<T>(transform: Transform, source: Bytes): AsyncGenerator<T> {
  let out: T[] = [];
  let failure: Error | null = null;
  let isOver = false;
  let wake = () => {};
  const ends = (error?: Error) => {
    failure ??= error ?? null;
    isOver = true;
    wake();
  };
  transform.on('data', (data: T) => out.push(data));
  transform.once('end', () => ends()).once('close', () => ends());
  transform.once('error', ends);
  /** Resolves when the step completes, or when the transform has ended. */
  const step = (begin: (through: () => void) => void) =>
    new Promise<void>((resolve) => {
      wake = resolve;
      if (isOver) resolve();
      else begin(resolve);
    });
  let sourceError: unknown;
  try {
    for await (const chunk of source) {
      await step((through) => transform.write(chunk, () => through()));
      yield* out;
      out = [];
      if (failure) throw failure;
    }
  } catch (error) {
    sourceError = error;
  }
  await step(() => transform.end());
  yield* out;
  if (sourceError ?? failure) throw sourceError ?? failure;
}

async function* decoded(source: Bytes, start: Buffer): AsyncGenerator<Buffer> {
  const decoder = new TextDecoder(start[0] === 0xff ? 'utf-16le' : 'utf-16be');
  for await (const chunk of source) yield Buffer.from(decoder.decode(chunk, { stream: true }));
  yield Buffer.from(decoder.decode());
}

interface Header {
  delimiter: string;
  /** Line number of the header, from 1. */
  line: number;
}

const column = /^(?:time ?generated(?: ?\[.*\])?|(?:.*\.)?operation[ _.]?name(?:value)?|_raw)$/i;

/**
 * Finds the header line of an activity log CSV, after any lines that Excel or PowerShell add; null if none.
 */
function headerOf(start: Buffer): Header | null {
  const lines = start
    .toString('utf8', 0, head)
    .replace(/^\uFEFF/, '')
    .split(/\r?\n/);
  const index = lines.findIndex((line) => !/^\s*$|^sep=.$|^#TYPE /i.test(line));
  const line = lines[index] ?? '';
  if (/^\s*[{[]/.test(line)) return null;
  for (const delimiter of [',', ';', '\t']) {
    const cells = line.split(delimiter).map((cell) => cell.trim().replace(/^"|"$/g, ''));
    if (cells.length > 1 && cells.some((cell) => column.test(cell))) return { delimiter, line: index + 1 };
  }
  return null;
}

async function* csvRecords(source: Bytes, { delimiter, line }: Header): AsyncGenerator<unknown[]> {
  const broken = brokenPlaces();
  const { parse } = await import('csv-parse');
  const parser = parse({
    columns: (names: string[]) => {
      const plain = names.map((name) => name.trim());
      if (plain.some((name) => /^operation name$/i.test(name)))
        broken.add({ line: 1, column: 1, what: portalHint });
      return plain;
    },
    bom: true,
    delimiter,
    from_line: line,
    max_record_size: maxRecordBytes,
    relax_column_count: true,
    relax_quotes: true,
    skip_empty_lines: true,
    skip_records_with_error: true,
    on_skip: (error) => {
      broken.add({
        line: Number(error?.lines ?? 1),
        column: 1,
        what: error?.message ?? 'the row cannot be read',
      });
      return undefined;
    },
  });
  try {
    for await (const row of through<unknown>(parser, source)) yield [row];
  } catch (error) {
    broken.add({ line: parser.info.lines, column: 1, what: (error as Error).message });
  }
  broken.raise();
}
