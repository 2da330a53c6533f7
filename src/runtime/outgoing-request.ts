import { type LookupAddress, lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, type Dispatcher, EnvHttpProxyAgent, request } from 'undici';
import { isInternetAddress } from '../domain/network/internet-address';
import { plainLine } from '../domain/text/plain-text';
import { redactSecrets } from '../domain/text/redactor';

export interface OutgoingRequest {
  url: string;
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH';
  headers?: Record<string, string>;
  body?: string | null;
  /** For the complete response, ms. */
  timeoutMs?: number;
  /** Longest body of the response, bytes; 0 ignores the body. */
  maxBytes?: number;
  /** Whether it may go to this machine, its networks and its cloud's metadata. */
  allowPrivate?: boolean;
  /** Cancels the request earlier. */
  signal?: AbortSignal | undefined;
}

export interface OutgoingAnswer {
  status: number;
  /** By name in lower case; repeated ones are joined. */
  headers: Readonly<Record<string, string>>;
  text: string;
}

/** Why there is no answer. The message has the host, never the path, query, headers or body. */
export class OutgoingError extends Error {
  constructor(
    host: string,
    readonly code: 'refused' | 'timeout' | 'too long' | 'failed',
    why: string,
  ) {
    super(redactSecrets(`${host}: ${plainLine(why, 200)}`));
  }
}

const defaultTimeoutMs = 10_000;
const defaultMaxBytes = 512 * 1024;

/**
 * Sends a request to a configured URL. Any status is an answer; redirects are returned, not followed.
 * @throws {OutgoingError}
 */
export async function sendRequest(outgoing: OutgoingRequest): Promise<OutgoingAnswer> {
  const { url, method = 'POST', headers, body = null, allowPrivate = false, signal } = outgoing;
  const { timeoutMs = defaultTimeoutMs, maxBytes = defaultMaxBytes } = outgoing;
  const { hostname } = new URL(url);
  const limit = AbortSignal.timeout(timeoutMs);
  try {
    if (!allowPrivate) await refusePrivate(hostname.replace(/^\[|\]$/g, ''), limit);
    const answer = await request(url, {
      dispatcher: dispatcherFor(allowPrivate),
      method,
      headers: { 'user-agent': 'Runwatch', ...headers },
      body,
      signal: signal ? AbortSignal.any([limit, signal]) : limit,
    });
    const text = await readText(answer.body, maxBytes, hostname);
    return { status: answer.statusCode, headers: joined(answer.headers), text };
  } catch (error) {
    if (error instanceof OutgoingError) throw error;
    if (limit.aborted) throw new OutgoingError(hostname, 'timeout', `no answer within ${timeoutMs / 1000} s`);
    const { code, message } = error as Error & { code?: string };
    throw new OutgoingError(hostname, 'failed', code ?? message);
  }
}

async function readText(
  body: Dispatcher.ResponseData['body'],
  maxBytes: number,
  host: string,
): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  if (maxBytes === 0) body.on('error', () => {}).destroy();
  else
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBytes)
        throw new OutgoingError(host, 'too long', `it answered more than ${Math.floor(maxBytes / 1024)} KB`);
      chunks.push(chunk);
    }
  return Buffer.concat(chunks).toString('utf8');
}

const joined = (headers: Dispatcher.ResponseData['headers']): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]));

/** Connections by whether they may be private. */
const dispatchers = new Map<boolean, Dispatcher>();

function dispatcherFor(allowPrivate: boolean): Dispatcher {
  const known = dispatchers.get(allowPrivate);
  if (known) return known;
  const options = allowPrivate ? {} : { connect: { lookup: lookupInternet } };
  const dispatcher = isProxied() ? new EnvHttpProxyAgent(options) : new Agent(options);
  dispatchers.set(allowPrivate, dispatcher);
  return dispatcher;
}

/** Node's own requests use a proxy on the same condition. */
const isProxied = (): boolean => process.env.NODE_USE_ENV_PROXY === '1';

/**
 * Refuses addresses that are not on the Internet. Names are looked up when connecting, except for those that a
 * proxy connects to: names that only the proxy can look up are left to its rules.
 */
async function refusePrivate(host: string, limit: AbortSignal): Promise<void> {
  if (isIP(host)) refuseUnless([{ address: host }], host);
  else if (isProxied()) {
    const found = await new Promise<LookupAddress[]>((done) => {
      limit.addEventListener('abort', () => done([]));
      lookup(host, { all: true }, (error, addresses) => done(error ? [] : addresses));
    });
    refuseUnless(found, host);
  }
}

/** Looks up a name for a connection. The connection goes to the address that was checked. */
const lookupInternet: LookupFunction = (host, options, callback) =>
  lookup(host, { ...options, all: true }, (error, found) => {
    try {
      if (error) throw error;
      refuseUnless(found, host);
    } catch (refusal) {
      return callback(refusal as Error, []);
    }
    const [first] = found;
    if (options.all) callback(null, found);
    else callback(null, first?.address ?? '', first?.family);
  });

function refuseUnless(addresses: readonly { address: string }[], host: string): void {
  if (!addresses.every(({ address }) => isInternetAddress(address)))
    throw new OutgoingError(
      host,
      'refused',
      'its address is private, or of this machine, which is not allowed',
    );
}
