import ipaddr from 'ipaddr.js';
import { RE2JS } from 're2js';
import { isMap, isSeq, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { closeReasons } from '../alerts/alert';
import { isTechnique } from '../techniques/catalogue';
import { shortDigest } from '../text/short-digest';
import type { Exception } from './exception';
import { maxOriginNote } from './exception-origin';
import { parseDays } from './time-window';

const some = (item: z.ZodType<string>) => z.union([item, z.array(item).min(1)]);
const words = z.string().trim().min(1);
const oneOrMany = some(words);
const clock = z.string().regex(/^([01]?\d|2[0-4]):[0-5]\d$/, 'a time such as "01:00"');

/** Whether the platform supports the time zone. */
const isZone = (zone: string) => {
  try {
    new Intl.DateTimeFormat('en', { timeZone: zone });
    return true;
  } catch {
    return false;
  }
};

const isRange = (range: string) => (range.includes('/') ? ipaddr.isValidCIDR(range) : ipaddr.isValid(range));

const isPattern = (pattern: string) => {
  try {
    RE2JS.compile(pattern);
    return true;
  } catch {
    return false;
  }
};

export const hoursSchema = z.strictObject({
  days: z
    .string()
    .refine((days) => parseDays(days) !== null, 'days such as mon-fri or sat,sun')
    .optional(),
  from: clock.optional(),
  to: clock.optional(),
  zone: z.string().refine(isZone, 'an IANA time zone such as Europe/Berlin').optional(),
});

const techniqueId = z.string().refine(isTechnique, 'expected the id of a technique');

export const matchSchema = z
  .strictObject({
    caller: oneOrMany.optional().describe('UPN, object id or app id'),
    target: oneOrMany.optional().describe("A machine's name, or its full resource id"),
    resourceGroup: oneOrMany.optional(),
    subscription: oneOrMany.optional().describe('Subscription id'),
    tag: z
      .record(words, oneOrMany)
      .refine((tags) => Object.keys(tags).length > 0, 'at least one tag')
      .optional(),
    technique: some(techniqueId).optional(),
    script: z
      .strictObject({
        sha256: some(z.string().regex(/^[0-9a-f]{64}$/i, '64 hex digits')).optional(),
        pattern: z.string().min(1).refine(isPattern, 'a pattern in RE2 syntax').optional(),
      })
      .refine((script) => script.sha256 !== undefined || script.pattern !== undefined, 'sha256 or pattern')
      .optional(),
    ip: some(z.string().refine(isRange, 'an IPv4 or IPv6 address or range')).optional(),
    hours: hoursSchema.optional(),
  })
  .refine((match) => Object.values(match).some((value) => value !== undefined), {
    message:
      'empty: it would match everything; give at least one of caller, target, resourceGroup, subscription, tag, technique, script, ip, hours',
  });

/** A day (its end, UTC) or a time. */
const moment = z
  .string()
  .refine((value) => toMoment(value) !== null, 'a day such as 2027-01-31, or a time in RFC 3339');

export const exceptionSchema = z.strictObject({
  id: z
    .string()
    .regex(/^[\w.@:-]{1,100}$/, 'letters, digits, dots, dashes')
    .optional()
    .describe('Made up when absent'),
  match: matchSchema,
  reason: words.max(2000),
  owner: words.max(200),
  expires: moment.describe('A day (its end, UTC) or a time'),
  review: moment.optional(),
  ticket: z.url({ protocol: /^https?$/ }).optional(),
  silenceCritical: z.boolean().optional().describe('Also silences a critical score'),
  createdBy: words.max(200).optional(),
  createdAt: moment.optional(),
  from: z
    .strictObject({
      alertId: words.max(100),
      closedAs: z.enum(closeReasons),
      note: words.max(maxOriginNote).optional(),
    })
    .optional()
    .describe('The closed alert that it was added from'),
});

export const exceptionsFileSchema = z.strictObject({ exceptions: z.array(exceptionSchema) });

/** Converts a day to its end in UTC: 2027-01-31 becomes the first instant of 2027-02-01. Null if invalid. */
export function toMoment(value: string): string | null {
  if (/^\d{4}-\d\d-\d\d$/.test(value)) {
    const start = Date.parse(`${value}T00:00:00Z`);
    return Number.isNaN(start) ? null : new Date(start + 86_400_000).toISOString();
  }
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)$/i.test(value)) return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** The faults of an exceptions file, with lines and columns. */
export class ExceptionsFileError extends Error {
  readonly code = 'EXCEPTIONS_INVALID';
  constructor(
    readonly faults: { line: number; column: number; text: string }[],
    file: string,
  ) {
    super(faults.map((fault) => `${file}:${fault.line}:${fault.column}: ${fault.text}`).join('\n'));
  }
}

/** Parses exceptions from YAML or JSON. Throws {@link ExceptionsFileError} with every fault and its line. */
export function parseExceptions(source: string, file = 'exceptions.yaml'): Exception[] {
  const counter = new LineCounter();
  const document = parseDocument(source, { lineCounter: counter, uniqueKeys: true });
  if (document.errors.length > 0) {
    throw new ExceptionsFileError(
      document.errors.map((error) => ({
        line: error.linePos?.[0].line ?? 1,
        column: error.linePos?.[0].col ?? 1,
        text: error.message.split('\n')[0] ?? 'not YAML',
      })),
      file,
    );
  }
  const parsed = exceptionsFileSchema.safeParse(document.toJS({ maxAliasCount: 100 }) ?? {});
  if (!parsed.success) {
    throw new ExceptionsFileError(
      parsed.error.issues.map((issue) => {
        const { line, col } = counter.linePos(offsetOf(document.contents, issue.path) ?? 0);
        return { line, column: col, text: `${issue.path.join('.') || 'the file'}: ${describe(issue)}` };
      }),
      file,
    );
  }
  return parsed.data.exceptions.map((entry) => ({
    ...entry,
    id:
      entry.id ?? `ex-${shortDigest(JSON.stringify(entry.match), entry.owner, entry.expires).toLowerCase()}`,
    match: entry.match,
    expires: toMoment(entry.expires) ?? entry.expires,
  }));
}

function describe(issue: z.core.$ZodIssue): string {
  const name = String(issue.path.at(-1) ?? '');
  if (issue.code === 'invalid_type' && 'input' in issue && issue.input === undefined)
    return `${name} is missing`;
  if (issue.code === 'invalid_type' && /received undefined/.test(issue.message)) return `${name} is missing`;
  if (issue.code === 'too_small') return `${name} is empty`;
  if (issue.code === 'unrecognized_keys') return `unknown: ${issue.keys.join(', ')}`;
  return issue.message.replace(/^Invalid input: /, '');
}

/** Start offset of the deepest existing node on the path. A missing field is reported at its parent. */
function offsetOf(node: unknown, path: readonly PropertyKey[]): number | undefined {
  const own = (node as { range?: [number, number, number] | null } | null)?.range?.[0];
  const [key, ...rest] = path;
  if (key === undefined) return own;
  const child = isMap(node)
    ? node.items.find(
        (pair) => String((pair.key as { value?: unknown } | null)?.value ?? pair.key) === String(key),
      )
    : isSeq(node)
      ? { key: null, value: node.items[Number(key)] }
      : undefined;
  if (!child) return own;
  const at =
    rest.length === 0 && child.key
      ? (child.key as { range?: [number, number, number] | null }).range?.[0]
      : undefined;
  return at ?? offsetOf(child.value, rest) ?? own;
}
