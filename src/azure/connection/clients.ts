import type { TokenCredential } from '@azure/core-auth';
import type {
  HttpClient,
  Pipeline,
  PipelinePolicy,
  PipelineRequest,
  PipelineResponse,
  TlsSettings,
} from '@azure/core-rest-pipeline';
import { LRUCache } from 'lru-cache';
import pLimit from 'p-limit';
import type { Span } from '../../runtime/open-telemetry';
import { span } from '../../runtime/tracing';
import { withSharedToken } from './credential';
import type { ReadBudget } from './read-budget';
import { sdk } from './sdk';

export interface AzureConnection {
  /** ARM's address, https. */
  endpoint: string;
  credential: TokenCredential;
  tlsOptions?: TlsSettings;
  httpClient: HttpClient;
  readBudget: ReadBudget;
  /** How long to wait for a change to finish, ms. */
  operationMs: number;
  /** Called after each attempt with the resource provider and the HTTP status (0 without a response). */
  onCall?: (provider: string, status: number) => void;
}

/**
 * Cached clients of each kind. A new one takes 0.1 ms and up to 50 KB, so 10,000 subscriptions share these.
 */
const maxClients = 200;

/** The SDK's clients, one for each subscription, all with the same policies. */
export function createClients({
  endpoint,
  credential: given,
  tlsOptions,
  onCall,
  httpClient,
  readBudget,
  operationMs,
}: AzureConnection) {
  const credential = withSharedToken(given);
  const options = {
    endpoint,
    httpClient,
    ...(tlsOptions ? { tlsOptions } : {}),
    userAgentOptions: { userAgentPrefix: 'runwatch' },
    additionalPolicies: [
      { policy: onlyTo(endpoint), position: 'perRetry' as const },
      { policy: readBudget.policy, position: 'perRetry' as const },
      { policy: concurrencyPolicy(), position: 'perRetry' as const },
      { policy: countingPolicy(onCall), position: 'perRetry' as const },
    ],
  };
  const perSubscription = <T extends object>(make: (subscriptionId: string) => T) => {
    const made = new LRUCache<string, T>({ max: maxClients });
    return (subscriptionId: string): T => {
      const client = made.get(subscriptionId) ?? make(subscriptionId);
      made.set(subscriptionId, client);
      return client;
    };
  };
  return {
    /**
     * No SDK retries: polls retry on their own schedule, so a throttled subscription does not delay others.
     */
    monitor: perSubscription(
      (id) =>
        new (sdk.monitor().MonitorClient)(credential, id, { ...options, retryOptions: { maxRetries: 0 } }),
    ),
    authorization: perSubscription(
      (id) => new (sdk.authorization().AuthorizationManagementClient)(credential, id, options),
    ),
    compute: perSubscription((id) => new (sdk.compute().ComputeManagementClient)(credential, id, options)),
    network: perSubscription((id) => new (sdk.network().NetworkManagementClient)(credential, id, options)),
    resources: perSubscription(
      (id) => new (sdk.resources().ResourceManagementClient)(credential, id, options),
    ),
    locks: perSubscription((id) => new (sdk.locks().ManagementLockClient)(credential, id, options)),
    subscriptions: new (sdk.subscriptions().SubscriptionClient)(credential, options),
    /** Sends a request that the SDK has no method for, by the pipeline of one of its clients. */
    send: (client: { pipeline: Pipeline }, request: PipelineRequest): Promise<PipelineResponse> =>
      client.pipeline.sendRequest(httpClient, request),
    endpoint,
    operationMs,
  };
}
export type AzureClients = ReturnType<typeof createClients>;

/** Rejects a nextLink or polling URL to another origin, which would receive our token. */
function onlyTo(endpoint: string): PipelinePolicy {
  const { origin } = new URL(endpoint);
  return {
    name: 'runwatch-only-to-endpoint',
    sendRequest: (request, next) => {
      if (new URL(request.url).origin !== origin) {
        throw new Error(
          `refused to send a request to ${new URL(request.url).origin}: Azure returned a link outside ${origin}`,
        );
      }
      return next(request);
    },
  };
}

/**
 * Concurrent requests. An alert storm must not open a thousand connections or exhaust the tenant's quota.
 */
const maxConcurrent = 16;

function concurrencyPolicy(): PipelinePolicy {
  const limit = pLimit(maxConcurrent);
  return {
    name: 'runwatch-few-at-once',
    sendRequest: (request, next) => limit(() => next(request)),
  };
}

function countingPolicy(onCall: AzureConnection['onCall']): PipelinePolicy {
  return {
    name: 'runwatch-count-calls',
    sendRequest: async (request, next) => {
      const provider =
        /\/providers\/(microsoft\.[a-z]+)(?!.*\/providers\/)/i.exec(request.url)?.[1] ??
        'Microsoft.Resources';
      const about = {
        'azure.resource_provider.namespace': provider,
        'http.request.method': request.method,
      };
      const call = async ({ set }: Span) => {
        const response = await next(request);
        set({ 'http.response.status_code': response.status });
        return response;
      };
      try {
        const response = await span(`azure ${request.method}`, about, call, 'client');
        onCall?.(provider, response.status);
        return response;
      } catch (error) {
        onCall?.(provider, (error as { statusCode?: number }).statusCode ?? 0);
        throw error;
      }
    },
  };
}
