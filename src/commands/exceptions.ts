import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { stringify } from 'yaml';
import type { PressJob } from '../actions/action';
import { exceptionWords } from '../actions/triage/add-exception';
import type { Config } from '../config/config';
import { createReplay } from '../domain/activity/replay-file';
import type { AuditDraft } from '../domain/audit/audit-chain';
import type { Exception } from '../domain/exceptions/exception';
import { assessException, defaultMaxExceptionDays } from '../domain/exceptions/exception-policy';
import {
  ExceptionsFileError,
  exceptionSchema,
  parseExceptions,
  toMoment,
} from '../domain/exceptions/exceptions-file';
import { exceptionApprovalTimeoutMs, isPending } from '../domain/measures/approval';
import { canonicalJson } from '../domain/text/canonical-json';
import { plainLine } from '../domain/text/plain-text';
import { shortDigest } from '../domain/text/short-digest';
import { approvalIdOf, askForApproval } from '../presses/approvals';
import type { Keyring } from '../runtime/keyring';
import type { Store } from '../store/store';
import { readExceptions, readInto, unreadLines } from './replay';
import { operator } from './support/operator';
import { CommandError, type Output, table } from './support/output';
import { progressLine } from './support/progress';
import { withStore } from './support/with-store';

const audited = (
  action: string,
  object: string,
  why: string | null,
  details: Record<string, unknown> = {},
): AuditDraft => ({
  at: new Date().toISOString(),
  by: operator(),
  action,
  alertId: null,
  object,
  result: 'done',
  why,
  details,
});

