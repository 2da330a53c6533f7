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
  /** Of a body after it is unpacked, bytes. */
  longestBody?: number;
  /** Told of each answer's Date header, ms since 1970. */
  onDate?: (serverMs: number) => void;
}

/** What Azure does again when it is asked again: the SDK must not repeat it where the answer is lost. */
const onceOnly = /\/restart$/i;

/**
 * The SDK's own HTTP client has no deadline, and holds a body of any size as one string. This one ends a request that takes
 * too long, wherever it hangs, and stops reading a body that is too long; both are said as what they are.
 */
export function createHttpClient({
  deadlineMs = 60_000,
  longestBody = 32 * 1024 * 1024,
  onDate,
}: HttpLimits = {}): HttpClient {
  const inner = createDefaultHttpClient();
  return {
    sendRequest: async (request: PipelineRequest): Promise<PipelineResponse> => {
      const what = `${request.method} ${new URL(request.url).pathname.split('/').slice(-3).join('/')}`;
      const isOnce = request.method === 'POST' && onceOnly.test(new URL(request.url).pathname);
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
          throw isOnce && !limit.signal.aborted ? lost(what, 0, error) : error;
        });
        if (isOnce && response.status >= 500 && response.status !== 503) throw lost(what, response.status);
        const date = Date.parse(response.headers.get('date') ?? '');
        if (!Number.isNaN(date)) onDate?.(date);
        const { readableStreamBody: body, ...rest } = response;
        if (!body) return response;
        const bodyAsText = await readText(body as Readable, longestBody, what, response.status, limit.signal);
        return { ...rest, bodyAsText };
      } catch (error) {
        if (!limit.signal.aborted || given?.aborted) throw error;
        throw new AzureError(
          `${what}: no whole answer within ${deadlineMs / 1000} s`,
          'NoAnswer',
          0,
          0,
          'it is tried again; if it stays, look at the network between the bot and Azure',
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
      `${what}: ${status === 0 ? 'the answer was lost' : `HTTP ${status}`}`,
      'AnswerLost',
      status,
      0,
      'look at the machine in Azure before you ask again',
    ),
    { cause },
  );

async function readText(
  body: Readable,
  longest: number,
  what: string,
  status: number,
  signal: AbortSignal,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  const stop = () => body.destroy(new Error('the answer was given up'));
  signal.addEventListener('abort', stop);
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > longest)
        throw new AzureError(
          `${what}: the answer is longer than ${longest / 1024 / 1024} MB`,
          'AnswerTooLong',
          status,
          0,
          'it is tried again; if it stays, something between the bot and Azure answers in its place',
        );
      chunks.push(chunk);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    body.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}
