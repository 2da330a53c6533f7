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
/** Maximum record size in bytes; longer ones are skipped. */
export const maxRecordBytes = 32 * 1024 * 1024;
/** Envelope keys whose list is streamed, whatever its length; and the keys that may come before it. */
const listKeys = new Set(['value', 'records', 'Records']);
const envelopeKeys = /^(nextLink|count|@?odata\..*)$/;
const maxKeyLength = 16;
const maxListDepth = 100;

/**
 * Splits a byte stream into JSON records: nested lists, {"value":[…]}, {"records":[…]}, consecutive objects
 * (one per line, several per line, or over several lines), or JSON in strings. It reads the stream once.
 * Memory is bounded by the longest accepted record. Unreadable parts are skipped.
 * @throws {BrokenFileError} at the end, after all readable records, with each unreadable place; a failing
 * source is one of them
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
 * between: before a record. object, string: inside a kept record. skip: inside a record that is too long.
 * rest: after an envelope's list. line: in invalid JSON, until the line ends.
 */
type Mode = 'between' | 'object' | 'string' | 'skip' | 'rest' | 'line';

/**
 * Why the scan of an object stopped: its end, an envelope's list, a truncated line, or the end of the chunk.
 */
type Stop = 'end' | 'list' | 'cut' | 'bytes';

