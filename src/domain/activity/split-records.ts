import { type BrokenPlace, brokenPlaces } from './broken-file';

const quote = 0x22;
const backslash = 0x5c;
const newline = 0x0a;
const openBrace = 0x7b;
const closeBrace = 0x7d;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const comma = 0x2c;
const colon = 0x3a;
/** Bytes; a longer one is stepped over. */
export const longestRecord = 32 * 1024 * 1024;
/** Keys of envelopes whose list is read as it comes, however long it is; and of what may stand before it. */
const listKeys = new Set(['value', 'records', 'Records']);
const besideList = /^(nextLink|count|@?odata\..*)$/;
const longestKey = 16;
const deepestList = 100;

/**
 * Cuts a stream of bytes into JSON records: lists in lists, {"value":[…]}, {"records":[…]}, objects one after another (one a
 * line, several on a line, or spread over many), or JSON in strings. Each byte is looked at once, and memory is bounded by the
 * longest record that is taken. What can't be read is stepped over.
 * @throws {BrokenFileError} at the end, naming each place that could not be read, after all that could; a source that
 * fails is such a place
 */
export async function* splitRecords(source: AsyncIterable<Buffer>): AsyncGenerator<unknown[]> {
  const splitter = new RecordSplitter();
  try {
    for await (const chunk of source) {
      const records = splitter.take(chunk);
      if (records.length > 0) yield records;
    }
    splitter.end();
  } catch (error) {
    splitter.end((error as Error).message);
  }
  splitter.broken.raise();
}

/**
 * between: before a record. object, string: inside one that is kept. skip: inside one that is too long to keep. rest: behind an
 * envelope's list. line: in what is no JSON, until its line ends.
 */
type Mode = 'between' | 'object' | 'string' | 'skip' | 'rest' | 'line';

/** What stopped the walk through an object: its end, an envelope's list, a line that was cut short, or the end of the bytes. */
type Stop = 'end' | 'list' | 'cut' | 'bytes';

