import { parseResourceId, type Target, typeOf } from '../resources/resource-id';
import { targetType } from './catalogue';

/**
 * The machine that a resource id names or belongs to: a run command, extension or serial port gives its VM.
 * Returns the resource itself if no known machine type matches.
 */
export function targetOf(resourceId: string): Target {
  const parsed = parseResourceId(resourceId);
  if (!parsed) {
    const subscription = /^\/subscriptions\/([^/]+)/i.exec(resourceId)?.[1] ?? '';
    const last = resourceId.split('/').filter(Boolean).at(-1) ?? resourceId;
    return {
      id: resourceId,
      name: last,
      type: '',
      resourceGroup: '',
      subscriptionId: subscription.toLowerCase(),
    };
  }
  let depth = parsed.chain.length;
  let type = typeOf(parsed, depth);
  for (let d = depth; d > 0; d--) {
    const known = targetType(typeOf(parsed, d));
    if (known) {
      depth = d;
      type = known;
      break;
    }
  }
  const cut = 6 + depth * 2;
  return {
    id: `/${resourceId.split('/').filter(Boolean).slice(0, cut).join('/')}`,
    name: parsed.chain
      .slice(0, depth)
      .map((pair) => pair.name)
      .join('/'),
    type,
    resourceGroup: parsed.resourceGroup,
    subscriptionId: parsed.subscriptionId,
  };
}

/** Whether commands can run on this type. */
export const isMachine = ({ type }: Target): boolean => targetType(type) !== undefined;
