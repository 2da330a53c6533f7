import { type Answer, ArmError, type ArmRequest } from './answers';
import type { LoggedRecord } from './serve-activity-log';

/** A workspace that the activity log is exported to. */
export interface Workspace {
  /** Start time of the export, ms. */
  since: number;
  /** Maximum rows in one answer; more rows are a partial failure. */
  mostRows: number;
}

interface Row {
  record: LoggedRecord['record'] & Record<string, never>;
  at: number;
}

const results: Record<string, string> = {
  Started: 'Start',
  Accepted: 'Accept',
  Succeeded: 'Success',
  Failed: 'Failure',
};

const nameIn = (field: unknown) => String((field as { value?: string } | undefined)?.value ?? '');

/** AzureActivity's columns, as the export writes them. */
const columns: Record<string, { type: string; of: (record: Row['record']) => unknown }> = {
  TimeGenerated: { type: 'datetime', of: (r) => r.eventTimestamp },
  OperationNameValue: { type: 'string', of: (r) => nameIn(r.operationName).toUpperCase() },
  ActivityStatusValue: { type: 'string', of: (r) => results[nameIn(r.status)] ?? nameIn(r.status) },
  ActivitySubstatusValue: { type: 'string', of: (r) => nameIn(r.subStatus) },
  SubscriptionId: { type: 'string', of: (r) => r.subscriptionId },
  CorrelationId: { type: 'string', of: (r) => r.correlationId },
  Caller: { type: 'string', of: (r) => r.caller },
  CallerIpAddress: {
    type: 'string',
    of: (r) => (r.httpRequest as { clientIpAddress?: string } | undefined)?.clientIpAddress ?? '',
  },
  Authorization: { type: 'string', of: (r) => JSON.stringify(r.authorization ?? {}) },
  Claims: { type: 'string', of: (r) => JSON.stringify(r.claims ?? {}) },
  Properties: { type: 'string', of: (r) => JSON.stringify(r.properties ?? {}) },
  EventDataId: { type: 'string', of: (r) => r.eventDataId },
  EventSubmissionTimestamp: { type: 'datetime', of: (r) => r.submissionTimestamp },
  _ResourceId: { type: 'string', of: (r) => String(r.resourceId).toLowerCase() },
};

/** POST /v1/workspaces/{id}/query. Supports only the Kusto that Runwatch uses; the rest is a syntax error. */
export function answerLogAnalytics(
  request: ArmRequest,
  log: readonly LoggedRecord[],
  workspaces: ReadonlyMap<string, Workspace>,
): Answer {
  const id = /^\/v1\/workspaces\/([^/]+)\/query$/.exec(request.path)?.[1] ?? '';
  const workspace = workspaces.get(id);
  if (!workspace)
    throw new ArmError(
      403,
      'InsufficientAccessError',
      'The provided credentials have insufficient access to perform the requested operation',
    );
  const { query = '', timespan = '' } = (request.body ?? {}) as { query?: string; timespan?: string };
  const [start, end] = timespan.split('/').map((time) => Date.parse(time));
  if (!start || !end) throw new ArmError(400, 'BadArgumentError', `timespan '${timespan}' is not two times`);
  const [table, ...steps] = query.split('\n').map((line) => line.replace(/^\| /, ''));
  if (table !== 'AzureActivity') throw syntaxError(table);
  let rows: Row[] = log
    .map(({ record }) => ({ record: record as Row['record'], at: Date.parse(record.eventTimestamp) }))
    .filter(({ at }) => at >= workspace.since && at >= start && at <= end);
  let shown: string[] = Object.keys(columns);
  for (const step of steps) {
    const oldest = /^summarize (\w+) = min\(TimeGenerated\)$/.exec(step);
    if (oldest) {
      const first = rows.reduce((min, { at }) => Math.min(min, at), Number.POSITIVE_INFINITY);
      const value = Number.isFinite(first) ? new Date(first).toISOString() : null;
      return answerOf([{ name: oldest[1] as string, type: 'datetime' }], [[value]]);
    }
    const projected = /^project ([\w, ]+)$/.exec(step);
    if (projected) {
      shown = (projected[1] as string).split(', ');
      const unknown = shown.find((name) => !columns[name]);
      if (unknown) throw syntaxError(`Failed to resolve column '${unknown}'`);
    } else if (step === 'order by TimeGenerated asc') rows = [...rows].sort((a, b) => a.at - b.at);
    else rows = rows.filter(conditionOf(step));
  }
  const partial = rows.length > workspace.mostRows;
  const cells = rows
    .slice(0, workspace.mostRows)
    .map(({ record }) => shown.map((name) => columns[name]?.of(record)));
  const answer = answerOf(
    shown.map((name) => ({ name, type: columns[name]?.type as string })),
    cells,
  );
  const error = { code: 'PartialError', message: 'There were some errors when processing your query.' };
  return partial ? { ...answer, body: { ...(answer.body as object), error } } : answer;
}

const answerOf = (described: { name: string; type: string }[], rows: unknown[][]): Answer => ({
  status: 200,
  body: { tables: [{ name: 'PrimaryResult', columns: described, rows }] },
});

function conditionOf(step: string): (row: Row) => boolean {
  const span = /^where TimeGenerated >= datetime\(([^)]+)\) and TimeGenerated < datetime\(([^)]+)\)$/.exec(
    step,
  );
  if (span) return ({ at }) => at >= Date.parse(span[1] as string) && at < Date.parse(span[2] as string);
  const among = /^where (\w+) in~ \(((?:"[^"]+"(?:, )?)+)\)$/.exec(step);
  const same = /^where (\w+) =~ ("[^"]+")$/.exec(step);
  const [, name = '', list = ''] = among ?? same ?? [];
  const column = columns[name];
  if (!column) throw syntaxError(step);
  const wanted = new Set((JSON.parse(`[${list}]`) as string[]).map((value) => value.toLowerCase()));
  return ({ record }) => wanted.has(String(column.of(record)).toLowerCase());
}

const syntaxError = (near: string | undefined) =>
  new ArmError(
    400,
    'BadArgumentError',
    `The request had some invalid properties: query could not be parsed at '${near}'`,
  );