// A class, since bytes arrive in pieces and the place in the file must be kept between them.
class RecordSplitter {
  readonly broken = brokenPlaces();
  private mode: Mode = 'between';
  /** The record's bytes of earlier pieces. */
  private parts: Buffer[] = [];
  private length = 0;
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** Lists and envelopes around the place, outermost first. */
  private readonly around: ('list' | 'envelope')[] = [];
  /** The last key of the object's first level; null once the object can be no envelope. */
  private key: string | null = '';
  private isValue = false;
  /** Where the record began, for its fault. */
  private begun: BrokenPlace = { line: 1, column: 1, what: '' };
  /** The record began its line, and has not left it. */
  private isAlone = false;
  private afterNewline = false;
  /** The number of lines before the piece, and where the last of them began, counted from the piece. */
  private line = 1;
  private lineStart = 0;
  /** The next line's end in the piece, -1 when there is none: each is searched for once. */
  private nextEnd = -1;
  private chunk: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): unknown[] {
    const out: unknown[] = [];
    this.chunk = chunk;
    this.nextEnd = chunk.indexOf(newline);
    let at = 0;
    let from = 0;
    let triedUpTo = -1;
    while (at < chunk.length) {
      const byte = chunk[at] as number;
      if (this.mode === 'line') {
        const end = chunk.indexOf(newline, at);
        at = end < 0 ? chunk.length : end;
        if (end >= 0) this.mode = 'between';
      } else if (this.mode === 'string') {
        const end = this.endOfString(at);
        at = end < 0 ? chunk.length : end + 1;
        if (end >= 0) this.finish(out, from, at);
      } else if (this.mode !== 'between') {
        const { next, stop } = this.walk(at);
        at = next;
        if (stop === 'end') this.finish(out, from, at);
        else if (stop === 'list') {
          this.mode = 'between';
          this.enter('envelope', at - 1);
        } else if (stop === 'cut') {
          this.broken.add({ ...this.place(at - 1), what: 'the line ends inside an object' });
          this.mode = 'between';
        }
      } else if (isBlank(byte) || byte === comma) at++;
      else if (byte === openBracket) {
        this.enter('list', at);
        at++;
      } else if (byte === closeBracket && this.around.length > 0) {
        if (this.around.pop() === 'envelope') this.begin('rest', at);
        at++;
      } else if (byte === quote) {
        this.begin('string', at);
        from = at;
        at++;
      } else if (byte === openBrace) {
        const line = at >= triedUpTo ? this.wholeLine(at) : null;
        if (line?.record !== undefined) {
          out.push(line.record);
          at = line.end;
          continue;
        }
        if (at >= triedUpTo) triedUpTo = line?.end ?? chunk.length;
        this.begin('object', at);
        from = at;
        at++;
      } else {
        const character = JSON.stringify(String.fromCharCode(byte));
        this.broken.add({ ...this.place(at), what: `unexpected ${character}, expected a JSON object` });
        this.mode = 'line';
      }
    }
    this.keep(from, chunk.length);
    this.place(chunk.length);
    this.lineStart -= chunk.length;
    return out;
  }

  /** @param reason why the bytes end, where it is not the file's end */
  end(reason?: string): void {
    const place = { line: this.line, column: 1 - this.lineStart };
    if (reason) return this.broken.add({ ...place, what: reason });
    if (this.mode === 'line' || (this.mode === 'between' && this.around.length === 0)) return;
    const inside =
      this.mode === 'object' || this.mode === 'skip'
        ? 'an object'
        : this.mode === 'string'
          ? 'a string'
          : 'a list';
    this.broken.add({ ...place, what: `the file ends inside ${inside}` });
  }

  /** Nobody nests lists so deep; what does is left to its line's end. */
  private enter(kind: 'list' | 'envelope', at: number): void {
    if (this.around.length < deepestList) this.around.push(kind);
    else {
      this.broken.add({ ...this.place(at), what: `lists are nested more than ${deepestList} deep` });
      this.mode = 'line';
    }
  }

  private begin(mode: Mode, at: number): void {
    this.mode = mode;
    this.begun = this.place(at);
    this.parts = [];
    this.length = 0;
    this.depth = 1;
    this.inString = false;
    this.escaped = false;
    this.key = mode === 'object' ? '' : null;
    this.isValue = false;
    this.isAlone = mode === 'object' && this.begun.column === 1 && this.around.length === 0;
    this.afterNewline = false;
  }

  /** Keeps the record's bytes of this piece. */
  private keep(from: number, to: number): void {
    if (this.mode !== 'object' && this.mode !== 'string') return;
    this.length += to - from;
    if (this.length > longestRecord) {
      this.broken.add({ ...this.begun, what: 'a record is longer than 32 MB' });
      this.parts = [];
      this.mode = this.mode === 'object' ? 'skip' : 'line';
    } else this.parts.push(this.chunk.subarray(from, to));
  }

  private finish(out: unknown[], from: number, to: number): void {
    this.keep(from, to);
    if (this.mode === 'object' || this.mode === 'string') this.emit(out);
    if (this.mode !== 'line') this.mode = 'between';
  }

  /** A record that is a line by itself, read at once: most files are made of these. Null when the line ends elsewhere. */
  private wholeLine(at: number): { record?: unknown; end: number } | null {
    const { chunk } = this;
    const end = chunk.indexOf(newline, at);
    if (end < 0) return null;
    let close = end - 1;
    while (close > at && (isBlank(chunk[close] as number) || chunk[close] === comma)) close--;
    if (end - at > longestRecord || chunk[close] !== closeBrace || isEnvelope(chunk, at)) return { end };
    try {
      return { record: JSON.parse(chunk.toString('utf8', at, close + 1)), end };
    } catch {
      return { end };
    }
  }

  /** Goes on inside an object, up to what stops it. */
  private walk(start: number): { next: number; stop: Stop } {
    const { chunk } = this;
    let at = start;
    while (at < chunk.length) {
      if (this.inString) {
        const end = this.endOfString(at);
        const to = end < 0 ? chunk.length : end;
        if (this.isAlone) {
          const cut = chunk.subarray(at, to).indexOf(newline);
          if (cut >= 0) return { next: at + cut + 1, stop: 'cut' };
        }
        if (this.depth === 1 && this.key !== null && !this.isValue)
          this.key += chunk.toString('latin1', at, Math.min(to, at + longestKey));
        if (end < 0) return { next: to, stop: 'bytes' };
        this.inString = false;
        at = end + 1;
        continue;
      }
      const byte = chunk[at] as number;
      if (this.afterNewline) {
        this.afterNewline = false;
        // A line that begins a record where the one before has not ended: that one was cut short.
        if (byte === openBrace) return { next: at, stop: 'cut' };
        this.isAlone = false;
      }
      at++;
      if (byte === quote) {
        this.inString = true;
        if (this.depth === 1 && !this.isValue && this.key !== null) this.key = '';
      } else if (byte === openBrace || byte === openBracket) {
        if (this.depth === 1 && this.key !== null) {
          if (byte === openBracket && listKeys.has(this.key)) {
            return { next: at, stop: 'list' };
          }
          this.key = null;
        }
        this.depth++;
      } else if (byte === closeBrace || byte === closeBracket) {
        this.depth--;
        if (this.depth === 0) return { next: at, stop: 'end' };
      } else if (byte === colon && this.depth === 1) {
        this.isValue = true;
        if (this.key !== null && !listKeys.has(this.key) && !besideList.test(this.key)) this.key = null;
      } else if (byte === comma && this.depth === 1) this.isValue = false;
      else if (byte === newline && this.isAlone) this.afterNewline = true;
    }
    return { next: at, stop: 'bytes' };
  }

  /** Index of the quote that ends the string that goes on at `start`; -1 when it is not in this piece. */
  private endOfString(start: number): number {
    const { chunk } = this;
    let at = start;
    if (this.escaped) {
      this.escaped = false;
      at++;
    }
    for (;;) {
      const end = chunk.indexOf(quote, at);
      const to = end < 0 ? chunk.length : end;
      let slashes = 0;
      while (to - 1 - slashes >= at && chunk[to - 1 - slashes] === backslash) slashes++;
      if (end < 0) {
        this.escaped = slashes % 2 === 1;
        return -1;
      }
      if (slashes % 2 === 0) return end;
      at = end + 1;
    }
  }

  /** Line and column of a position of this piece, which is never before one that was asked for. */
  private place(position: number): BrokenPlace {
    while (this.nextEnd >= 0 && this.nextEnd < position) {
      this.line++;
      this.lineStart = this.nextEnd + 1;
      this.nextEnd = this.chunk.indexOf(newline, this.lineStart);
    }
    return { line: this.line, column: position - this.lineStart + 1, what: '' };
  }

  private emit(out: unknown[]): void {
    const bytes = this.parts.length === 1 ? (this.parts[0] as Buffer) : Buffer.concat(this.parts);
    this.parts = [];
    const source = bytes.toString('utf8');
    try {
      out.push(JSON.parse(source));
    } catch (error) {
      const { message } = error as Error;
      const position = Number(/position (\d+)/.exec(message)?.[1] ?? source.length);
      const before = source.slice(0, position);
      const lines = before.split('\n');
      const column = (lines.at(-1)?.length ?? 0) + (lines.length === 1 ? this.begun.column : 1);
      this.broken.add({
        line: this.begun.line + lines.length - 1,
        column,
        what: message.replace(/ in JSON at position.*$/s, '').replace(/ \(line .*$/s, ''),
      });
    }
  }
}

/** Spaces, line ends, RFC 7464's record separator and the bytes of a byte order mark. */
const isBlank = (byte: number) =>
  byte === 0x20 ||
  byte === 0x1e ||
  byte === 0x09 ||
  byte === 0x0d ||
  byte === newline ||
  byte === 0xef ||
  byte === 0xbb ||
  byte === 0xbf;

/** Does an envelope begin here, whose list is read as it comes? */
const isEnvelope = (chunk: Buffer, at: number): boolean =>
  /^\{\s*"(value|records|Records)"\s*:\s*\[/.test(
    chunk.toString('latin1', at, Math.min(at + 64, chunk.length)),
  );
