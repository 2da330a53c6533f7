/** Where a file stopped being readable; line and column count from 1. */
export class BrokenFileError extends Error {
  readonly code = 'FILE_BROKEN';
  constructor(
    readonly line: number,
    readonly column: number,
    what: string,
  ) {
    super(what);
  }
}

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const longestRecord = 32 * 1024 * 1024;

/**
 * Cuts a stream of bytes into JSON records in constant memory: a JSON array, {"value":[…]}, {"records":[…]}, or
 * objects one after another (one a line, or spread over many). Memory is bounded by the largest record.
 * @throws {BrokenFileError} for the first place that can't be read, after all that could: a broken line among lines
 * is stepped over, a broken list ends the reading
 */
export async function* splitRecords(source: AsyncIterable<Buffer>): AsyncGenerator<unknown[]> {
  const splitter = new RecordSplitter();
  for await (const chunk of source) {
    const records = splitter.take(chunk);
    if (records.length > 0) yield records;
    if (splitter.stopped) break;
  }
  const rest = splitter.end();
  if (rest.length > 0) yield rest;
  if (splitter.fault) throw splitter.fault;
}

/** What the bytes after the current position belong to. */
type Place = 'between' | 'array' | 'object' | 'element';

// A class, since bytes arrive in pieces and the place in the file must be kept between them.
class RecordSplitter {
  /** The first fault met. */
  fault: BrokenFileError | null = null;
  /** True once the rest can't be made sense of. */
  stopped = false;
  private pending: Buffer = Buffer.alloc(0);
  private line = 1;
  private lineStart = 0;
  private place: Place = 'between';
  /** How envelopes nest around elements: each is closed by ] and, when it began with {"value":, by }. */
  private envelope: 'none' | 'array' | 'object' = 'none';
  private needComma = false;
  private consumed = 0;

  take(chunk: Buffer): unknown[] {
    this.pending = this.pending.length === 0 ? chunk : Buffer.concat([this.pending, chunk]);
    return this.run(false);
  }

  end(): unknown[] {
    return this.run(true);
  }

  private run(last: boolean): unknown[] {
    const out: unknown[] = [];
    let at = 0;
    const { pending } = this;
    const linesFrom = (from: number, to: number) => {
      for (
        let nl = pending.indexOf(newline, from);
        nl >= 0 && nl < to;
        nl = pending.indexOf(newline, nl + 1)
      ) {
        this.line++;
        this.lineStart = this.consumed + nl + 1;
      }
    };
    const fail = (position: number, what: string, resumeAt?: number) => {
      linesFrom(at, position);
      this.fault ??= new BrokenFileError(this.line, this.consumed + position - this.lineStart + 1, what);
      if (resumeAt === undefined) {
        this.stopped = true;
        return;
      }
      linesFrom(position, resumeAt);
      at = resumeAt;
    };
    while (at < pending.length && !this.stopped) {
      const byte = pending[at] as number;
      if (byte === newline) {
        this.line++;
        this.lineStart = this.consumed + at + 1;
        at++;
        continue;
      }
      if (
        byte === 0x20 ||
        byte === 0x09 ||
        byte === 0x0d ||
        byte === 0xef ||
        byte === 0xbb ||
        byte === 0xbf
      ) {
        at++;
        continue;
      }
      if (this.place === 'between' && byte === 0x5b) {
        this.place = 'array';
        this.envelope = 'array';
        this.needComma = false;
        at++;
        continue;
      }
      if (this.place === 'array' && (byte === 0x5d || byte === 0x2c)) {
        at++;
        if (byte === 0x2c) {
          this.needComma = false;
          continue;
        }
        this.place = this.envelope === 'object' ? 'object' : 'between';
        continue;
      }
      if (this.place === 'object') {
        const end = closeOf(pending, at - 1, 1);
        if (end < 0) {
          if (last) fail(pending.length, 'the file ends inside an object');
          break;
        }
        linesFrom(at, end + 1);
        at = end + 1;
        this.place = 'between';
        this.envelope = 'none';
        continue;
      }
      const lineEnd = this.place === 'between' ? lineEndFrom(pending, at, last) : -1;
      if (byte !== 0x7b) {
        if (this.place === 'between' && lineEnd < 0) break;
        const what = `unexpected ${JSON.stringify(String.fromCharCode(byte))}, expected a JSON object`;
        fail(at, what, this.place === 'between' ? lineEnd : undefined);
        continue;
      }
      if (this.place === 'array' && this.needComma) {
        fail(at, 'expected a comma between records');
        break;
      }
      if (this.place === 'between') {
        const inside = envelopeStart(pending, at);
        if (inside === 'unknown' && !last) break;
        if (typeof inside === 'number') {
          linesFrom(at, inside);
          at = inside;
          this.place = 'array';
          this.envelope = 'object';
          this.needComma = false;
          continue;
        }
      }
      let end = lineEnd;
      let record: unknown;
      let fault: { at: number; what: string } | null = {
        at: pending.length,
        what: 'the file ends inside an object',
      };
      if (lineEnd >= 0) ({ record, fault } = parse(pending, at, lineEnd));
      if (lineEnd >= 0 && fault && !last && lineEnd + 1 >= pending.length) break;
      if (
        fault &&
        lineEnd >= 0 &&
        (pending[lineEnd + 1] === 0x7b || (last && lineEnd >= pending.length - 1))
      ) {
        fail(fault.at, fault.what, lineEnd);
        continue;
      }
      if (fault) {
        end = closeOf(pending, at, 0) + 1;
        if (end === 0) {
          if (last) fail(pending.length, 'the file ends inside an object');
          else if (pending.length - at > longestRecord) fail(at, 'a record is longer than 32 MB');
          break;
        }
        ({ record, fault } = parse(pending, at, end));
        if (fault) {
          fail(
            fault.at,
            fault.what,
            this.place === 'between' ? lineEndFrom(pending, fault.at, true) : undefined,
          );
          continue;
        }
      }
      linesFrom(at, end);
      at = end;
      this.needComma = true;
      out.push(record);
    }
    this.pending = at === 0 ? pending : pending.subarray(at);
    this.consumed += at;
    if (last && !this.stopped && this.place !== 'between') {
      this.fault ??= new BrokenFileError(
        this.line,
        this.consumed - this.lineStart + 1,
        'the file ends inside a list',
      );
    }
    return out;
  }
}

