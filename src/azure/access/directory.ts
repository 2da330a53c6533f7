import type { TokenCredential } from '@azure/core-auth';
import {
  createHttpHeaders,
  createPipelineRequest,
  type HttpClient,
  type TlsSettings,
} from '@azure/core-rest-pipeline';
import DataLoader from 'dataloader';
import { z } from 'zod';
import { guid } from '../../domain/text/guid';
import { memoize, memoizeSince } from '../../runtime/memoize';
import { AzureError, retryAfterOf } from '../connection/azure-error';
import { createServicePipeline } from '../connection/service-pipeline';

/** An Entra object, as described by Graph. */
export interface Principal {
  id: string;
  kind: 'User' | 'Group' | 'ServicePrincipal' | 'Unknown';
  name: string;
  /** A user's UPN or an application's app id. */
  login: string | null;
  mail: string | null;
  jobTitle: string | null;
  enabled: boolean | null;
  guest: boolean;
}

export interface DirectoryOptions {
  /** Microsoft Graph's endpoint; null if it may not be called. */
  endpoint: string | null;
  credential: TokenCredential;
  httpClient: HttpClient;
  tlsOptions?: TlsSettings | undefined;
  onCall?: ((provider: string, status: number) => void) | undefined;
  now?: (() => number) | undefined;
}

const select = '$select=id,displayName,userPrincipalName,appId,mail,jobTitle,accountEnabled,userType';
const hours = 3_600_000;

/**
 * Names, groups and owners from Microsoft Graph v1.0. Every call throws an AzureError if it is not
 * permitted.
 */