// A class, because the parser state must persist between chunks.
class RecordSplitter {
  readonly broken = brokenPlaces();
  private mode: Mode = 'between';
  /** The record's bytes from earlier chunks. */
  private parts: Buffer[] = [];
  private length = 0;
  private depth = 0;
  private inString = false;
  private escaped = false;
  /** The enclosing lists and envelopes, outermost first. */
  private readonly enclosing: ('list' | 'envelope')[] = [];
  /** The last top-level key of the object; null once it can't be an envelope. */
  private key: string | null = '';
  private isValue = false;
  /** Start of the record, for error positions. */
  private recordStart: BrokenPlace = { line: 1, column: 1, what: '' };
  /** The record starts its line and has not continued on another one. */
  private isOnOneLine = false;
  private afterNewline = false;
  /** The current line, and its start relative to the chunk. */
  private line = 1;
  private lineStart = 0;
  /** Position of the next line end in the chunk; -1 if none. Stored so that each is searched only once. */
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
      } else if (byte === closeBracket && this.enclosing.length > 0) {
        if (this.enclosing.pop() === 'envelope') this.begin('rest', at);
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

  /** @param reason why the stream ended early; absent at the end of the file */
  end(reason?: string): void {
    const place = { line: this.line, column: 1 - this.lineStart };
    if (reason) return this.broken.add({ ...place, what: reason });
    if (this.mode === 'line' || (this.mode === 'between' && this.enclosing.length === 0)) return;
    const inside =
      this.mode === 'object' || this.mode === 'skip'
        ? 'an object'
        : this.mode === 'string'
          ? 'a string'
          : 'a list';
    this.broken.add({ ...place, what: `the file ends inside ${inside}` });
  }

  /** Limits the nesting depth. The rest of a line that exceeds it is skipped. */
  private enter(kind: 'list' | 'envelope', at: number): void {
    if (this.enclosing.length < maxListDepth) this.enclosing.push(kind);
    else {
      this.broken.add({ ...this.place(at), what: `lists are nested more than ${maxListDepth} deep` });
      this.mode = 'line';
    }
  }

  private begin(mode: Mode, at: number): void {
    this.mode = mode;
    this.recordStart = this.place(at);
    this.parts = [];
    this.length = 0;
    this.depth = 1;
    this.inString = false;
    this.escaped = false;
    this.key = mode === 'object' ? '' : null;
    this.isValue = false;
    this.isOnOneLine = mode === 'object' && this.recordStart.column === 1 && this.enclosing.length === 0;
    this.afterNewline = false;
  }

  /** Keeps this chunk's part of the record. */
  private keep(from: number, to: number): void {
    if (this.mode !== 'object' && this.mode !== 'string') return;
    this.length += to - from;
    if (this.length > maxRecordBytes) {
      this.broken.add({ ...this.recordStart, what: 'a record is longer than 32 MB' });
      this.parts = [];
      this.mode = this.mode === 'object' ? 'skip' : 'line';
    } else this.parts.push(this.chunk.subarray(from, to));
  }

  private finish(out: unknown[], from: number, to: number): void {
    this.keep(from, to);
    if (this.mode === 'object' || this.mode === 'string') this.emit(out);
    if (this.mode !== 'line') this.mode = 'between';
  }

  /**
   * Fast path for a record on a line of its own, the most common case. Null if the line does not end in this
   * chunk.
   */
  private wholeLine(at: number): { record?: unknown; end: number } | null {
    const { chunk } = this;
    const end = chunk.indexOf(newline, at);
    if (end < 0) return null;
    let close = end - 1;
    while (close > at && (isBlank(chunk[close] as number) || chunk[close] === comma)) close--;
    if (end - at > maxRecordBytes || chunk[close] !== closeBrace || isEnvelope(chunk, at)) return { end };
    try {
      return { record: JSON.parse(chunk.toString('utf8', at, close + 1)), end };
    } catch {
      return { end };
    }
  }

  /** Scans an object until its end or another stop. */
  private walk(start: number): { next: number; stop: Stop } {
    const { chunk } = this;
    let at = start;
    while (at < chunk.length) {
      if (this.inString) {
        const end = this.endOfString(at);
        const to = end < 0 ? chunk.length : end;
        if (this.isOnOneLine) {
          const cut = chunk.subarray(at, to).indexOf(newline);
          if (cut >= 0) return { next: at + cut + 1, stop: 'cut' };
        }
        if (this.depth === 1 && this.key !== null && !this.isValue)
          this.key += chunk.toString('latin1', at, Math.min(to, at + maxKeyLength));
        if (end < 0) return { next: to, stop: 'bytes' };
        this.inString = false;
        at = end + 1;
        continue;
      }
      const byte = chunk[at] as number;
      if (this.afterNewline) {
        this.afterNewline = false;
        // A new line starts a record before the previous one ended: the previous one was truncated.
        if (byte === openBrace) return { next: at, stop: 'cut' };
        this.isOnOneLine = false;
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
        if (this.key !== null && !listKeys.has(this.key) && !envelopeKeys.test(this.key)) this.key = null;
      } else if (byte === comma && this.depth === 1) this.isValue = false;
      else if (byte === newline && this.isOnOneLine) this.afterNewline = true;
    }
    return { next: at, stop: 'bytes' };
  }

  /** Index of the quote that closes the string in progress at `start`; -1 if it is not in this chunk. */
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

  /** Line and column of a position in this chunk. Positions must not decrease between calls. */
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
      const column = (lines.at(-1)?.length ?? 0) + (lines.length === 1 ? this.recordStart.column : 1);
      this.broken.add({
        line: this.recordStart.line + lines.length - 1,
        column,
        what: message.replace(/ in JSON at position.*$/s, '').replace(/ \(line .*$/s, ''),
      });
    }
  }
}

/** Whitespace, RFC 7464's record separator and the bytes of a byte order mark. */
const isBlank = (byte: number) =>
  byte === 0x20 ||
  byte === 0x1e ||
  byte === 0x09 ||
  byte === 0x0d ||
  byte === newline ||
  byte === 0xef ||
  byte === 0xbb ||
  byte === 0xbf;

/** Whether an envelope with a streamed list starts here. */
const isEnvelope = (chunk: Buffer, at: number): boolean =>
  /^\{\s*"(value|records|Records)"\s*:\s*\[/.test(
    chunk.toString('latin1', at, Math.min(at + 64, chunk.length)),
  );
