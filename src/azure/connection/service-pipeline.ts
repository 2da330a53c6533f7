import type { TokenCredential } from '@azure/core-auth';
import {
  bearerTokenAuthenticationPolicy,
  createPipelineFromOptions,
  type Pipeline,
  type TlsSettings,
} from '@azure/core-rest-pipeline';

export interface ServicePipelineOptions {
  credential: TokenCredential;
  /** What the tokens are for, such as https://graph.microsoft.com. */
  audience: string;
  tlsOptions?: TlsSettings | undefined;
  /** Retries of the SDK; undefined is its default. */
  maxRetries?: number | undefined;
}

/** A pipeline to a service besides ARM. It follows no redirect, which would take the token elsewhere. */
export function createServicePipeline({
  credential,
  audience,
  tlsOptions,
  maxRetries,
}: ServicePipelineOptions): Pipeline {
  const pipeline = createPipelineFromOptions({
    ...(tlsOptions ? { tlsOptions } : {}),
    ...(maxRetries === undefined ? {} : { retryOptions: { maxRetries } }),
    userAgentOptions: { userAgentPrefix: 'runwatch' },
    redirectOptions: { maxRetries: 0 },
  });
  pipeline.addPolicy(bearerTokenAuthenticationPolicy({ credential, scopes: `${audience}/.default` }));
  return pipeline;
}