export function createDirectory({
  endpoint,
  credential,
  httpClient,
  tlsOptions,
  onCall,
  now,
}: DirectoryOptions) {
  const pipeline = endpoint ? createServicePipeline({ credential, audience: endpoint, tlsOptions }) : null;

  async function ask(
    path: string,
    body?: unknown,
    method = body ? 'POST' : 'GET',
    permission = 'Directory.Read.All',
  ): Promise<unknown> {
    if (!pipeline) throw graphUnavailable();
    const request = createPipelineRequest({
      url: `${endpoint}/v1.0${path}`,
      method: method as 'GET',
      headers: createHttpHeaders({
        accept: 'application/json',
        consistencylevel: 'eventual',
        ...(body ? { 'content-type': 'application/json' } : {}),
      }),
      ...(body ? { body: JSON.stringify(body) } : {}),
    });
    const response = await pipeline.sendRequest(httpClient, request);
    onCall?.('Microsoft.Graph', response.status);
    if (response.status >= 400) {
      const remedy =
        response.status === 403
          ? `grant ${permission} (Microsoft Graph, application) to the bot`
          : 'Runwatch will retry';
      throw new AzureError(
        `Microsoft Graph answered ${response.status}`,
        'GraphError',
        response.status,
        retryAfterOf(response.headers.get('retry-after')),
        remedy,
        method,
      );
    }
    const text = response.bodyAsText ?? '';
    return text.startsWith('{') ? JSON.parse(text) : text;
  }

  /**
   * All pages of a list. Throws if the list is endless or links to another host, instead of truncating it.
   */
  async function listOf(path: string): Promise<JsonObject[]> {
    const found: JsonObject[] = [];
    for await (const page of pagesOf(path)) found.push(...page);
    return found;
  }

  async function* pagesOf(path: string): AsyncGenerator<JsonObject[]> {
    let next: string | undefined = path;
    for (let page = 0; next !== undefined; page++) {
      const answer = pageSchema.safeParse(await ask(next));
      if (!answer.success || page >= maxPages) throw invalidList();
      yield answer.data.value;
      next = pathOf(answer.data['@odata.nextLink']);
    }
  }

  function pathOf(link: string | undefined): string | undefined {
    if (link === undefined) return undefined;
    const begin = `${endpoint}/v1.0/`;
    if (!link.startsWith(begin)) throw invalidList();
    return link.slice(begin.length - 1);
  }

  /** Asks for all principals that are wanted at the same moment in one request. */
  const loader = new DataLoader<string, Principal | null>(
    async (wanted) => {
      const found = new Map((await ids(wanted)).map((principal) => [principal.id, principal]));
      return wanted.map((id) => found.get(id.toLowerCase()) ?? null);
    },
    { cache: false, maxBatchSize: maxIds, batchScheduleFn: (send) => setImmediate(send) },
  );
  const byId = memoize<Principal | null>(hours, 10_000, (id) => loader.load(id), now);
  const size = memoize(
    hours,
    1000,
    async (id) => Number(await ask(`/groups/${id}/transitiveMembers/$count`)),
    now,
  );
  const owners = memoize(
    hours,
    1000,
    async (id) => (await listOf(`/servicePrincipals/${id}/owners?${select}`)).map(toPrincipal),
    now,
  );
  const members = memoize(
    hours / 12,
    1000,
    async (id) => (await listOf(`/groups/${id}/transitiveMembers?${select}&$top=999`)).map(toPrincipal),
    now,
  );

  const memberIds = memoizeSince(hours / 12, 1000, readMemberIds, now ?? Date.now);

  /**
   * Some tenants' v1.0 lists leave out applications unless asked for by type (Azure/azure-powershell#16698).
   * Null if there are more members than can be listed with few requests.
   */
  async function readMemberIds(groupId: string): Promise<ReadonlySet<string> | null> {
    const found = new Set<string>();
    const lists = [
      { path: '?$select=id&$top=999', none: [404] },
      { path: '/microsoft.graph.servicePrincipal?$select=id&$count=true&$top=999', none: [404, 400] },
    ];
    for (const { path, none } of lists) {
      try {
        for await (const page of pagesOf(`/groups/${groupId}/transitiveMembers${path}`)) {
          for (const member of page) found.add(String(member.id ?? '').toLowerCase());
          if (found.size > maxMemberIds) return null;
        }
      } catch (error) {
        if (!(error instanceof AzureError) || !none.some((status) => status === error.statusCode))
          throw error;
      }
    }
    return found;
  }

  async function ids(wanted: readonly string[]): Promise<Principal[]> {
    if (wanted.length === 0) return [];
    const answer = (await ask('/directoryObjects/getByIds', {
      ids: wanted,
      types: ['user', 'group', 'servicePrincipal'],
    })) as { value?: JsonObject[] };
    return (answer.value ?? []).map(toPrincipal);
  }

  const userIdOf = memoize<string | null>(
    hours / 12,
    1000,
    async (address) => {
      const quoted = (text: string) => `'${encodeURIComponent(text.replace(/'/g, "''"))}'`;
      const where = `userPrincipalName eq ${quoted(address)} or mail eq ${quoted(address)} or proxyAddresses/any(p:p eq ${quoted(`smtp:${address}`)})`;
      const found = await listOf(`/users?$filter=${where}&$count=true&$select=id`);
      return found.length === 1 ? String(found[0]?.id ?? '') || null : null;
    },
    now,
  );

  /** All people and applications with this UPN, object id, app id or display name. */
  async function search(text: string): Promise<Principal[]> {
    const id = guid(text);
    const quoted = `'${encodeURIComponent(text.replace(/'/g, "''"))}'`;
    if (id) {
      const [object, apps] = await Promise.all([
        ids([id]),
        listOf(`/servicePrincipals?$filter=appId eq '${id}'&${select}`),
      ]);
      return [...object, ...apps.map(toPrincipal)];
    }
    const [people, apps] = await Promise.all([
      listOf(`/users?$filter=userPrincipalName eq ${quoted} or displayName eq ${quoted}&${select}`),
      listOf(`/servicePrincipals?$filter=displayName eq ${quoted}&${select}`),
    ]);
    return [...people, ...apps].map(toPrincipal);
  }

  /** Whether a user is in a group, directly or through other groups. @param who object id or UPN */
  const isMember = memoize(
    hours / 12,
    1000,
    async (question) => {
      const [who = '', groupId = ''] = question.split(' ');
      const answer = (await ask(`/users/${encodeURIComponent(who)}/checkMemberGroups`, {
        groupIds: [groupId],
      })) as { value?: string[] };
      return (answer.value ?? []).length > 0;
    },
    now,
  );

  /** Whether a user or an application is in a group now, directly or through other groups. */
  async function isMemberNow(id: string, groupId: string): Promise<boolean> {
    const path = `/directoryObjects/${encodeURIComponent(id)}/checkMemberGroups`;
    const { value = [] } = (await ask(path, { groupIds: [groupId] })) as { value?: string[] };
    return value.length > 0;
  }

  const collectionOf = (kind: Principal['kind']) =>
    kind === 'ServicePrincipal' ? 'servicePrincipals' : 'users';
  const enabling = 'User.EnableDisableAccount.All and Application.ReadWrite.All';

  /** Enables or disables a user or an application. */
  const setEnabled = (id: string, kind: Principal['kind'], accountEnabled: boolean) =>
    ask(`/${collectionOf(kind)}/${id}`, { accountEnabled }, 'PATCH', enabling);

  /** Revokes a user's refresh tokens and session cookies now. Access tokens stay valid for up to an hour. */
  const revokeSessions = (id: string) =>
    ask(`/users/${id}/revokeSignInSessions`, undefined, 'POST', 'User.RevokeSessions.All');

  /** Whether a principal is a direct member of a group, not through another group. */
  const isDirectMember = async (who: string, groupId: string) =>
    (await listOf(`/groups/${groupId}/members?$select=id&$filter=id eq '${who}'&$count=true`)).length > 0;

  async function removeMember(groupId: string, who: string): Promise<void> {
    try {
      await ask(`/groups/${groupId}/members/${who}/$ref`, undefined, 'DELETE', 'GroupMember.ReadWrite.All');
    } catch (error) {
      if (!(error instanceof AzureError) || error.statusCode !== 404) throw error;
    }
  }

  async function addMember(groupId: string, who: string): Promise<void> {
    if (await isDirectMember(who, groupId)) return;
    const reference = { '@odata.id': `${endpoint}/v1.0/directoryObjects/${who}` };
    await ask(`/groups/${groupId}/members/$ref`, reference, 'POST', 'GroupMember.ReadWrite.All');
  }

  return {
    setEnabled,
    revokeSessions,
    isDirectMember,
    removeMember,
    addMember,
    permitted: endpoint !== null,
    principal: byId,
    /** Bypasses the cache, for code that changes the principal. */
    principalNow: async (id: string) => (await ids([id]))[0] ?? null,
    groupSize: size,
    ownersOf: owners,
    membersOf: members,
    /**
     * Object ids of all members, also through other groups; empty for a deleted group, null for one with
     * more than 20,000. An answer requested before `since` is not used.
     */
    memberIds,
    isMemberNow,
    isMember: (who: string, groupId: string) => isMember(`${who} ${groupId}`),
    /** The user with this UPN, mail or proxy address, by object id; null if there are none or several. */
    userIdOf: (address: string) => userIdOf(address.toLowerCase()),
    search,
    /** An object of another part of Graph, which needs a permission of its own. */
    get: (path: string, permission: string) => ask(path, undefined, 'GET', permission),
  };
}
export type AzureDirectory = ReturnType<typeof createDirectory>;

