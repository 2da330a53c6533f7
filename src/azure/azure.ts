import type { TokenCredential } from '@azure/core-auth';
import type { TlsSettings } from '@azure/core-rest-pipeline';
import type { Config, EventHubConfig } from '../config/config';
import type { Assignment, Deny } from '../domain/access/resolve-access';
import { principalsForDenies } from './access/deny-principals';
import { createDirectory } from './access/directory';
import { createSafeguards } from './access/locks-and-assignments';
import { listManagementGroups } from './access/management-groups';
import { createAccess } from './access/role-assignments';
import { createUserRisk } from './access/user-risk';
import { toAzureError } from './connection/azure-error';
import { type AzureConnection, createClients } from './connection/clients';
import { createAzureClock } from './connection/clock';
import {
  createCredential,
  createFetchCredential,
  describeCredential,
  objectIdOf,
  rolesIn,
  tenantIdOf,
} from './connection/credential';
import { createHttpClient, type HttpLimits } from './connection/http-client';
import { operationMs } from './connection/long-operation';
import { createReadBudget } from './connection/read-budget';
import { readProperties } from './connection/read-properties';
import { type LogWindow, readLog } from './log/activity-log';
import { type HubReader, partitionsOf, readEventHub } from './log/event-hub';
import { createEvidenceLogs, evidenceLimits } from './log/evidence-logs';
import { createWorkspaceReader, logAnalyticsEndpoints } from './log/log-analytics';
import { createLogsIngestion, ingestionAudiences, ingestionLimits } from './log/logs-ingestion';
import { createDisks } from './machines/disks';
import { createExposure } from './machines/exposure-reads';
import { readHybridWorkers } from './machines/hybrid-workers';
import { createNetwork } from './machines/interfaces';
import { createIsolationRules } from './machines/isolation-rules';
import { createLeftovers } from './machines/leftovers';
import { createPower } from './machines/power';
import { createScriptFetcher } from './machines/script-fetcher';
import { createMachines } from './machines/virtual-machines';
import { createSentinelIncidents } from './sentinel-incidents';
import { createServiceTags } from './service-tags';

export interface AzureOptions {
  credential?: TokenCredential;
  tlsOptions?: TlsSettings;
  onCall?: AzureConnection['onCall'];
  now?: () => number;
  /** Per request. Default: one minute and a 32 MB response. */
  limits?: Pick<HttpLimits, 'deadlineMs' | 'maxBodyBytes'>;
  /** How long to wait for a change to finish, ms. Default: ten minutes. */
  operationMs?: number;
  /** Default: the cloud's endpoint, or none with a pasted token, which Graph would reject. */
  graphEndpoint?: string;
  /** Default: the cloud's endpoint. */
  logAnalyticsEndpoint?: string;
  /** Of the identity that fetches scripts. Default: from the configuration. */
  fetchCredential?: TokenCredential;
}

/** Microsoft Graph in each cloud. Source: "Microsoft Graph national cloud deployments", learn.microsoft.com. */
export const graphEndpoints = {
  public: 'https://graph.microsoft.com',
  usgovernment: 'https://graph.microsoft.us',
  china: 'https://microsoftgraph.chinacloudapi.cn',
} as const;

