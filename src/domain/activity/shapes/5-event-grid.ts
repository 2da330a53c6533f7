import { defineShape } from '../log-shape';
import { type Bag, bag, fieldOf, firstBag, operationFrom, text } from '../record-fields';

const dataOf = (r: Bag) => bag(r.data);
const outcome = /^Microsoft\.Resources\.Resource(?:Action|Write|Delete)(Success|Failure|Cancel)$/i;

/** Event Grid's events of a subscription, in either schema. Source: "Azure subscription as an Event Grid source". */
defineShape({
  id: 'event-grid',
  fits: (r) => outcome.test(text(r.eventType) || text(r.type)) && typeof r.data === 'object',
  operation: (r) =>
    operationFrom(fieldOf(dataOf(r), 'operationName'), {}, firstBag(fieldOf(dataOf(r), 'authorization'))),
  read: (r) => {
    const data = dataOf(r);
    const authorization = firstBag(fieldOf(data, 'authorization'));
    return {
      id: text(r.id),
      time: r.eventTime ?? r.time,
      submitted: null,
      operation: operationFrom(fieldOf(data, 'operationName'), {}, authorization) ?? '',
      status: text(fieldOf(data, 'status')) || (outcome.exec(text(r.eventType) || text(r.type))?.[1] ?? ''),
      subStatus: '',
      resourceId: text(fieldOf(data, 'resourceUri')) || text(r.subject),
      correlationId: text(fieldOf(data, 'correlationId')),
      callerName: '',
      ip: text(fieldOf(firstBag(fieldOf(data, 'httpRequest')), 'clientIpAddress')),
      claims: firstBag(fieldOf(data, 'claims')),
      authorization,
      properties: {},
    };
  },
});
