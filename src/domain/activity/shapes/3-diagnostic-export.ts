import { defineShape } from '../log-shape';
import { type Bag, bag, claimsFrom, fieldOf, operationFrom, text, valueIn } from '../record-fields';

const identityOf = (r: Bag) => bag(fieldOf(r, 'identity'));
const authorizationOf = (r: Bag) => bag(fieldOf(identityOf(r), 'authorization'));

/** The export to Event Hubs and storage. Source: "Azure activity log event schema", categories of the diagnostic export. */
defineShape({
  id: 'diagnostic',
  fits: (r, has) =>
    (has('operationName') && typeof fieldOf(r, 'operationName') === 'string') ||
    (has('time') && has('resourceId') && has('identity')),
  operation: (r) =>
    operationFrom(fieldOf(r, 'operationName'), bag(fieldOf(r, 'properties')), authorizationOf(r)),
  read: (r) => {
    const identity = fieldOf(r, 'identity');
    const properties = bag(fieldOf(r, 'properties'));
    return {
      id: text(fieldOf(r, 'eventDataId')) || text(fieldOf(properties, 'eventDataId')),
      time: fieldOf(r, 'time', 'eventTimestamp', 'timestamp'),
      submitted: null,
      operation: operationFrom(fieldOf(r, 'operationName'), properties, authorizationOf(r)) ?? '',
      status: valueIn(fieldOf(r, 'resultType', 'status')),
      subStatus: text(fieldOf(r, 'resultSignature')).replace(/^[^.]*\./, ''),
      resourceId: text(fieldOf(r, 'resourceId')),
      correlationId: text(fieldOf(r, 'correlationId')),
      callerName: text(fieldOf(r, 'caller')),
      callerDisplayName: typeof identity === 'string' && !/^\s*[{[]/.test(identity) ? identity : '',
      ip:
        text(fieldOf(r, 'callerIpAddress')) ||
        text(fieldOf(bag(fieldOf(r, 'httpRequest')), 'clientIpAddress')),
      tenant: text(fieldOf(r, 'tenantId')),
      claims: claimsFrom(fieldOf(identityOf(r), 'claims')),
      authorization: authorizationOf(r),
      properties,
    };
  },
});
