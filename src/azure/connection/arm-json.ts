import { createHttpHeaders, createPipelineRequest, type PipelineResponse } from '@azure/core-rest-pipeline';
import { pathOf, subscriptionOf } from './arm-path';
import { toAzureError } from './azure-error';
import type { AzureClients } from './clients';

interface ArmRequest {
  method?: 'GET' | 'PUT' | 'POST' | 'DELETE';
  /** The ARM id of the resource. */
  id: string;
  apiVersion: string;
  /** More of the query, such as `$expand`. */
  query?: Record<string, string>;
  body?: unknown;
  headers?: Record<string, string>;
  /** What the request is about, for the error. */
  what: string;
  /** Statuses from 400 on that are answers, not errors. */
  allowed?: readonly number[];
}

/**
 * Sends a request to ARM as raw JSON, for what the SDK has no client for, or whose models would drop fields.
 * @throws {AzureError} for a status from 400 on that is not allowed
 */
export async function sendArmJson(
  clients: AzureClients,
  { method = 'GET', id, apiVersion, query = {}, body, headers = {}, what, allowed = [] }: ArmRequest,
): Promise<PipelineResponse> {
  const search = new URLSearchParams({ 'api-version': apiVersion, ...query });
  const response = await clients.send(
    clients.network(subscriptionOf(id)),
    createPipelineRequest({
      url: `${clients.endpoint}${pathOf(id)}?${search}`,
      method,
      headers: createHttpHeaders({
        accept: 'application/json',
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      }),
      ...(body ? { body: JSON.stringify(body) } : {}),
    }),
  );
  const { status } = response;
  if (status >= 400 && !allowed.includes(status))
    throw toAzureError(
      {
        request: { method },
        statusCode: status,
        response: { headers: response.headers, bodyAsText: response.bodyAsText ?? null },
        message: `HTTP ${status}`,
      },
      what,
    );
  return response;
}
