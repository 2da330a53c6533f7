import type { Readable } from 'node:stream';
import {
  createDefaultHttpClient,
  type HttpClient,
  type PipelineRequest,
  type PipelineResponse,
} from '@azure/core-rest-pipeline';
import { AzureError } from './azure-error';

export interface HttpLimits {
  /** From the first byte sent to the last received, ms. */
  deadlineMs?: number;
  /** Size limit of a decompressed body, bytes. */
  maxBodyBytes?: number;
  /** Called with each response's Date header, ms since 1970. */
  onDate?: (serverMs: number) => void;
}

/** Not idempotent: the SDK must not retry these when the response is lost. */
const nonIdempotent = /\/restart$/i;

/**
 * The SDK's HTTP client has no deadline and no size limit for a body. This one cancels requests that take
 * too long and stops reading bodies that are too large. Each case throws its own error.
 */
export function createHttpClient({
  deadlineMs = 60_000,
  maxBodyBytes = 32 * 1024 * 1024,
  onDate,
}: HttpLimits = {}): HttpClient {
  const inner = createDefaultHttpClient();
  return {
    sendRequest: async (request: PipelineRequest): Promise<PipelineResponse> => {
      const what = `${request.method} ${new URL(request.url).pathname.split('/').slice(-3).join('/')}`;
      const isNonIdempotent = request.method === 'POST' && nonIdempotent.test(new URL(request.url).pathname);
      const limit = new AbortController();
      const cancel = () => limit.abort();
      request.abortSignal?.addEventListener('abort', cancel);
      const timer = setTimeout(cancel, deadlineMs);
      const given = request.abortSignal;
      const streamed = request.streamResponseStatusCodes;
      request.abortSignal = limit.signal;
      request.streamResponseStatusCodes = new Set([Number.POSITIVE_INFINITY]);
      try {
        const response = await inner.sendRequest(request).catch((error: unknown) => {
          throw isNonIdempotent && !limit.signal.aborted ? lost(what, 0, error) : error;
        });
        if (isNonIdempotent && response.status >= 500 && response.status !== 503)
          throw lost(what, response.status);
        const date = Date.parse(response.headers.get('date') ?? '');
        if (!Number.isNaN(date)) onDate?.(date);
        const { readableStreamBody: body, ...rest } = response;
        if (!body) return response;
        const bodyAsText = await readText(
          body as Readable,
          maxBodyBytes,
          what,
          response.status,
          limit.signal,
        );
        return { ...rest, bodyAsText };
      } catch (error) {
        if (!limit.signal.aborted || given?.aborted) throw error;
        throw new AzureError(
          `${what}: no complete response within ${deadlineMs / 1000} s`,
          'NoAnswer',
          0,
          0,
          'Runwatch will retry; if this persists, check the network between the bot and Azure',
        );
      } finally {
        clearTimeout(timer);
        given?.removeEventListener('abort', cancel);
        if (given) request.abortSignal = given;
        else delete (request as { abortSignal?: unknown }).abortSignal;
        if (streamed) request.streamResponseStatusCodes = streamed;
        else delete (request as { streamResponseStatusCodes?: unknown }).streamResponseStatusCodes;
      }
    },
  };
}

const lost = (what: string, status: number, cause?: unknown) =>
  Object.assign(
    new AzureError(
      `${what}: ${status === 0 ? 'the response was lost' : `HTTP ${status}`}`,
      'AnswerLost',
      status,
      0,
      'check the machine in Azure before you try again',
    ),
    { cause },
  );

async function readText(
  body: Readable,
  maxBytes: number,
  what: string,
  status: number,
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = () => body.destroy(new Error('the response was abandoned'));
  signal.addEventListener('abort', stop);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes)
        throw new AzureError(
          `${what}: the response is longer than ${maxBytes / 1024 / 1024} MB`,
          'AnswerTooLong',
          status,
          0,
          'Runwatch will retry; if this persists, a proxy may be answering in place of Azure',
        );
      chunks.push(chunk);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}
