import type { TokenCredential } from '@azure/core-auth';
import {
  bearerTokenAuthenticationPolicy,
  createHttpHeaders,
  createPipelineFromOptions,
  createPipelineRequest,
  type HttpClient,
  type TlsSettings,
} from '@azure/core-rest-pipeline';
import { z } from 'zod';
import { guid } from '../../domain/text/guid';
import { remember } from '../../runtime/cached';
import { AzureError, retryAfterOf } from '../connection/azure-error';

/** Somebody or something in Entra, as far as Graph tells. */
export interface Principal {
  id: string;
  kind: 'User' | 'Group' | 'ServicePrincipal' | 'Unknown';
  name: string;
  /** UPN of a person, app id of an application. */
  login: string | null;
  mail: string | null;
  jobTitle: string | null;
  enabled: boolean | null;
  guest: boolean;
}

export interface DirectoryOptions {
  /** Microsoft Graph's address; null where we may not ask it. */
  endpoint: string | null;
  credential: TokenCredential;
  httpClient: HttpClient;
  tlsOptions?: TlsSettings | undefined;
  onCall?: ((provider: string, status: number) => void) | undefined;
  now?: (() => number) | undefined;
}

const select = '$select=id,displayName,userPrincipalName,appId,mail,jobTitle,accountEnabled,userType';
const hours = 3_600_000;

/** Names, groups and owners by Microsoft Graph v1.0; every question throws an AzureError where it is not permitted. */
export function createDirectory({
  endpoint,
  credential,
  httpClient,
  tlsOptions,
  onCall,
  now,
}: DirectoryOptions) {
  const pipeline = createPipelineFromOptions({
    ...(tlsOptions ? { tlsOptions } : {}),
    userAgentOptions: { userAgentPrefix: 'runwatch' },
  });
  if (endpoint)
    pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: `${endpoint}/.default` }));

  async function ask(
    path: string,
    body?: unknown,
    method = body ? 'POST' : 'GET',
    permission = 'Directory.Read.All',
  ): Promise<unknown> {
    if (!endpoint) throw notAsked();
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
          : 'it is tried again';
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

  /** Every page of a list. A list that does not end, or leads elsewhere, is a failure and no shorter list. */
  async function listOf(path: string): Promise<Loose[]> {
    const found: Loose[] = [];
    let next: string | undefined = path;
    for (let page = 0; next !== undefined; page++) {
      const answer = pageSchema.safeParse(await ask(next));
      if (!answer.success || page >= mostPages) throw notAList();
      found.push(...answer.data.value);
      next = pathOf(answer.data['@odata.nextLink']);
    }
    return found;
  }

  function pathOf(link: string | undefined): string | undefined {
    if (link === undefined) return undefined;
    const begin = `${endpoint}/v1.0/`;
    if (!link.startsWith(begin)) throw notAList();
    return link.slice(begin.length - 1);
  }

  const byId = remember<Principal | null>(hours, 10_000, async (id) => (await ids([id]))[0] ?? null, now);
  const size = remember(
    hours,
    1000,
    async (id) => Number(await ask(`/groups/${id}/transitiveMembers/$count`)),
    now,
  );
  const owners = remember(
    hours,
    1000,
    async (id) => (await listOf(`/servicePrincipals/${id}/owners?${select}`)).map(toPrincipal),
    now,
  );
  const members = remember(
    hours / 12,
    1000,
    async (id) => (await listOf(`/groups/${id}/transitiveMembers?${select}&$top=999`)).map(toPrincipal),
    now,
  );

  async function ids(wanted: readonly string[]): Promise<Principal[]> {
    if (wanted.length === 0) return [];
    const answer = (await ask('/directoryObjects/getByIds', {
      ids: wanted,
      types: ['user', 'group', 'servicePrincipal'],
    })) as { value?: Loose[] };
    return (answer.value ?? []).map(toPrincipal);
  }

  const userIdOf = remember<string | null>(
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

  /** A person or application by UPN, object id, app id or display name; all that fit. */
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

  /** Whether somebody is in a group, also through other groups. @param who object id or UPN */
  const isMember = remember(
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

  const ofKind = (kind: Principal['kind']) => (kind === 'ServicePrincipal' ? 'servicePrincipals' : 'users');
  const enabling = 'User.EnableDisableAccount.All and Application.ReadWrite.All';

  /** Enables or disables an account or an application. */
  const setEnabled = (id: string, kind: Principal['kind'], accountEnabled: boolean) =>
    ask(`/${ofKind(kind)}/${id}`, { accountEnabled }, 'PATCH', enabling);

  /** Refresh tokens and session cookies of a person end now; access tokens live on for up to an hour. */
  const revokeSessions = (id: string) =>
    ask(`/users/${id}/revokeSignInSessions`, undefined, 'POST', 'User.RevokeSessions.All');

  /** Whether somebody is a member of a group itself, not through another. */
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
    /** As it is this moment: for what changes it. */
    principalNow: async (id: string) => (await ids([id]))[0] ?? null,
    groupSize: size,
    ownersOf: owners,
    membersOf: members,
    isMember: (who: string, groupId: string) => isMember(`${who} ${groupId}`),
    /** The object id of the one user who has an address as UPN, mail or proxy address; null where none or several have. */
    userIdOf: (address: string) => userIdOf(address.toLowerCase()),
    search,
  };
}
export type AzureDirectory = ReturnType<typeof createDirectory>;

const notAsked = () =>
  new AzureError(
    'Microsoft Graph is not asked with a pasted access token',
    'GraphNotAsked',
    403,
    0,
    'sign in with DefaultAzureCredential and grant Directory.Read.All',
  );

const notAList = () =>
  new AzureError('Microsoft Graph gave no list that ends', 'GraphError', 502, 0, 'it is tried again');

/** Of 999 entries each, as Graph gives at most. */
const mostPages = 200;
const pageSchema = z.object({
  value: z.array(z.record(z.string(), z.unknown())),
  '@odata.nextLink': z.string().max(10_000).optional(),
});

type Loose = Record<string, unknown>;

function toPrincipal(object: Loose): Principal {
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
