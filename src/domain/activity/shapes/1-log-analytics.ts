import { defineShape } from '../log-shape';
import { type Bag, claimsFrom, fieldOf, firstBag, operationFrom, text } from '../record-fields';

const propertiesOf = (r: Bag) => firstBag(r.Properties_d, fieldOf(r, 'Properties'));
const authorizationOf = (r: Bag) => firstBag(r.Authorization_d, fieldOf(r, 'Authorization'));

const operationOf = (r: Bag): string | null =>
  operationFrom(fieldOf(r, 'OperationNameValue'), {}, {}) ??
  operationFrom(fieldOf(r, 'OperationName'), propertiesOf(r), authorizationOf(r));

/**
 * Log Analytics' AzureActivity table, from its API, CSV export or Sentinel. Older rows have display names
 * instead of operations. Source: "AzureActivity", Azure Monitor Logs reference.
 */
defineShape({
  id: 'log-analytics',
  fits: (_, has) =>
    has('OperationNameValue') ||
    (has('TimeGenerated') && (has('OperationName') || has('ActivityStatus') || has('ActivityStatusValue'))),
  operation: operationOf,
  read: (r) => ({
    id: text(fieldOf(r, 'EventDataId')),
    time: fieldOf(r, 'TimeGenerated', 'EventSubmissionTimestamp'),
    submitted: fieldOf(r, 'EventSubmissionTimestamp'),
    operation: operationOf(r) ?? '',
    status: text(fieldOf(r, 'ActivityStatusValue', 'ActivityStatus')),
    subStatus: text(fieldOf(r, 'ActivitySubstatusValue', 'ActivitySubstatus')),
    resourceId: text(fieldOf(r, '_ResourceId', 'ResourceId')),
    correlationId: text(fieldOf(r, 'CorrelationId', 'OperationId')),
    callerName: text(fieldOf(r, 'Caller')),
    ip:
      text(fieldOf(r, 'CallerIpAddress')) ||
      text(fieldOf(firstBag(fieldOf(r, 'HTTPRequest')), 'clientIpAddress')),
    // Not TenantId, which is the workspace's id.
    tenant: text(fieldOf(r, 'Hierarchy')).split(/[/,]/)[0] ?? '',
    claims: claimsFrom(r.Claims_d, fieldOf(r, 'Claims')),
    authorization: authorizationOf(r),
    properties: propertiesOf(r),
  }),
});