const graphUnavailable = () =>
  new AzureError(
    'Runwatch does not call Microsoft Graph with a pasted access token',
    'GraphNotAsked',
    403,
    0,
    'sign in with DefaultAzureCredential and grant Directory.Read.All',
  );

const invalidList = () =>
  new AzureError('Microsoft Graph returned an invalid list', 'GraphError', 502, 0, 'Runwatch will retry');

/** Limit of getByIds. Source: "directoryObject: getByIds", learn.microsoft.com. */
const maxIds = 1000;
/** Maximum pages of a list, of up to 999 entries each. A longer list is rejected. */
const maxPages = 200;
const maxMemberIds = 20_000;
const pageSchema = z.object({
  value: z.array(z.record(z.string(), z.unknown())),
  '@odata.nextLink': z.string().max(10_000).optional(),
});

type JsonObject = Record<string, unknown>;

function toPrincipal(object: JsonObject): Principal {
  const kind = String(object['@odata.type'] ?? '').toLowerCase();
  const string = (value: unknown) => (typeof value === 'string' && value !== '' ? value : null);
  return {
    id: String(object.id ?? '').toLowerCase(),
    kind: kind.endsWith('group')
      ? 'Group'
      : kind.endsWith('serviceprincipal') || object.appId
        ? 'ServicePrincipal'
        : kind.endsWith('user') || object.userPrincipalName
          ? 'User'
          : 'Unknown',
    name: string(object.displayName) ?? string(object.userPrincipalName) ?? String(object.id ?? ''),
    login: string(object.userPrincipalName) ?? string(object.appId),
    mail: string(object.mail),
    jobTitle: string(object.jobTitle),
    enabled: typeof object.accountEnabled === 'boolean' ? object.accountEnabled : null,
    guest: object.userType === 'Guest' || String(object.userPrincipalName ?? '').includes('#EXT#'),
  };
}
