import { defineShape } from '../log-shape';
import { type Bag, bag, claimsFrom, fieldOf, firstBag, operationFrom, text } from '../record-fields';

const dataOf = (r: Bag) => bag(fieldOf(r, 'data'));
const typeOf = (r: Bag) => text(fieldOf(r, 'eventType', 'type'));
const outcome = /^Microsoft\.Resources\.Resource(?:Action|Write|Delete)(Success|Failure|Cancel)$/i;

/**
 * Event Grid events of a subscription, in either schema. Source: "Azure subscription as an Event Grid
 * source".
 */
defineShape({
  id: 'event-grid',
  fits: (r, has) => has('data') && outcome.test(typeOf(r)),
  operation: (r) =>
    operationFrom(fieldOf(dataOf(r), 'operationName'), {}, firstBag(fieldOf(dataOf(r), 'authorization'))),
  read: (r) => {
    const data = dataOf(r);
    const authorization = firstBag(fieldOf(data, 'authorization'));
    return {
      id: text(r.id),
      time: fieldOf(r, 'eventTime', 'time'),
      submitted: null,
      operation: operationFrom(fieldOf(data, 'operationName'), {}, authorization) ?? '',
      status: text(fieldOf(data, 'status')) || (outcome.exec(typeOf(r))?.[1] ?? ''),
      subStatus: '',
      resourceId: text(fieldOf(data, 'resourceUri')) || text(fieldOf(r, 'subject')),
      correlationId: text(fieldOf(data, 'correlationId')),
      callerName: '',
      ip: text(fieldOf(firstBag(fieldOf(data, 'httpRequest')), 'clientIpAddress')),
      tenant: text(fieldOf(data, 'tenantId')),
      claims: claimsFrom(fieldOf(data, 'claims')),
      authorization,
      properties: {},
    };
  },
});
