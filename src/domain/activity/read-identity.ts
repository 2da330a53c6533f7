import { guid } from '../text/guid';
import type { Caller, CallerType, Grant } from './activity-event';
import { homeOf } from './home-tenant';
import { type Bag, bag, claim, fieldOf, hasValue, text, uriClaim } from './record-fields';

/** A flat view of a record's raw values, the same for every shape. */
export interface RawEvent {
  id: string;
  time: unknown;
  submitted: unknown;
  operation: string;
  status: string;
  subStatus: string;
  resourceId: string;
  correlationId: string;
  /** Azure's caller field. It is the UPN unless the claims say otherwise. */
  callerName: string;
  /** A display name that does not identify anyone. */
  shownName?: string;
  callerDisplayName?: string;
  ip: string;
  /** The tenant of the resource, where the record names it. */
  tenant?: string;
  claims: Bag;
  authorization: Bag;
  properties: Bag;
}

/**
 * Reads the caller from the token's claims, or from other fields if there are none. Only the UPN, object id
 * and app id identify a caller. People can choose display names, email addresses and guest names.
 */
export function toCaller(raw: RawEvent, grant: Grant | null): Caller {
  const { claims } = raw;
  const hasClaims = Object.keys(claims).length > 0;
  // Azure's caller field is the UPN unless the claims say otherwise. Values such as "live.com#…" belong to
  // guests.
  const callerName = hasValue(raw.callerName) ? raw.callerName : '';
  const named = callerName.includes('@') && !callerName.includes('#') ? callerName : '';
  const upn = claim(claims, 'upn') || (hasClaims ? '' : named);
  const appId = claim(claims, 'appid') || null;
  const managedIdentity = text(claims.xms_mirid);
  const granted =
    grant?.principalType === 'User' || grant?.principalType === 'ServicePrincipal' ? grant : null;
  const objectId = claim(claims, 'objectidentifier') || text(claims.oid) || granted?.principalId || '';
  const kind = text(claims.idtyp).toLowerCase();
  // A user's token from a confidential client, such as the portal, has appidacr 1 or 2 too.
  const isDelegated = kind === 'user' || claim(claims, 'scope') !== '' || text(claims.scp) !== '';
  const isApp = kind === 'app' || (!isDelegated && ['1', '2'].includes(text(claims.appidacr)));
  const called = [
    callerName,
    raw.shownName ?? '',
    uriClaim(claims, 'name'),
    claim(claims, 'emailaddress'),
    text(claims.unique_name),
    text(claims.preferred_username),
  ].filter(hasValue);
  const isUser = upn !== '' || isDelegated || called.some((name) => name.includes('@'));
  const type: CallerType = managedIdentity
    ? 'ManagedIdentity'
    : isApp && !upn
      ? 'ServicePrincipal'
      : isUser
        ? 'User'
        : granted
          ? (granted.principalType as CallerType)
          : 'Unknown';
  const application = text(claims.app_displayname) || managedIdentity.split('/').at(-1) || '';
  const displayName = text(claims.name) || raw.callerDisplayName || '';
  const amr = claim(claims, 'authnmethodsreferences') || text(claims.amr);
  const groups = text(claims.groups);
  const name = type === 'User' || type === 'Unknown' ? upn || called[0] : application || callerName;
  return {
    id: guid(objectId) || (guid(callerName) ?? null),
    name: name || displayName || application || objectId || appId || 'unknown caller',
    upn: upn || null,
    type,
    ip: addressFrom(raw.ip) || null,
    appId,
    ...homeOf(raw),
    ...(displayName ? { displayName } : {}),
    ...(amr ? { authMethods: amr.split(/[\s,]+/).filter(Boolean) } : {}),
    ...(groups ? { groups: groups.split(/[\s,]+/).filter(Boolean) } : {}),
    ...(managedIdentity ? { managedIdentityResource: managedIdentity } : {}),
  };
}

/**
 * The role assignment that allowed the call, from the log's evidence; otherwise only the role that the log
 * names.
 */
export function toGrant(authorization: Bag): Grant | null {
  const evidence = bag(authorization.evidence);
  const field = (camel: string, snake: string) => text(evidence[camel]) || text(evidence[snake]);
  const role = field('role', 'role');
  if (role) {
    const assignment = field('roleAssignmentId', 'role_assignment_id').split('/').at(-1) ?? '';
    const scope = field('roleAssignmentScope', 'role_assignment_scope');
    return {
      role,
      scope: scope || null,
      assignmentId: guid(assignment),
      principalId: guid(field('principalId', 'principal_id')) ?? undefined,
      principalType: field('principalType', 'principal_type') || undefined,
      roleDefinitionId:
        guid(field('roleDefinitionId', 'role_definition_id').split('/').at(-1) ?? '') ?? undefined,
    };
  }
  const named = text(fieldOf(authorization, 'role'));
  return named ? { role: named, scope: null, assignmentId: null } : null;
}

/** The first IP address in the text, without a port; "" if there is none. */
function addressFrom(written: string): string {
  const address = withoutPort(
    written
      .replace(/^\["|"\]$/g, '')
      .split(',')[0]
      ?.trim() ?? '',
  );
  return /^[0-9a-f:.]*[.:][0-9a-f:.]*(?:%\w+)?$/i.test(address) ? address : '';
}

const withoutPort = (ip: string) => {
  const v4 = /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(ip);
  if (v4?.[1]) return v4[1];
  return /^\[([0-9a-f:.]+)\](?::\d+)?$/i.exec(ip)?.[1] ?? ip;
};