/** Index of the brace that closes the object at `start`, -1 when it is not there yet. */
function closeOf(bytes: Buffer, start: number, depthBefore: number): number {
  let depth = depthBefore;
  for (let i = depthBefore === 0 ? start : start + 1; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === quote) {
      i = stringEnd(bytes, i);
      if (i < 0) return -1;
    } else if (byte === 0x7b || byte === 0x5b) depth++;
    else if (byte === 0x7d || byte === 0x5d) {
      depth--;
      if (depth === 0) return i;
    }
  }
  return -1;
}

/** Index of the quote that ends the string that begins at `start`; -1 when it is not there yet. */
function stringEnd(bytes: Buffer, start: number): number {
  let at = start + 1;
  for (;;) {
    const end = bytes.indexOf(quote, at);
    if (end < 0) return -1;
    let slashes = 0;
    while (bytes[end - 1 - slashes] === backslash) slashes++;
    if (slashes % 2 === 0) return end;
    at = end + 1;
  }
}

/**
 * If the object at `start` is an envelope ({"value":[ or {"records":[, other plain fields may come before), the index
 * after its bracket; false when it is a record; "unknown" when more bytes are needed.
 */
function envelopeStart(bytes: Buffer, start: number): number | false | 'unknown' {
  let at = start + 1;
  for (;;) {
    at = skipSpace(bytes, at);
    if (at >= bytes.length) return 'unknown';
    if (bytes[at] !== quote) return false;
    const keyEnd = stringEnd(bytes, at);
    if (keyEnd < 0) return 'unknown';
    const key = bytes.toString('latin1', at + 1, keyEnd);
    at = skipSpace(bytes, keyEnd + 1);
    if (at >= bytes.length) return 'unknown';
    if (bytes[at] !== 0x3a) return false;
    at = skipSpace(bytes, at + 1);
    if (at >= bytes.length) return 'unknown';
    const byte = bytes[at];
    if (key === 'value' || key === 'records') return byte === 0x5b ? at + 1 : false;
    if (byte !== quote) return false;
    if (!/^(nextLink|@odata\..*|odata\..*)$/.test(key)) return false;
    const end = stringEnd(bytes, at);
    if (end < 0) return 'unknown';
    at = skipSpace(bytes, end + 1);
    if (at >= bytes.length) return 'unknown';
    if (bytes[at] !== 0x2c) return false;
    at++;
  }
}

function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  while (
    at < bytes.length &&
    (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0d || bytes[at] === newline)
  )
    at++;
  return at;
}

/** Where the line ends; the end of the bytes when the file ends there, -1 when it may go on in the next piece. */
function lineEndFrom(bytes: Buffer, from: number, last: boolean): number {
  const end = bytes.indexOf(newline, from);
  return end >= 0 ? end : last ? bytes.length : -1;
}

function parse(
  bytes: Buffer,
  from: number,
  to: number,
): { record?: unknown; fault: { at: number; what: string } | null } {
  const source = bytes.toString('utf8', from, to);
  try {
    return { record: JSON.parse(source), fault: null };
  } catch (error) {
    const { message } = error as Error;
    const position = /position (\d+)/.exec(message)?.[1];
    const characters = position === undefined ? source.length : Number(position);
    return {
      fault: {
        at: from + Buffer.byteLength(source.slice(0, characters)),
        what: message.replace(/ in JSON at position.*$/s, '').replace(/ \(line .*$/s, ''),
      },
    };
  }
}