/** Every call that Runwatch makes to Azure, through the @azure/* clients. */
export function createAzure(
  { azure, fetchScript }: Pick<Config, 'azure' | 'fetchScript'>,
  options: AzureOptions = {},
) {
  const credential = options.credential ?? createCredential(azure);
  const tokenOf = async (used: TokenCredential) => {
    const token = await used.getToken(`${azure.endpoint}/.default`).catch(() => null);
    return token?.token ?? '';
  };
  const ownToken = () => tokenOf(credential);
  const botId = async () => objectIdOf(await ownToken());
  const fetchCredential =
    options.fetchCredential ??
    (fetchScript?.identity ? createFetchCredential(fetchScript.identity, azure) : credential);
  const clock = createAzureClock(options.now);
  const httpClient = createHttpClient({ onDate: clock.observe, ...options.limits });
  const readBudget = createReadBudget(options.now);
  const clientsOf = (used: TokenCredential) =>
    createClients({
      httpClient,
      readBudget,
      endpoint: azure.endpoint,
      credential: used,
      operationMs: options.operationMs ?? operationMs,
      ...(options.tlsOptions ? { tlsOptions: options.tlsOptions } : {}),
      ...(options.onCall ? { onCall: options.onCall } : {}),
    });
  const clients = clientsOf(credential);
  const reading = { now: clock.now, byPriority: readBudget.byPriority };
  const directory = createDirectory({
    endpoint: options.graphEndpoint ?? (azure.accessToken ? null : graphEndpoints[azure.cloud]),
    credential,
    httpClient: createHttpClient(options.limits),
    tlsOptions: options.tlsOptions,
    onCall: options.onCall,
    now: clock.now,
  });
  const logAnalytics = {
    endpoint: options.logAnalyticsEndpoint ?? logAnalyticsEndpoints[azure.cloud],
    credential,
    tlsOptions: options.tlsOptions,
  };
  return {
    ...createAccess(clients, directory, reading),
    directory,
    userRisk: createUserRisk(directory, clock.now),
    /** Whom deny assignments can name to reach a caller; see principalsForDenies. */
    principalsForDenies: (
      callerId: string,
      assignments: readonly Assignment[],
      denies: readonly Deny[],
      notBefore?: number,
    ) => principalsForDenies(callerId, assignments, denies, directory, notBefore),
    /** Sends the reads of an alert's enrichment by priority, and only while Azure's read limit allows it. */
    byPriority: readBudget.byPriority,
    ...createNetwork(clients),
    ...createIsolationRules(clients),
    /** Azure's time, and its offset from the host clock. */
    clock,
    readLog: (window: LogWindow, provider?: string) => readLog(clients, window, provider),
    readEventHub: (hub: EventHubConfig, reader: HubReader) => readEventHub(hub, credential, reader),
    workspace: createWorkspaceReader({
      ...logAnalytics,
      httpClient: createHttpClient({ ...options.limits, maxBodyBytes: 128 * 1024 * 1024 }),
    }),
    /** What a workspace's other tables say of a machine and of a caller. */
    evidence: createEvidenceLogs({
      ...logAnalytics,
      httpClient: createHttpClient({ ...evidenceLimits, ...options.limits }),
      onCall: options.onCall,
      now: clock.now,
    }),
    /** Sends rows to a data collection rule, for Microsoft Sentinel. */
    sendLogs: createLogsIngestion({
      audience: ingestionAudiences[azure.cloud],
      credential,
      httpClient: createHttpClient({ ...ingestionLimits, ...options.limits }),
      tlsOptions: options.tlsOptions,
      onCall: options.onCall,
    }),
    partitionsOf: (hub: EventHubConfig) => partitionsOf(hub, credential),
    ...createMachines(clients, reading),
    ...createExposure(clients, reading),
    botId,
    /** The Entra tenant of the token; null when the token does not name it. */
    tenantId: async () => tenantIdOf(await ownToken()),
    /** Which credential is used, and its identity. */
    describeCredential: () => describeCredential(credential, `${azure.endpoint}/.default`),
    /** Application permissions in the bot's Microsoft Graph token; null without a token. */
    graphRoles: async (): Promise<string[] | null> => {
      const graph = options.graphEndpoint ?? (azure.accessToken ? null : graphEndpoints[azure.cloud]);
      if (!graph) return null;
      const token = await credential.getToken(`${graph}/.default`).catch(() => null);
      return token ? rolesIn(token.token) : null;
    },
    ...createSafeguards(clients, botId),
    ...createPower(clients),
    ...createLeftovers(clients),
    ...createSentinelIncidents(clients),
    ...createDisks(clients),
    ...createServiceTags(clients, azure.cloud, clock.now),
    readProperties: (id: string, apiVersion: string, expand?: string) =>
      readProperties(clients, id, apiVersion, expand),
    hybridWorkers: (groupId: string) => readHybridWorkers(clients, groupId),
    ...createScriptFetcher(fetchScript ? clientsOf(fetchCredential) : null, async () =>
      objectIdOf(await tokenOf(fetchCredential)),
    ),
    managementGroups: () => listManagementGroups(clients),
    /** Enabled subscriptions that are visible to the credential. */
    async subscriptions(): Promise<{ id: string; name: string }[]> {
      try {
        const found = [];
        for await (const s of clients.subscriptions.subscriptions.list()) {
          const live =
            s.state === undefined || s.state === 'Enabled' || s.state === 'Warned' || s.state === 'PastDue';
          if (s.subscriptionId && live)
            found.push({ id: s.subscriptionId.toLowerCase(), name: s.displayName ?? '' });
        }
        return found;
      } catch (error) {
        throw toAzureError(error, 'subscriptions');
      }
    },
  };
}
export type Azure = ReturnType<typeof createAzure>;
