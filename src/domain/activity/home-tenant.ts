import { guid } from '../text/guid';
import type { Caller } from './activity-event';
import { type Bag, claim, text } from './record-fields';

interface HomeFields {
  claims: Bag;
  /** The tenant of the resource, where the record names it. */
  tenant?: string;
  properties: Bag;
}

/**
 * Where a caller is from, if that is not the resource's tenant. A guest's token names who authenticated them
 * (claim idp); the token of a managing tenant (Azure Lighthouse) names that tenant (claim tid). Source: "ID token
 * claims reference", Microsoft identity platform.
 */
export function homeOf({ claims, tenant, properties }: HomeFields): Pick<Caller, 'home'> {
  const ofToken = guid(claim(claims, 'tenantid') || text(claims.tid));
  // The hierarchy begins with the root management group, whose id is the tenant's.
  const ofResource = guid(tenant ?? '') ?? guid(text(properties.hierarchy).split(/[/,]/)[0] ?? '');
  const provider = claim(claims, 'identityprovider') || text(claims.idp);
  const home = tenantIn(provider);
  if (home && (ofToken || ofResource) && home !== ofToken && home !== ofResource) return { home };
  if (!home && isDomain(provider)) return { home: provider.toLowerCase() };
  return ofToken && ofResource && ofToken !== ofResource ? { home: ofToken } : {};
}

/** The tenant in an issuer's address, such as https://sts.windows.net/TENANT/. */
const tenantIn = (provider: string): string | null =>
  guid(/^https:\/\/[\w.-]+\/([0-9a-f-]{32,36})(?:\/|$)/i.exec(provider)?.[1] ?? '');

/** Other providers are domains: live.com, google.com. */
const isDomain = (provider: string): boolean =>
  /^[a-z0-9-]+(\.[a-z0-9-]+)+$/i.test(provider) && provider.length <= 100;
