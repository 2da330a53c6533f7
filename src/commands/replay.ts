import { readFileSync } from 'node:fs';
import type { Azure } from '../azure/azure';
import type { AzureError } from '../azure/connection/azure-error';
import type { Config } from '../config/config';
import { BrokenFileError } from '../domain/activity/broken-file';
import { createReplay, type ReplayedAlert } from '../domain/activity/replay-file';
import { ExceptionsFileError, parseExceptions } from '../domain/exceptions/exceptions-file';
import { alertedOperations } from '../domain/techniques/detections';
import { guid } from '../domain/text/guid';
import { plainLine } from '../domain/text/plain-text';
import { count } from './support/count';
import { readExport } from './support/export-file';
import { fileFault } from './support/file-fault';
import { CommandError, type Output, paint } from './support/output';
import { progressLine } from './support/progress';

export interface ReplayFlags {
  format: string;
  exceptions?: string;
  failOnAlert?: boolean;
  json?: boolean;
  /** Log Analytics workspace to read instead of files; true means the configured one. */
  workspace?: string | true;
  /** Days to read back in the workspace. */
  days?: number;
  /** Start time in the workspace, RFC 3339; overrides `days`. */
  since?: string;
  /** Groups a burst into one alert, as the bot does. */
  group?: boolean;
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
  const workspaceRecords = flags.workspace ? readWorkspace(flags, config, azure) : null;
  const run = createReplay({
    format: flags.format,
    exceptions: flags.exceptions ? readExceptions(flags.exceptions) : [],
    detections: config.detections,
    points: config.points,
    group: flags.group ?? false,
  });
  const progress = progressLine(output, () => `${run.counts.records.toLocaleString('en')} records read`);
  const faults = workspaceRecords ? [] : await readInto(run, files.length > 0 ? files : ['-'], progress);
  try {
    for await (const records of workspaceRecords ?? []) {
      for (const record of records) run.take(record);
      progress.tick();
    }
  } catch (error) {
    if (!(error instanceof WorkspaceError)) throw error;
    faults.push(error.message);
  }
  progress.done();
  const alerts = run.finish();
  for (const alert of alerts) output.out(flags.json ? JSON.stringify(alert) : describe(alert, output));
  output.err(countsLine(run.counts));
  for (const line of unreadLines(run, faults)) output.err(line);
  if (faults.length > 0) return 1;
  return flags.failOnAlert && alerts.some((alert) => alert.verdict === 'alert') ? 3 : 0;
}

const day = 86_400_000;
const week = 7 * day;

/** The workspace stopped answering. The records read so far are used. */
class WorkspaceError extends Error {}

/** Reads the events that ran code from a workspace. One query per week limits memory use. */
async function* readWorkspace(
  { workspace, days = 30, since }: ReplayFlags,
  config: Config,
  azure: () => Promise<Pick<Azure, 'workspace'>>,
): AsyncGenerator<unknown[]> {
  const workspaceId = workspace === true ? config.workspaceId : (workspace ?? null);
  if (!workspaceId || !guid(workspaceId))
    throw new CommandError(
      `--workspace: got ${workspaceId ?? 'nothing'}, expected a Log Analytics workspace ID; or set LOG_ANALYTICS_WORKSPACE_ID`,
      2,
    );
  const { read } = (await azure()).workspace;
  const operations = alertedOperations(config.detections);
  const end = Date.now();
  const begin = since ? Date.parse(since) : end - days * day;
  for (let from = begin; from < end; from += week) {
    const window = {
      from: new Date(from).toISOString(),
      to: new Date(Math.min(from + week, end)).toISOString(),
    };
    try {
      yield* read(workspaceId, { ...window, operations });
    } catch (error) {
      const { message, remedy } = error as AzureError;
      const said = `${plainLine(message)}${remedy ? `; ${plainLine(remedy)}` : ''}`;
      if (from === begin) throw new CommandError(said, 1);
      throw new WorkspaceError(`${said}; stopped at ${window.from}, continue with --since ${window.from}`);
    }
  }
}

/**
 * Reads exports into a replay.
 * @returns one line per read error
 */
export async function readInto(
  run: ReturnType<typeof createReplay>,
  files: readonly string[],
  progress: ReturnType<typeof progressLine>,
): Promise<string[]> {
  const faults: string[] = [];
  for (const file of files) {
    const before = { records: run.counts.records, unreadable: unreadableOf(run.counts) };
    try {
      for await (const records of readExport(file)) {
        for (const record of records) run.take(record);
        progress.tick();
      }
    } catch (error) {
      faults.push(...faultsOf(file, error));
    }
    const records = run.counts.records - before.records;
    if (records > 0 && unreadableOf(run.counts) - before.unreadable === records)
      faults.push(
        `${nameOf(file)}: none of its ${count(records, 'record')} could be read; pass an activity log export`,
      );
  }
  return faults;
}

const unreadableOf = ({ unreadable }: ReturnType<typeof createReplay>['counts']) =>
  [...unreadable.values()].reduce((sum, count) => sum + count, 0);

/** Lines for stderr: why records were skipped, then the read errors. */
export function unreadLines(
  { counts }: ReturnType<typeof createReplay>,
  faults: readonly string[],
): string[] {
  const reasons = [...counts.unreadable].map(([reason, count]) => `skipped: ${count} × ${plainLine(reason)}`);
  return [...reasons, ...faults];
}

export function readExceptions(file: string) {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new CommandError(`${file}: ${fileFault(error)}; pass a YAML file of exceptions`, 2);
  }
  try {
    return parseExceptions(source, file);
  } catch (error) {
    if (error instanceof ExceptionsFileError) throw new CommandError(error.message, 2);
    throw error;
  }
}

function faultsOf(file: string, error: unknown): string[] {
  const name = nameOf(file);
  if (error instanceof BrokenFileError) {
    const more = error.count - error.places.length;
    return [
      ...error.places.map(
        ({ line, column, what }) =>
          `${name}:${line}:${column}: ${plainLine(what)}; the readable records were used`,
      ),
      ...(more > 0 ? [`${name}: ${count(more, 'more place')} could not be read`] : []),
    ];
  }
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'ENOENT') return [`${name}: file not found; pass the path of an activity log export`];
  return [`${name}: ${plainLine(message)}; check that it is an activity log export`];
}

const nameOf = (file: string) => (file === '-' ? 'stdin' : plainLine(file, 1000));

const countsLine = (counts: ReturnType<typeof createReplay>['counts']) => {
  const { records, alerts, suppressed } = counts;
  return `${count(records, 'record')}, ${count(alerts - suppressed, 'alert')}, ${suppressed} suppressed, ${unreadableOf(counts)} unreadable`;
};

function describe(alert: ReplayedAlert, output: Output): string {
  const color = alert.severity === 'critical' || alert.severity === 'high' ? 'red' : 'yellow';
  const head = paint(output, color, `${alert.severity.toUpperCase()} ${alert.score}`);
  const why = alert.grantedBy ? `, through ${plainLine(alert.grantedBy.role)}` : '';
  const verdict = alert.exception ? `  suppressed by ${plainLine(alert.exception)}` : '';
  const who = `${plainLine(alert.caller.name)}${alert.caller.ip ? ` (${plainLine(alert.caller.ip, 45)})` : ''}`;
  const target = alert.machines ? `${alert.machines} machines` : plainLine(alert.target.name);
  return `${alert.startedAt}  ${head}  ${alert.technique} ${alert.status} on ${target} by ${who}${why}${verdict}  ${alert.id}`;
}
