interface RestRecord {
  eventTimestamp: string;
  resourceId: string;
  operationName: { value: string };
  status: { value: string };
  subStatus: { value: string };
  httpRequest: { clientIpAddress: string };
  properties: Record<string, unknown>;
  [field: string]: unknown;
}

const results: Record<string, string> = {
  Started: 'Start',
  Accepted: 'Accept',
  Succeeded: 'Success',
  Failed: 'Failure',
};

/** The records as a diagnostic setting exports them to an event hub: no event id, uppercase names. */
export const exported = (records: readonly unknown[]) => ({
  records: (records as RestRecord[]).map((record) => ({
    time: record.eventTimestamp,
    resourceId: record.resourceId.toUpperCase(),
    operationName: record.operationName.value.toUpperCase(),
    category: 'Administrative',
    resultType: results[record.status.value] ?? record.status.value,
    resultSignature: `${results[record.status.value]}.${record.subStatus.value}`,
    durationMs: '0',
    callerIpAddress: record.httpRequest.clientIpAddress,
    correlationId: record.correlationId,
    identity: { authorization: record.authorization, claims: record.claims },
    level: record.level,
    location: 'global',
    tenantId: record.tenantId,
    properties: { ...record.properties },
  })),
});
