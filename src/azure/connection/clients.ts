import { AuthorizationManagementClient } from '@azure/arm-authorization';
import { ComputeManagementClient } from '@azure/arm-compute';
import { ManagementLockClient } from '@azure/arm-locks';
import { MonitorClient } from '@azure/arm-monitor';
import { NetworkManagementClient } from '@azure/arm-network';
import { ResourceManagementClient } from '@azure/arm-resources';
import { SubscriptionClient } from '@azure/arm-resources-subscriptions';
import type { TokenCredential } from '@azure/core-auth';
import type {
  HttpClient,
  Pipeline,
  PipelinePolicy,
  PipelineRequest,
  PipelineResponse,
  TlsSettings,
} from '@azure/core-rest-pipeline';
import { atMost } from '../../runtime/at-most';
import { sharingToken } from './credential';

export interface AzureConnection {
  /** ARM's address, https. */
  endpoint: string;
  credential: TokenCredential;
  tlsOptions?: TlsSettings;
  httpClient: HttpClient;
  /** How long a change may take until we stop waiting for it, ms. */
  operationMs: number;
  /** Told of each answer: the provider asked, and the HTTP status (0 when none came). */
  onCall?: (provider: string, status: number) => void;
}

/** The most clients of a kind: one is made in 0.1 ms and takes up to 50 KB, so ten thousand subscriptions share these. */
const keptClients = 200;

/** The SDK's clients, one a subscription, all with the same policies. */
export function createClients({
  endpoint,
  credential: given,
  tlsOptions,
  onCall,
  httpClient,
  operationMs,
}: AzureConnection) {
  const credential = sharingToken(given);
  const options = {
    endpoint,
    httpClient,
    ...(tlsOptions ? { tlsOptions } : {}),
    userAgentOptions: { userAgentPrefix: 'runwatch' },
    additionalPolicies: [
      { policy: onlyTo(endpoint), position: 'perRetry' as const },
      { policy: fewAtOnce(), position: 'perRetry' as const },
      { policy: counting(onCall), position: 'perRetry' as const },
    ],
  };
  const perSubscription = <T>(make: (subscriptionId: string) => T) => {
    const made = new Map<string, T>();
    return (subscriptionId: string): T => {
      const client = made.get(subscriptionId) ?? make(subscriptionId);
      made.delete(subscriptionId);
      made.set(subscriptionId, client);
      const oldest = made.keys().next().value;
      if (made.size > keptClients && oldest !== undefined) made.delete(oldest);
      return client;
    };
  };
  return {
    /** Reads once: the poll waits and tries again by its own schedule, so a throttled subscription holds up nobody. */
    monitor: perSubscription(
      (id) => new MonitorClient(credential, id, { ...options, retryOptions: { maxRetries: 0 } }),
    ),
    authorization: perSubscription((id) => new AuthorizationManagementClient(credential, id, options)),
    compute: perSubscription((id) => new ComputeManagementClient(credential, id, options)),
    network: perSubscription((id) => new NetworkManagementClient(credential, id, options)),
    resources: perSubscription((id) => new ResourceManagementClient(credential, id, options)),
    locks: perSubscription((id) => new ManagementLockClient(credential, id, options)),
    subscriptions: new SubscriptionClient(credential, options),
    /** Sends a request that the SDK has no method for, by the pipeline of one of its clients. */
    send: (client: { pipeline: Pipeline }, request: PipelineRequest): Promise<PipelineResponse> =>
      client.pipeline.sendRequest(httpClient, request),
    endpoint,
    operationMs,
  };
}
export type AzureClients = ReturnType<typeof createClients>;

/** A nextLink or a polling URL that leads elsewhere would carry our token there: it is refused. */
function onlyTo(endpoint: string): PipelinePolicy {
  const { origin } = new URL(endpoint);
  return {
    name: 'runwatch-only-to-endpoint',
    sendRequest: (request, next) => {
      if (new URL(request.url).origin !== origin) {
        throw new Error(
          `refused to send a request to ${new URL(request.url).origin}: Azure answered with a link away from ${origin}`,
        );
      }
      return next(request);
    },
  };
}

/** Requests under way at the same time: a storm of alerts must neither open a thousand connections nor drain the tenant's budget. */
const atOnce = 16;

function fewAtOnce(): PipelinePolicy {
  const inTurn = atMost(atOnce);
  return {
    name: 'runwatch-few-at-once',
    sendRequest: (request, next) => inTurn(() => next(request)),
  };
}

function counting(onCall: AzureConnection['onCall']): PipelinePolicy {
  return {
    name: 'runwatch-count-calls',
    sendRequest: async (request, next) => {
      const provider =
        /\/providers\/(microsoft\.[a-z]+)(?!.*\/providers\/)/i.exec(request.url)?.[1] ??
        'Microsoft.Resources';
      try {
        const response = await next(request);
        onCall?.(provider, response.status);
        return response;
      } catch (error) {
        onCall?.(provider, (error as { statusCode?: number }).statusCode ?? 0);
        throw error;
      }
    },
  };
}
