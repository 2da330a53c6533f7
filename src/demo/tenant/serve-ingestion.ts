import { type Answer, ArmError, type ArmRequest } from './answers';

/** A data collection rule: by stream, the columns that it declares and the rows that arrived. */
export type IngestionRule = ReadonlyMap<
  string,
  { columns: Readonly<Record<string, string>>; rows: Record<string, unknown>[] }
>;

interface IngestionState {
  /** By immutable id. */
  ingestion: ReadonlyMap<string, IngestionRule>;
  mayDo: (action: string, path: string, callerId?: string) => boolean;
}

const audience = 'https://monitor.azure.com';
const maxCallBytes = 1024 * 1024;
const maxFieldBytes = 64 * 1024;

const isText = (value: unknown) => typeof value === 'string';
const fits: Record<string, (value: unknown) => boolean> = {
  string: isText,
  int: (value) => Number.isInteger(value) && Math.abs(value as number) < 2 ** 31,
  long: (value) => Number.isSafeInteger(value),
  datetime: (value) => isText(value) && /^\d{4}-\d\d-\d\dT.*Z$/.test(value as string),
  dynamic: (value) => typeof value === 'object',
};

export const ingestionPath = /^\/dataCollectionRules\/([^/]+)\/streams\/([^/]+)$/;

/**
 * POST /dataCollectionRules/{rule}/streams/{stream}. Stricter than Azure, which drops unknown columns and cuts long
 * fields without saying so.
 * @param isForAll the token is the simulated tenant's own, which every service accepts
 */
export function answerIngestion(
  request: ArmRequest,
  { ingestion, mayDo }: IngestionState,
  isForAll: boolean,
): Answer {
  const [, ruleId = '', name = ''] = ingestionPath.exec(request.path) ?? [];
  if (request.method !== 'POST' || request.query.get('api-version') !== '2023-01-01')
    throw new ArmError(400, 'InvalidApiVersion', 'The api-version is invalid.');
  if (!isForAll && audienceOf(request) !== audience)
    throw new ArmError(401, 'InvalidToken', `The token's audience is not ${audience}.`);
  const rule = ingestion.get(ruleId);
  if (!rule)
    throw new ArmError(404, 'NotFound', `Data collection rule with immutable Id '${ruleId}' not found.`);
  if (!mayDo('Microsoft.Insights/Telemetry/Write', request.path, request.callerId))
    throw new ArmError(
      403,
      'OperationFailed',
      `The authentication token provided does not have access to ingest data for the data collection rule with immutable Id '${ruleId}' PipelineAccessResult: AccessGranted: False, IsRbacPresent: False, IsDcrDceBindingValid: , DcrArmId: , Message: Required authorization action was not found for objectId on resourceId ConfigurationId: ..`,
    );
  const stream = rule.get(name);
  if (!stream) throw new ArmError(400, 'InvalidStream', `Stream '${name}' is not configured in the rule.`);
  if (Number(request.headers['content-length']) > maxCallBytes)
    throw new ArmError(413, 'ContentLengthLimitExceeded', 'Maximum allowed content length: 1048576 bytes.');
  if (!Array.isArray(request.body)) throw new ArmError(400, 'InvalidPayload', 'The body is not an array.');
  for (const row of request.body as Record<string, unknown>[]) {
    const fault = faultOf(row, stream.columns);
    if (fault) throw new ArmError(400, 'InvalidPayload', fault);
  }
  stream.rows.push(...(request.body as Record<string, unknown>[]));
  return { status: 204 };
}

function faultOf(row: Record<string, unknown>, columns: Readonly<Record<string, string>>): string | null {
  if (!row.TimeGenerated) return 'TimeGenerated is missing';
  for (const [column, value] of Object.entries(row)) {
    const type = columns[column];
    if (!type) return `the column ${column} is not declared`;
    if (value !== null && !fits[type]?.(value)) return `${column} is not a ${type}`;
    if (Buffer.byteLength(isText(value) ? (value as string) : JSON.stringify(value)) > maxFieldBytes)
      return `${column} is longer than 64 KB`;
  }
  return null;
}

function audienceOf({ headers }: ArmRequest): unknown {
  const [, claims = ''] = String(headers.authorization).split('.');
  if (!claims) return null;
  return (JSON.parse(Buffer.from(claims, 'base64url').toString()) as { aud?: unknown }).aud;
}
