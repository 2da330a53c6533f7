import { defineShape } from '../log-shape';
import { type Bag, bag, claimsFrom, isOperation, operationFrom, text } from '../record-fields';

/**
 * Converts an Elastic export to nested form. Exports are nested or have dotted keys; Kibana's `fields` wrap
 * each value in a list.
 */
function nested(document: Bag): Bag {
  if (bag(document.azure).activitylogs) return document;
  const out: Bag = Object.create(null);
  const paths = Object.entries(document).sort(([a], [b]) => a.length - b.length);
  for (const [path, value] of paths) put(out, keysOf(path), single(value));
  return out;
}

const claimsPath = 'azure.activitylogs.identity.claims.';

/** A claim's name may be a URI, whose dots are not separators. */
const keysOf = (path: string): string[] =>
  path.startsWith(claimsPath)
    ? [...claimsPath.slice(0, -1).split('.'), path.slice(claimsPath.length)]
    : path.split('.');

/** Keeps an existing value: `user.name.text` is the same name, indexed differently. */
function put(out: Bag, keys: readonly string[], value: unknown): void {
  let at = out;
  for (const key of keys.slice(0, -1)) {
    at[key] ??= Object.create(null);
    if (typeof at[key] !== 'object' || Array.isArray(at[key])) return;
    at = at[key] as Bag;
  }
  at[keys.at(-1) as string] ??= value;
}

const single = (value: unknown): unknown => (Array.isArray(value) && value.length === 1 ? value[0] : value);

const named = (r: Bag): string =>
  text(bag(bag(r.azure).activitylogs).operation_name) ||
  text(single(r['azure.activitylogs.operation_name'])) ||
  text(bag(r['azure.activitylogs']).operation_name) ||
  text(bag(r.azure)['activitylogs.operation_name']);

const isAzure = (r: Bag): boolean => Object.keys(r).some((key) => key.startsWith('azure.activitylogs'));

function operationOf(document: Bag): string | null {
  const written = named(document);
  if (isOperation(written)) return written;
  const r = nested(document);
  const log = bag(bag(r.azure).activitylogs);
  const authorization = bag(bag(log.identity).authorization);
  return (
    operationFrom(log.operation_name, bag(log.properties), authorization) ??
    operationFrom(bag(r.event).action, {}, {})
  );
}

/**
 * Elastic documents from the Azure Logs integration (ECS). Source: azure.activitylogs fields, Filebeat
 * reference.
 */
defineShape({
  id: 'ecs',
  fits: (r) => typeof bag(r.azure).activitylogs === 'object' || named(r) !== '' || isAzure(r),
  operation: operationOf,
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
      // An alert document has the time when the rule ran; the event's own time is in a separate field.
      time:
        single(document['kibana.alert.original_time']) ??
        alert.original_time ??
        single(document['signal.original_time']) ??
        bag(r.signal).original_time ??
        r['@timestamp'],
      submitted: null,
      operation: operationOf(document) ?? '',
      status: text(log.result_type) || text(event.outcome),
      subStatus: text(log.result_signature).replace(/^[^.]*\./, ''),
      resourceId: text(bag(azure.resource).id),
      correlationId: text(azure.correlation_id),
      callerName: '',
      // The integration fills these with names and email addresses that people can choose.
      shownName: text(user.name) || text(bag(r.user).email) || text(bag(r.user).name),
      callerDisplayName:
        text(user.fullname) ||
        text(bag(r.user).full_name) ||
        text(log.identity_name) ||
        (typeof log.identity === 'string' ? log.identity : ''),
      ip:
        text(single(source.ip)) ||
        text(single(bag(r.client).ip)) ||
        text(source.address) ||
        text(bag(r.client).address) ||
        text(log.callerIpAddress),
      claims: claimsFrom(identity.claims),
      authorization: bag(identity.authorization),
      properties: bag(log.properties),
    };
  },
});
