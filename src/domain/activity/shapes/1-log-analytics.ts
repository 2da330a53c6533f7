import { defineShape } from '../log-shape';
import { type Bag, fieldOf, firstBag, operationFrom, text } from '../record-fields';

const propertiesOf = (r: Bag) => firstBag(r.Properties_d, fieldOf(r, 'Properties'));
const authorizationOf = (r: Bag) => firstBag(r.Authorization_d, fieldOf(r, 'Authorization'));

/**
 * Log Analytics' AzureActivity table, from its API, its CSV export or Sentinel. Source: "AzureActivity", Azure Monitor Logs
 * reference; older rows have display names instead of operations.
 */
defineShape({
  id: 'log-analytics',
  fits: (_, has) =>
    has('OperationNameValue') ||
    (has('TimeGenerated') && (has('OperationName') || has('ActivityStatus') || has('ActivityStatusValue'))),
  operation: (r) =>
    operationFrom(fieldOf(r, 'OperationNameValue', 'OperationName'), propertiesOf(r), authorizationOf(r)),
  read: (r) => ({
    id: text(fieldOf(r, 'EventDataId')),
    time: fieldOf(r, 'TimeGenerated', 'EventSubmissionTimestamp'),
    submitted: fieldOf(r, 'EventSubmissionTimestamp'),
    operation:
      operationFrom(fieldOf(r, 'OperationNameValue', 'OperationName'), propertiesOf(r), authorizationOf(r)) ??
      '',
    status: text(fieldOf(r, 'ActivityStatusValue', 'ActivityStatus')),
    subStatus: text(fieldOf(r, 'ActivitySubstatusValue', 'ActivitySubstatus')),
    resourceId: text(fieldOf(r, '_ResourceId', 'ResourceId')),
    correlationId: text(fieldOf(r, 'CorrelationId', 'OperationId')),
    callerName: text(fieldOf(r, 'Caller')),
    ip:
      text(fieldOf(r, 'CallerIpAddress')) ||
      text(fieldOf(firstBag(fieldOf(r, 'HTTPRequest')), 'clientIpAddress')),
    claims: firstBag(r.Claims_d, fieldOf(r, 'Claims')),
    authorization: authorizationOf(r),
    properties: propertiesOf(r),
  }),
});