export async function listExceptions(
  flags: { json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  await withStore(config, async (store) => {
    const rows = await withUses(store);
    if (flags.json) {
      for (const row of rows) output.out(JSON.stringify(row));
      return;
    }
    const cells = rows.map((e) => [
      e.id,
      e.expires.slice(0, 16) + (isExpired(e) ? ' (expired)' : ''),
      String(e.suppressed),
      plainLine(e.owner, 40),
      `${plainLine(JSON.stringify(e.match), 120)}  ${plainLine(e.reason, 100)}`,
    ]);
    for (const line of table([['ID', 'EXPIRES', 'USED', 'OWNER', 'MATCHES'], ...cells])) output.out(line);
  });
}

const withUses = async (store: Store) =>
  Promise.all(
    (await store.exceptions.list()).map(async (exception) => ({
      ...exception,
      suppressed: await store.exceptions.uses(exception.id),
    })),
  );

const isExpired = (exception: Exception) => Date.parse(exception.expires) <= Date.now();

export async function showException(
  id: string,
  flags: { json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  await withStore(config, async (store) => {
    const exception = (await withUses(store)).find((e) => e.id === id);
    if (!exception) throw missing(id);
    output.out(flags.json ? JSON.stringify(exception) : stringify(exception).trimEnd());
  });
}

const missing = (id: string) =>
  new CommandError(`${id}: exception not found; \`runwatch exceptions list\` shows all`, 1);

export interface AddFlags {
  caller?: string[];
  target?: string[];
  resourceGroup?: string[];
  subscription?: string[];
  technique?: string[];
  ip?: string[];
  sha256?: string;
  pattern?: string;
  reason: string;
  owner: string;
  expires: string;
  review?: string;
  ticket?: string;
  json?: boolean;
}

export async function addException(flags: AddFlags, config: Config, output: Output): Promise<void> {
  const { caller, target, resourceGroup, subscription, technique, ip, sha256, pattern } = flags;
  const script = sha256 || pattern ? { sha256, pattern } : undefined;
  const match = defined({
    caller,
    target,
    resourceGroup,
    subscription,
    technique,
    ip,
    script: script && defined(script),
  });
  const draft = defined({
    match,
    reason: flags.reason,
    owner: flags.owner,
    expires: flags.expires,
    review: flags.review,
    ticket: flags.ticket,
  });
  const parsed = exceptionSchema.safeParse(draft);
  if (!parsed.success) {
    const faults = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new CommandError(`exception refused: ${faults.join('; ')}`, 2);
  }
  const exception: Exception = {
    ...parsed.data,
    id: `ex-${shortDigest(JSON.stringify(draft), String(Date.now())).toLowerCase()}`,
    expires: toMoment(parsed.data.expires) ?? parsed.data.expires,
    createdBy: operator().name,
    createdAt: new Date().toISOString(),
  };
  await withStore(config, async (store, _, keyring) => {
    const [saved] = await save([exception], 'exception.add', { store, keyring, config }, output);
    if (saved || flags.json) output.out(flags.json ? JSON.stringify(exception) : exception.id);
  });
}

/**
 * Stores exceptions that one person may add, and requests approval in chat for broader ones. The command line
 * can request approval but not approve.
 * @returns the exceptions that are active now
 * @throws {CommandError} that lists every refused exception; nothing is stored in that case
 */
async function save(
  wanted: readonly Exception[],
  action: string,
  { store, keyring, config }: { store: Store; keyring: Keyring | null; config: Config },
  output: Output,
): Promise<Exception[]> {
  if (!keyring) throw missingSecret;
  const now = Date.now();
  const alerts = wanted.length > 0 ? await store.alerts.list({ limit: 5000 }) : [];
  const maxDays = config.policy.exceptions?.maxDays ?? defaultMaxExceptionDays;
  const assessed = wanted.map((exception) => ({
    exception,
    ...assessException(exception, { now, maxDays, alerts, by: operator() }),
  }));
  const approvers = config.responders.length > 0 && store.surfaces.length > 0;
  const faults = assessed.flatMap(({ exception, refused, needsApproval }) => {
    if (refused) return [`${exception.id}: ${refused}`];
    if (needsApproval && !approvers)
      return [
        `${exception.id}: ${needsApproval}, so a second person must approve it; narrow it, or configure Slack or Teams and RUNWATCH_RESPONDERS`,
      ];
    return [];
  });
  if (faults.length > 0) throw new CommandError(`exception refused: ${faults.join('; ')}`, 2);
  const saved: Exception[] = [];
  for (const { exception, needsApproval: why } of assessed) {
    if (why) {
      await requestApproval(exception, why, { store, keyring });
      output.err(`${exception.id} is not active: ${why}. Two responders must approve it in chat.`);
      continue;
    }
    await store.exceptions.put(
      exception,
      [audited(action, exception.id, exception.reason, { exception })],
      randomUUID(),
    );
    saved.push(exception);
  }
  return saved;
}

const missingSecret = new CommandError('RUNWATCH_SECRET: unset, expected the same value as the bot', 2);

/** Requests approval in chat, once per exception while the request is pending. */
async function requestApproval(
  exception: Exception,
  why: string,
  { store, keyring }: { store: Store; keyring: Keyring },
): Promise<void> {
  const { createdAt: _, ...asked } = exception;
  const same = `cli-${shortDigest(canonicalJson(asked))}`;
  const known = await store.measures.getApproval(approvalIdOf(same));
  const press: PressJob = {
    pressId: !known || isPending(known, Date.now()) ? same : `${same}-${Date.now()}`,
    alertId: '',
    action: 'put_exception',
    by: operator(),
    at: new Date().toISOString(),
    input: { ...exception },
  };
  const wanted = { what: exceptionWords(exception), why, timeoutMs: exceptionApprovalTimeoutMs };
  await askForApproval(press, wanted, {
    store,
    keyring,
    now: Date.now,
    show: async () => {},
    postNotice: async (notice) => void (await store.deliveries.addNotice(notice, store.surfaces)),
  });
}

const defined = <T extends Record<string, unknown>>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Partial<T>;

/** Expires an exception now. */
export async function expireException(id: string, config: Config, output: Output): Promise<void> {
  await withStore(config, async (store) => {
    const exception = await store.exceptions.get(id);
    if (!exception) throw missing(id);
    const ended = { ...exception, expires: new Date().toISOString() };
    await store.exceptions.put(ended, [audited('exception.expire', id, null)], randomUUID());
  });
  output.out(`${id} has expired`);
}

/** Sets a new expiry date, if given, and prints how often the exception was used. */
export async function reviewException(
  id: string,
  flags: { until?: string; json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  const until = flags.until === undefined ? undefined : toMoment(flags.until);
  if (until === null)
    throw new CommandError(`--until: got ${flags.until}, expected a day such as 2027-01-31`, 2);
  await withStore(config, async (store, _, keyring) => {
    const exception = await store.exceptions.get(id);
    if (!exception) throw missing(id);
    const wanted = until ? { ...exception, expires: until } : exception;
    const saved = until ? await save([wanted], 'exception.review', { store, keyring, config }, output) : [];
    const reviewed = saved[0] ?? exception;
    const suppressed = await store.exceptions.uses(id);
    output.out(
      flags.json
        ? JSON.stringify({ ...reviewed, suppressed })
        : `${id}: suppressed ${suppressed} alerts, expires ${reviewed.expires}${suppressed === 0 ? '; never used' : ''}`,
    );
  });
}

/** Exports YAML for version control. The text stays the same while nothing changes. */
export async function exportExceptions(
  flags: { output?: string },
  config: Config,
  output: Output,
): Promise<void> {
  await withStore(config, async (store) => {
    const text = stringify({ exceptions: await store.exceptions.list() }).trimEnd();
    if (flags.output) writeFileSync(flags.output, `${text}\n`);
    else output.out(text);
  });
}

/**
 * Applies a file to the store and prints the changes. Without `prune`, exceptions not in the file are kept.
 */
export async function importExceptions(
  file: string,
  flags: { dryRun?: boolean; prune?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  const wanted = file === '-' ? parseStdin() : readExceptions(file);
  await withStore(config, async (store, _, keyring) => {
    const known = new Map((await store.exceptions.list()).map((exception) => [exception.id, exception]));
    let removed = 0;
    const changed: Exception[] = [];
    for (const exception of wanted) {
      const before = known.get(exception.id);
      known.delete(exception.id);
      const after = { ...before, ...exception };
      if (before && stringify(before) === stringify(after)) continue;
      for (const line of diff(before, after)) output.out(line);
      changed.push(after);
    }
    const saved = flags.dryRun
      ? changed
      : await save(changed, 'exception.import', { store, keyring, config }, output);
    for (const [id, before] of flags.prune ? known : []) {
      for (const line of diff(before, undefined)) output.out(line);
      removed++;
      if (flags.dryRun) continue;
      if (!keyring) throw missingSecret;
      await store.exceptions.remove(id, [audited('exception.remove', id, null)], randomUUID());
    }
    output.err(
      `${saved.length + removed} of ${wanted.length} exceptions ${flags.dryRun ? 'would change' : 'changed'}`,
    );
  });
}

function parseStdin(): Exception[] {
  try {
    return parseExceptions(readFileSync(0, 'utf8'), 'stdin');
  } catch (error) {
    if (error instanceof ExceptionsFileError) throw new CommandError(error.message, 2);
    throw error;
  }
}

function diff(before: Exception | undefined, after: Exception | undefined): string[] {
  const lines = (exception: Exception | undefined) =>
    exception ? stringify(exception).trimEnd().split('\n') : [];
  const old = new Set(lines(before));
  const fresh = new Set(lines(after));
  return [
    `@@ ${after?.id ?? before?.id}`,
    ...[...old].filter((line) => !fresh.has(line)).map((line) => `- ${line}`),
    ...[...fresh].filter((line) => !old.has(line)).map((line) => `+ ${line}`),
  ];
}

/** Prints which alerts of a log export each exception in a file would have suppressed. */
export async function testExceptions(
  file: string,
  flags: { against: string[]; json?: boolean },
  config: Config,
  output: Output,
): Promise<number> {
  const exceptions = readExceptions(file);
  const { techniquesOff, points } = config;
  const run = createReplay({ format: 'auto', exceptions, techniquesOff, points });
  const progress = progressLine(output, () => `${run.counts.records.toLocaleString('en')} records read`);
  const faults = await readInto(run, flags.against, progress);
  progress.done();
  const total = run.finish().length;
  for (const exception of exceptions) {
    const covered = run.coveredBy(exception);
    if (flags.json) {
      const alerts = covered.map((alert) => alert.id);
      output.out(JSON.stringify({ exception: exception.id, suppressed: alerts.length, alerts }));
      continue;
    }
    output.out(`${exception.id}: would have suppressed ${covered.length} of ${total} alerts`);
    for (const alert of covered)
      output.out(
        `  ${alert.startedAt}  ${alert.technique} on ${plainLine(alert.target.name)} by ${plainLine(alert.caller.name)}  ${alert.id}`,
      );
  }
  for (const line of unreadLines(run, faults)) output.err(line);
  return faults.length > 0 ? 1 : 0;
}
