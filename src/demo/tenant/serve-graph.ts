import { type Answer, ArmError, type ArmRequest } from './answers';
import type { Directory, Principal } from './simulated-directory';

/** Serves the parts of Microsoft Graph v1.0 that Runwatch uses. */
export function answerGraph(request: ArmRequest, directory: Directory): Answer {
  const path = request.path.replace(/^\/v1\.0/, '');
  const list = (found: (Principal | null)[]) => ({
    status: 200,
    body: paged(found.filter((p): p is Principal => p !== null).map(toGraph), request),
  });
  if (path === '/directoryObjects/getByIds' && request.method === 'POST') {
    const { ids = [] } = (request.body ?? {}) as { ids?: string[] };
    if (ids.length === 0 || ids.length > 1000)
      throw new ArmError(400, 'Request_BadRequest', 'ids must hold 1 to 1000 ids.');
    return list(ids.map((id) => directory.get(id)));
  }
  const count = /^\/groups\/([^/]+)\/transitiveMembers\/\$count$/.exec(path)?.[1];
  if (count) {
    if (request.headers.consistencylevel !== 'eventual')
      throw new ArmError(400, 'Request_UnsupportedQuery', '$count needs ConsistencyLevel: eventual.');
    return { status: 200, body: membersOf(count, directory).length };
  }
  const asked = /^\/(?:users|directoryObjects)\/([^/]+)\/checkMemberGroups$/.exec(path)?.[1];
  if (asked && request.method === 'POST') {
    const who = decodeURIComponent(asked).toLowerCase();
    const user = directory.all().find((p) => p.id === who || p.login.toLowerCase() === who);
    if (!user) throw new ArmError(404, 'Request_ResourceNotFound', `Resource '${who}' does not exist.`);
    const { groupIds = [] } = (request.body ?? {}) as { groupIds?: string[] };
    const groups = directory.withGroups(user.id);
    return { status: 200, body: { value: groupIds.filter((id) => groups.has(id)) } };
  }
  const [, members, applications] =
    /^\/groups\/([^/]+)\/transitiveMembers(\/microsoft\.graph\.servicePrincipal)?$/.exec(path) ?? [];
  if (members)
    return list(
      membersOf(members, directory).filter(({ kind }) => !applications || kind === 'ServicePrincipal'),
    );
  const direct = /^\/groups\/([^/]+)\/members$/.exec(path)?.[1];
  if (direct) {
    const wanted = /^id eq '([^']+)'$/.exec(request.query.get('$filter') ?? '')?.[1];
    const ids = directory.get(direct)?.members ?? [];
    return list(ids.filter((id) => !wanted || id === wanted).map((id) => directory.get(id)));
  }
  const [, groupId, memberId] = /^\/groups\/([^/]+)\/members(?:\/([^/]+))?\/\$ref$/.exec(path) ?? [];
  if (groupId) return changeMember(directory.get(groupId), memberId, request);
  const sessions = /^\/users\/([^/]+)\/revokeSignInSessions$/.exec(path)?.[1];
  if (sessions && request.method === 'POST') return { status: 200, body: { value: true } };
  const changed = /^\/(users|servicePrincipals)\/([^/]+)$/.exec(path);
  if (changed && request.method === 'PATCH') {
    const who = directory.get(changed[2] ?? '');
    const { accountEnabled } = (request.body ?? {}) as { accountEnabled?: boolean };
    if (!who || typeof accountEnabled !== 'boolean')
      throw new ArmError(400, 'Request_BadRequest', 'accountEnabled is required.');
    who.enabled = accountEnabled;
    return { status: 204 };
  }
  const risky = /^\/identityProtection\/riskyUsers\/([^/]+)$/.exec(path)?.[1];
  const { id, risk } = directory.get(risky ?? '') ?? {};
  if (risk) return { status: 200, body: { id, isDeleted: false, ...risk } };
  const owned = /^\/servicePrincipals\/([^/]+)\/owners$/.exec(path)?.[1];
  if (owned) return list((directory.get(owned)?.owners ?? []).map((id) => directory.get(id)));
  const kind = { '/users': 'User', '/servicePrincipals': 'ServicePrincipal' }[path];
  if (kind)
    return list(
      filtered(
        directory.all().filter((p) => p.kind === kind),
        request.query.get('$filter') ?? '',
      ),
    );
  throw new ArmError(404, 'Request_ResourceNotFound', `Resource '${path}' does not exist.`);
}

/** Returns a page of $top entries, 100 by default, as Graph does. */
function paged(all: unknown[], { path, query, origin, method }: ArmRequest) {
  if (method === 'POST') return { value: all };
  const size = Number(query.get('$top') ?? 100);
  const from = Number(query.get('$skiptoken') ?? 0);
  const value = all.slice(from, from + size);
  if (from + size >= all.length) return { value };
  const rest = new URLSearchParams(query);
  rest.set('$skiptoken', String(from + size));
  return { value, '@odata.nextLink': `${origin}${path}?${rest}` };
}

function changeMember(group: Principal | null, memberId: string | undefined, request: ArmRequest): Answer {
  const reference = (request.body as { '@odata.id'?: string } | null)?.['@odata.id'];
  const id = memberId ?? reference?.split('/').at(-1) ?? '';
  const members = group?.members ?? [];
  if (!group || (request.method === 'DELETE' && !members.includes(id)))
    throw new ArmError(404, 'Request_ResourceNotFound', 'The member does not exist.');
  if (request.method === 'POST' && members.includes(id))
    throw new ArmError(400, 'Request_BadRequest', 'One or more added object references already exist.');
  group.members = request.method === 'DELETE' ? members.filter((other) => other !== id) : [...members, id];
  return { status: 204 };
}

function membersOf(groupId: string, directory: Directory): Principal[] {
  return directory.all().filter((p) => p.id !== groupId && directory.withGroups(p.id).has(groupId));
}

/** Supports only the filters that Runwatch uses: `field eq 'value'`, joined by `or`. */
function filtered(all: Principal[], filter: string): Principal[] {
  const terms = filter
    .split(' or ')
    .map((term) => term.replace(/^proxyAddresses\/any\(p:p eq 'smtp:(.*)'\)$/, "mail eq '$1'"))
    .map((term) => /^(userPrincipalName|mail|displayName|appId) eq '((?:[^']|'')*)'$/.exec(term));
  if (terms.some((term) => term === null))
    throw new ArmError(400, 'Request_UnsupportedQuery', `Unsupported filter '${filter}'.`);
  return all.filter((p) =>
    terms.some((term) => {
      const value = (term?.[2] ?? '').replace(/''/g, "'").toLowerCase();
      return (term?.[1] === 'displayName' ? p.name : p.login).toLowerCase() === value;
    }),
  );
}

const toGraph = (p: Principal) => ({
  '@odata.type': `#microsoft.graph.${p.kind === 'ServicePrincipal' ? 'servicePrincipal' : p.kind.toLowerCase()}`,
  id: p.id,
  displayName: p.name,
  ...(p.kind === 'User'
    ? {
        userPrincipalName: p.login,
        mail: p.login,
        userType: p.guest ? 'Guest' : 'Member',
        jobTitle: p.jobTitle ?? null,
      }
    : {}),
  ...(p.kind === 'ServicePrincipal' ? { appId: p.login } : {}),
  accountEnabled: p.enabled ?? true,
});
