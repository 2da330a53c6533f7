import { randomUUID } from 'node:crypto';
import { stringify } from 'yaml';
import type { Config } from '../../config/config';
import type { Exception } from '../../domain/exceptions/exception';
import { exceptionSchema, toMoment } from '../../domain/exceptions/exceptions-file';
import { plainLine } from '../../domain/text/plain-text';
import { shortDigest } from '../../domain/text/short-digest';
import type { Store } from '../../store/store';
import { count } from '../support/count';
import { operator } from '../support/operator';
import { CommandError, type Output } from '../support/output';
import { table } from '../support/table';
import { withStore } from '../support/with-store';
import { audited, save, warnOfUnknownScripts } from './save-exceptions';

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
      plainLine(e.reason, 100),
      plainLine(JSON.stringify(e.match), 500),
    ]);
    for (const line of table([['ID', 'EXPIRES', 'USED', 'OWNER', 'REASON', 'MATCHES'], ...cells]))
      output.out(line);
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
  warnOfUnknownScripts([exception], output);
  await withStore(config, async (store, _, keyring) => {
    const [saved] = await save([exception], 'exception.add', { store, keyring, config }, output);
    if (saved || flags.json) output.out(flags.json ? JSON.stringify(exception) : exception.id);
  });
}

const defined = <T extends Record<string, unknown>>(value: T) =>
  Object.fromEntries(Object.entries(value).filter(([, inner]) => inner !== undefined)) as Partial<T>;

/** Expires an exception now. */
export async function expireException(
  id: string,
  flags: { json?: boolean },
  config: Config,
  output: Output,
): Promise<void> {
  await withStore(config, async (store) => {
    const exception = await store.exceptions.get(id);
    if (!exception) throw missing(id);
    const ended = { ...exception, expires: new Date().toISOString() };
    await store.exceptions.put(ended, [audited('exception.expire', id, null)], randomUUID());
    output.out(flags.json ? JSON.stringify(ended) : `${id} has expired`);
  });
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
        : `${id}: suppressed ${count(suppressed, 'alert')}, expires ${reviewed.expires}${suppressed === 0 ? '; never used' : ''}`,
    );
  });
}
