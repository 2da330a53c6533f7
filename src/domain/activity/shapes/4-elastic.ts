import { defineShape } from '../log-shape';
import { type Bag, bag, operationFrom, text } from '../record-fields';

/** Elastic exports come nested or with dotted keys; Kibana's `fields` hold each value in a list. */
function nested(document: Bag): Bag {
  if (bag(document.azure).activitylogs) return document;
  const out: Bag = Object.create(null);
  for (const [path, value] of Object.entries(document)) {
    const keys = path.split('.');
    let at = out;
    for (const key of keys.slice(0, -1)) {
      if (typeof at[key] !== 'object' || at[key] === null) at[key] = Object.create(null);
      at = at[key] as Bag;
    }
    at[keys.at(-1) ?? path] = Array.isArray(value) && value.length === 1 ? value[0] : value;
  }
  return out;
}

const operationOf = (r: Bag): string =>
  text(bag(bag(r.azure).activitylogs).operation_name) || one(r['azure.activitylogs.operation_name']);

const one = (value: unknown): string => text(Array.isArray(value) ? value[0] : value);

/** Elastic's documents by the Azure Logs integration (ECS). Source: azure.activitylogs fields, Filebeat reference. */
defineShape({
  id: 'ecs',
  fits: (r) => operationOf(r) !== '',
  operation: (r) => {
    const authorization = bag(bag(bag(bag(r.azure).activitylogs).identity).authorization);
    return operationFrom(operationOf(r), {}, authorization);
  },
  read: (document) => {
    const r = nested(document);
    const azure = bag(r.azure);
    const log = bag(azure.activitylogs);
    const identity = bag(log.identity);
    const user = bag(identity.claims_initiated_by_user);
    const event = bag(r.event);
    const alert = bag(bag(r.kibana).alert);
    const source = bag(r.source);
    return {
      id: text(log.event_data_id) || text(event.id),
      // An alert document is of the moment when the rule ran; the event's own is kept beside it.
      time:
        document['kibana.alert.original_time'] ??
        alert.original_time ??
        bag(r.signal).original_time ??
        r['@timestamp'],
      submitted: null,
      operation: operationFrom(log.operation_name, {}, bag(identity.authorization)) ?? text(event.action),
      status: text(log.result_type) || text(event.outcome),
      subStatus: text(log.result_signature).replace(/^[^.]*\./, ''),
      resourceId: text(bag(azure.resource).id),
      correlationId: text(azure.correlation_id),
      callerName: text(user.name) || text(bag(r.user).email) || text(bag(r.user).name),
      callerDisplayName: text(user.fullname) || text(bag(r.user).full_name) || text(log.identity_name),
      ip: text(source.ip) || text(bag(r.client).ip) || text(source.address),
      claims: bag(identity.claims),
      authorization: bag(identity.authorization),
      properties: bag(log.properties),
    };
  },
});
