import { type Answer, ArmError, type ArmRequest } from './answers';
import { KustoError, type Row, runSteps, type Table } from './kusto';
import { logSchema } from './log-schema';
import type { LoggedRecord } from './serve-activity-log';

/** A workspace that the activity log is exported to. */
export interface Workspace {
  /** Start time of the export, ms. */
  since: number;
  /** Maximum rows in one answer; more rows are a partial failure. */
  mostRows: number;
  /** Rows of other tables by name. A row with `arrivesAt`, ms, is there from then on. */
  tables?: Map<string, LoggedRow[]>;
}

export type LoggedRow = Row & { arrivesAt?: number };

type ActivityRecord = LoggedRecord['record'] & Record<string, never>;

const results: Record<string, string> = {
  Started: 'Start',
  Accepted: 'Accept',
  Succeeded: 'Success',
  Failed: 'Failure',
};

const nameIn = (field: unknown) => String((field as { value?: string } | undefined)?.value ?? '');

/** AzureActivity's columns, as the export writes them. */
const columns: Record<string, { type: string; of: (record: ActivityRecord) => unknown }> = {
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

interface LogState {
  workspaces: ReadonlyMap<string, Workspace>;
  mayDo: (action: string, path: string) => boolean;
  now: () => number;
}

/** POST /v1/workspaces/{id}/query. Supports only the Kusto that Runwatch uses; the rest is a syntax error. */
export function answerLogAnalytics(
  request: ArmRequest,
  log: readonly LoggedRecord[],
  { workspaces, mayDo, now }: LogState,
): Answer {
  const id = /^\/v1\/workspaces\/([^/]+)\/query$/.exec(request.path)?.[1] ?? '';
  const workspace = workspaces.get(id);
  const { query = '', timespan = '' } = (request.body ?? {}) as { query?: string; timespan?: string };
  const [name = '', ...steps] = query.split('\n').map((line) => line.replace(/^\| /, ''));
  const may = (rest: string) => mayDo(`Microsoft.OperationalInsights/workspaces/query/${rest}`, request.path);
  if (!workspace || !may('read') || !may(`${name}/read`))
    throw new ArmError(
      403,
      'InsufficientAccessError',
      'The provided credentials have insufficient access to perform the requested operation',
    );
  const [start, end] = timespan.split('/').map((time) => Date.parse(time));
  if (!start || !end) throw new ArmError(400, 'BadArgumentError', `timespan '${timespan}' is not two times`);
  const table = name === 'AzureActivity' ? activityOf(log, workspace) : tableOf(name, workspace, now());
  const inSpan = table.rows.filter(({ TimeGenerated }) => {
    const at = Date.parse(String(TimeGenerated));
    return at >= start && at <= end;
  });
  const { types, rows } = asked({ ...table, rows: inSpan }, steps);
  const partial = rows.length > workspace.mostRows;
  const shown = Object.entries(types).map(([column, type]) => ({ name: column, type }));
  const cells = rows.slice(0, workspace.mostRows).map((row) => shown.map((one) => row[one.name] ?? null));
  const error = { code: 'PartialError', message: 'There were some errors when processing your query.' };
  return {
    status: 200,
    body: { tables: [{ name: 'PrimaryResult', columns: shown, rows: cells }], ...(partial ? { error } : {}) },
  };
}

function asked(table: Table, steps: readonly string[]): Table {
  try {
    return runSteps(table, steps);
  } catch (error) {
    if (error instanceof KustoError) throw badQuery(error.message);
    throw error;
  }
}

function activityOf(log: readonly LoggedRecord[], { since }: Workspace): Table {
  const rows = log
    .filter(({ record }) => Date.parse(record.eventTimestamp) >= since)
    .map(({ record }) =>
      Object.fromEntries(
        Object.entries(columns).map(([name, { of }]) => [name, of(record as ActivityRecord)]),
      ),
    );
  return { types: Object.fromEntries(Object.entries(columns).map(([name, { type }]) => [name, type])), rows };
}

function tableOf(name: string, { tables = new Map() }: Workspace, now: number): Table {
  const types = logSchema[name];
  const arrived = (rows: readonly LoggedRow[]) => rows.filter(({ arrivesAt = 0 }) => arrivesAt <= now);
  if (name === 'Usage' && types) {
    const used = [...tables].filter(([, rows]) => arrived(rows).length > 0);
    const TimeGenerated = new Date(now - 3_600_000).toISOString();
    return { types, rows: used.map(([DataType]) => ({ TimeGenerated, DataType, Quantity: 1 })) };
  }
  const rows = tables.get(name);
  if (!types || !rows) throw badQuery(`Failed to resolve table or column expression named '${name}'`);
  return { types, rows: arrived(rows) };
}

const badQuery = (why: string) =>
  new ArmError(400, 'BadArgumentError', `The request had some invalid properties: ${why}`);
