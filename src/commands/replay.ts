import { createReadStream, readFileSync } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { Azure } from '../azure/azure';
import type { AzureError } from '../azure/connection/azure-error';
import type { Config } from '../config/config';
import type { Shape } from '../domain/activity/read-record';
import { createReplay, type ReplayedAlert } from '../domain/activity/replay-file';
import { BrokenFileError, splitRecords } from '../domain/activity/split-records';
import { ExceptionsFileError, parseExceptions } from '../domain/exceptions/exceptions-file';
import { guid } from '../domain/text/guid';
import { plainLine } from '../domain/text/plain-text';
import { CommandError, type Output, paint } from './support/output';
import { progressLine } from './support/progress';

export interface ReplayFlags {
  format: Shape | 'auto';
  exceptions?: string;
  failOnAlert?: boolean;
  json?: boolean;
  /** A Log Analytics workspace to read instead of files; true: the one that is configured. */
  workspace?: string | true;
  /** How many days back in the workspace. */
  days?: number;
}

/** Prints the alerts that exports would have raised. Resolves with the exit code. */
export async function replay(
  files: string[],
  flags: ReplayFlags,
  config: Config,
  output: Output,
  azure: () => Promise<Pick<Azure, 'workspace'>> = async () =>
    (await import('../azure/azure')).createAzure(config),
): Promise<number> {
  const hunted = flags.workspace ? hunt(flags, config, azure) : null;
  const run = createReplay({
    format: flags.format,
    exceptions: flags.exceptions ? readExceptions(flags.exceptions) : [],
    techniquesOff: config.techniquesOff,
    points: config.points,
  });
  const broken: string[] = [];
  const progress = progressLine(output, () => `${run.counts.records.toLocaleString('en')} records read`);
  const sources = hunted ? [] : files.length > 0 ? files : ['-'];
  for (const file of sources) {
    try {
      for await (const records of splitRecords(open(file))) {
        for (const record of records) run.take(record);
        progress.tick();
      }
    } catch (error) {
      broken.push(faultOf(file, error));
    }
  }
  for await (const records of hunted ?? []) {
    for (const record of records) run.take(record);
    progress.tick();
  }
  progress.done();
  const alerts = run.finish();
  for (const alert of alerts) output.out(flags.json ? JSON.stringify(alert) : describe(alert, output));
  output.err(countsLine(run.counts));
  for (const [reason, count] of run.counts.unreadable)
    output.err(`set aside: ${count} × ${plainLine(reason)}`);
  for (const fault of broken) output.err(fault);
  if (broken.length > 0) return 1;
  return flags.failOnAlert && alerts.some((alert) => alert.verdict === 'alert') ? 3 : 0;
}

const day = 86_400_000;
const week = 7 * day;

/** What ran in the last days by a workspace that keeps the log, a week a question, so that memory holds what ran, not the log. */
async function* hunt(
  { workspace, days = 30 }: ReplayFlags,
  config: Config,
  azure: () => Promise<Pick<Azure, 'workspace'>>,
): AsyncGenerator<unknown[]> {
  const workspaceId = workspace === true ? config.workspaceId : (workspace ?? null);
  if (!workspaceId || !guid(workspaceId))
    throw new CommandError(
      `--workspace: got ${workspaceId ?? 'nothing'}, expected a Log Analytics workspace's id; or set LOG_ANALYTICS_WORKSPACE_ID`,
      2,
    );
  const { read } = (await azure()).workspace;
  const end = Date.now();
  for (let from = end - days * day; from < end; from += week) {
    const window = {
      from: new Date(from).toISOString(),
      to: new Date(Math.min(from + week, end)).toISOString(),
    };
    try {
      yield* read(workspaceId, window);
    } catch (error) {
      const { message, remedy } = error as AzureError;
      throw new CommandError(`${plainLine(message)}${remedy ? `; ${plainLine(remedy)}` : ''}`, 1);
    }
  }
}

/** The alerts of some exports, judged by exceptions; throws for the first file that can't be read whole. */
export async function replayedAlerts(
  files: readonly string[],
  exceptions: ReturnType<typeof readExceptions>,
  config: Config,
  output: Output,
): Promise<ReplayedAlert[]> {
  const run = createReplay({
    format: 'auto',
    exceptions,
    techniquesOff: config.techniquesOff,
    points: config.points,
  });
  const progress = progressLine(output, () => `${run.counts.records.toLocaleString('en')} records read`);
  for (const file of files) {
    try {
      for await (const records of splitRecords(open(file))) {
        for (const record of records) run.take(record);
        progress.tick();
      }
    } catch (error) {
      throw new CommandError(faultOf(file, error), 1);
    }
  }
  progress.done();
  return run.finish();
}

export function readExceptions(file: string) {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file}: ${(error as Error).message}; name a YAML file of exceptions`, 2);
  }
  try {
    return parseExceptions(source, file);
  } catch (error) {
    if (error instanceof ExceptionsFileError) throw new CommandError(error.message, 2);
    throw error;
  }
}

async function* open(file: string): AsyncGenerator<Buffer> {
  const source: AsyncIterable<Buffer> =
    file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 });
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const rest: AsyncIterable<Buffer> = { [Symbol.asyncIterator]: () => iterator };
  async function* whole() {
    yield first.value;
    yield* rest;
  }
  const gzipped = first.value[0] === 0x1f && first.value[1] === 0x8b;
  if (!gzipped) {
    yield* whole();
    return;
  }
  const { Readable } = await import('node:stream');
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  const piped = Readable.from(whole()).on('error', (error) => gunzip.destroy(error));
  yield* piped.pipe(gunzip) as AsyncIterable<Buffer>;
}

function faultOf(file: string, error: unknown): string {
  const name = file === '-' ? 'stdin' : file;
  if (error instanceof BrokenFileError) {
    return `${name}:${error.line}:${error.column}: ${error.message}; what could be read was used, mend the file for the rest`;
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return `${name}: there is no such file; give the path of an activity-log export`;
  return `${name}: ${plainLine(message)}; check that it is an activity-log export`;
}

const countsLine = ({
  records,
  alerts,
  suppressed,
  unreadable,
}: ReturnType<typeof createReplay>['counts']) => {
  const aside = [...unreadable.values()].reduce((sum, count) => sum + count, 0);
  return `${records} records, ${alerts - suppressed} alerts, ${suppressed} suppressed, ${aside} unreadable`;
};

function describe(alert: ReplayedAlert, output: Output): string {
  const color = alert.severity === 'critical' || alert.severity === 'high' ? 'red' : 'yellow';
  const head = paint(output, color, `${alert.severity.toUpperCase()} ${alert.score}`);
  const why = alert.grantedBy ? `, through ${plainLine(alert.grantedBy.role)}` : '';
  const verdict = alert.exception ? `  suppressed by ${plainLine(alert.exception)}` : '';
  const who = `${plainLine(alert.caller.name)}${alert.caller.ip ? ` (${plainLine(alert.caller.ip, 45)})` : ''}`;
  return `${alert.startedAt}  ${head}  ${alert.technique} ${alert.status} on ${plainLine(alert.target.name)} by ${who}${why}${verdict}  ${alert.id}`;
}
