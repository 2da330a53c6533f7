/** A role assignment scope, parsed and rebuilt. */
export interface Scope {
  /**
   * For example /subscriptions/ID/resourceGroups/NAME. Rebuilt from the parsed parts, never the raw input.
   */
  scope: string;
  subscriptionId: string;
}

/**
 * How much a scope contains, by its kind: 0 for the root of the tenant, then management groups, subscriptions, resource
 * groups and resources. Names don't show which of two management groups contains the other.
 */
export function depthOf(scope: string): number {
  const parts = scope.toLowerCase().split('/').filter(Boolean);
  if (parts.length === 0) return 0;
  if (parts[0] !== 'subscriptions') return 1;
  return parts.length <= 2 ? 2 : parts.length <= 4 ? 3 : parts.length;
}

const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
/** @see https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules */
const groupName = /^[\p{L}\p{N}_().-]{1,90}$/u;
const provider = /^[a-z][a-z0-9]*(\.[a-z0-9]+)+$/i;
const type = /^[a-z][a-z0-9]*$/i;
const name = /^[\p{L}\p{N}_][\p{L}\p{N}_ ().-]{0,259}$/u;

/**
 * Parses a scope: a subscription's GUID, or the ARM id of a subscription, resource group or resource. Null
 * for anything else, so that input can't change the path or query of a request.
 */
export function parseScope(text: string): Scope | null {
  const trimmed = text.trim();
  if (guid.test(trimmed))
    return { scope: `/subscriptions/${trimmed.toLowerCase()}`, subscriptionId: trimmed.toLowerCase() };
  const [root, subscription = '', groups, group = '', providers, namespace = '', ...rest] = trimmed
    .replace(/^\//, '')
    .replace(/\/$/, '')
    .split('/');
  if (!is(root, 'subscriptions') || !guid.test(subscription)) return null;
  const subscriptionId = subscription.toLowerCase();
  let scope = `/subscriptions/${subscriptionId}`;
  if (groups === undefined) return { scope, subscriptionId };
  if (!is(groups, 'resourceGroups') || !groupName.test(group) || /^[.]+$/.test(group)) return null;
  scope += `/resourceGroups/${group}`;
  if (providers === undefined) return { scope, subscriptionId };
  if (!is(providers, 'providers') || !provider.test(namespace)) return null;
  if (rest.length === 0 || rest.length % 2 !== 0 || rest.length > 10) return null;
  if (!rest.every((part, index) => (index % 2 === 0 ? type : name).test(part) && !/^[.]+$/.test(part)))
    return null;
  return { scope: `${scope}/providers/${namespace}/${rest.join('/')}`, subscriptionId };
}

const is = (a: string | undefined, b: string) => a?.toLowerCase() === b.toLowerCase();
