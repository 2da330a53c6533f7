import { defineShape } from '../log-shape';
import { type Bag, bag, claimsFrom, fieldOf, firstBag, operationFrom, text, valueIn } from '../record-fields';

const identityOf = (r: Bag) => bag(fieldOf(r, 'identity'));
const authorizationOf = (r: Bag) =>
  firstBag(fieldOf(r, 'authorization'), fieldOf(identityOf(r), 'authorization'));

/**
 * EventData from the REST API, from `Get-AzActivityLog`, or from the SDK for Python. Source:
 * Microsoft.Insights 2015-04-01; Az.Monitor's PSEventData; azure-mgmt-monitor's EventData.
 */
defineShape({
  id: 'rest',
  fits: (r, has) =>
    (has('operationName') && (has('eventTimestamp') || typeof fieldOf(r, 'operationName') === 'object')) ||
    (has('eventTimestamp') && has('authorization')),
  operation: (r) =>
    operationFrom(fieldOf(r, 'operationName'), bag(fieldOf(r, 'properties')), authorizationOf(r)),
  read: (r) => ({
    id: text(fieldOf(r, 'eventDataId')),
    time: fieldOf(r, 'eventTimestamp', 'time', 'timestamp'),
    submitted: fieldOf(r, 'submissionTimestamp'),
    operation:
      operationFrom(fieldOf(r, 'operationName'), bag(fieldOf(r, 'properties')), authorizationOf(r)) ?? '',
    status: valueIn(fieldOf(r, 'status', 'resultType')),
    subStatus: valueIn(fieldOf(r, 'subStatus')),
    resourceId: text(fieldOf(r, 'resourceId', 'resourceUri')),
    correlationId: text(fieldOf(r, 'correlationId', 'operationId')),
    callerName: text(fieldOf(r, 'caller')),
    ip:
      text(fieldOf(bag(fieldOf(r, 'httpRequest')), 'clientIpAddress')) || text(fieldOf(r, 'callerIpAddress')),
    tenant: text(fieldOf(r, 'tenantId')),
    claims: claimsFrom(fieldOf(r, 'claims'), fieldOf(identityOf(r), 'claims')),
    authorization: authorizationOf(r),
    properties: bag(fieldOf(r, 'properties')),
  }),
});
