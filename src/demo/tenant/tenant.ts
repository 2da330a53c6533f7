import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type Answer, ArmError, type ArmRequest } from './answers';
import { loopbackCertificate } from './certificate';
import { dispatch } from './dispatch';
import { createFaults, errorOf } from './faults';
import { type Operation, recordsOf } from './records';
import { createResources } from './resources';
import { answerGraph } from './serve-graph';
import { answerIngestion, ingestionPath } from './serve-ingestion';
import { answerLogAnalytics } from './serve-log-analytics';
import { createDirectory } from './simulated-directory';
import type { TenantState } from './tenant-state';

export interface RequestRecord {
  method: string;
  path: string;
  query: string;
  status: number;
  body: unknown;
  ifMatch: string | undefined;
  /** Length of the answer's body. */
  bytes: number;
  /** Arrival time, ms. */
  at: number;
  /** Object id that the token names. */
  callerId: string;
}

const bodyLimit = 4 * 1024 * 1024;

const botId = 'b07b07b0-0000-4000-8000-000000000001';

/** A token that names an identity and what it is for, as Entra's do. It has no signature. */
const tokenFor = (oid: string, aud?: string): string =>
  ['{"alg":"none"}', JSON.stringify({ oid, aud }), '']
    .map((part) => Buffer.from(part).toString('base64url'))
    .join('.');

/** A token of the bot for a service, such as https://monitor.azure.com. */
export const botTokenFor = (audience: string): string => tokenFor(botId, audience);

/** A token that names the bot. */
export const botToken = tokenFor(botId);

/** The identity that fetches scripts, where it has one of its own. */
export const fetcherId = 'fe7c4e20-0000-4000-8000-000000000002';
export const fetcherToken = tokenFor(fetcherId);

const serviceTag = (name: string, region: string, addressPrefixes: string[], systemService = '') => ({
  id: name,
  name,
  serviceTagChangeNumber: '1',
  properties: { changeNumber: '1', region, state: 'GA', systemService, addressPrefixes },
});

/** Starts a tenant that serves ARM's wire format over TLS on loopback, for tests and the demo. */
export async function startTenant({ now = Date.now, token = 'simulated-token', port = 0 } = {}) {
  const certificate = await loopbackCertificate();
  const state: TenantState = {
    tenantId: '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310',
    botId,
    tokens: new Map([
      [token, botId],
      [fetcherToken, fetcherId],
    ]),
    subscriptions: new Map(),
    managementGroups: new Map(),
    resources: createResources(),
    directory: createDirectory(),
    guests: new Map(),
    log: [],
    workspaces: new Map(),
    ingestion: new Map(),
    builtInRoles: JSON.parse(readFileSync(join(__dirname, '../../../data/azure-built-in-roles.json'), 'utf8'))
      .value,
    customRoles: [],
    denyAssignments: [],
    adminRules: [],
    serviceTags: [
      serviceTag('AzureCloud', '', ['192.0.2.64/26', '2001:db8:a::/48']),
      serviceTag('AzureCloud.westeurope', 'westeurope', ['192.0.2.64/26', '2001:db8:a::/48']),
      serviceTag('AzureDevOps.WestEurope', 'westeurope', ['192.0.2.96/28'], 'AzureDevOps'),
    ],
    pimActive: [],
    pimEligible: [],
    pageSize: 200,
    remainingReads: 11_999,
    now,
    mayDo: () => true,
  };
  const faults = createFaults();
  const requests: RequestRecord[] = [];
  let latencyMs = 0;
  let origin = '';

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await read(message, `https://${message.headers.host}`);
    const callerId = state.tokens.get(message.headers.authorization?.replace(/^Bearer /, '') ?? '');
    request.callerId = callerId ?? botId;
    const record: RequestRecord = {
      method: request.method,
      path: request.path,
      query: request.query.toString(),
      status: 0,
      body: request.body,
      ifMatch: message.headers['if-match'],
      bytes: 0,
      at: Date.now(),
      callerId: request.callerId,
    };
    requests.push(record);
    response.setHeader('date', new Date(state.now()).toUTCString());
    if (latencyMs > 0) await new Promise((done) => setTimeout(done, latencyMs));
    const fault = faults.take(request);
    if (fault?.delayMs) await new Promise((done) => setTimeout(done, fault.delayMs));
    if (fault && !fault.after && !fault.delayMs) {
      record.status = fault.status;
      if (fault.play) return fault.play(response, request);
      if (fault.cut) message.socket.destroy();
      else if (fault.body !== undefined)
        write(
          response,
          { status: fault.status, ...(fault.headers ? { headers: fault.headers } : {}) },
          fault.body,
        );
      else write(response, errorAnswer(errorOf(fault)));
      return;
    }
    const answer = answerTo(request, message.headers.authorization, callerId !== undefined);
    record.status = answer.status;
    if (request.method === 'GET' && /^\/subscriptions\//i.test(request.path))
      answer.headers = {
        'x-ms-ratelimit-remaining-subscription-reads': String(state.remainingReads),
        ...answer.headers,
      };
    if (fault?.after) message.socket.destroy();
    else record.bytes = write(response, answer);
  }

  function answerTo(request: ArmRequest, authorization: string | undefined, isKnown: boolean): Answer {
    try {
      if (!authorization?.startsWith('Bearer '))
        throw new ArmError(
          401,
          'AuthenticationFailed',
          'Authentication failed. The Authorization header is missing.',
        );
      if (ingestionPath.test(request.path)) {
        const isOwn = authorization === `Bearer ${token}`;
        return answerIngestion(request, state, isOwn);
      }
      if (!isKnown) throw new ArmError(401, 'InvalidAuthenticationToken', 'The access token is invalid.');
      if (request.path.startsWith('/v1/workspaces/')) return answerLogAnalytics(request, state.log, state);
      return request.path.startsWith('/v1.0/')
        ? answerGraph(request, state.directory)
        : dispatch(request, state);
    } catch (error) {
      if (error instanceof ArmError) return errorAnswer(error);
      return errorAnswer(new ArmError(500, 'InternalServerError', (error as Error).message));
    }
  }

  const server: Server = createServer(certificate, (message, response) => {
    handle(message, response).catch(() => message.socket.destroy());
  });
  await new Promise<void>((done) => server.listen(port, '127.0.0.1', done));
  origin = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;

  return {
    state,
    resources: state.resources,
    directory: state.directory,
    endpoint: origin,
    ca: certificate.cert,
    token,
    faults,
    requests,
    /** Delay of each answer, ms. */
    set latencyMs(ms: number) {
      latencyMs = ms;
    },
    /** Logs an operation. Its records become visible `delayMs` after their own time, or immediately. */
    log(operation: Operation, { delayMs }: { delayMs?: number } = {}) {
      const records = recordsOf(operation, state.tenantId);
      for (const record of records) {
        const visibleAt = delayMs === undefined ? 0 : Date.parse(record.eventTimestamp) + delayMs;
        state.log.push({ visibleAt, record });
      }
      return records;
    },
    stop: async () => {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
export type Tenant = Awaited<ReturnType<typeof startTenant>>;

async function read(message: IncomingMessage, origin: string): Promise<ArmRequest> {
  const url = new URL(`${origin}${message.url ?? '/'}`);
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > bodyLimit)
      throw new ArmError(
        413,
        'RequestContentTooLarge',
        'The request content size exceeds the maximum size of 4 MB.',
      );
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return {
    method: message.method ?? 'GET',
    path: decodeURIComponent(url.pathname),
    query: url.searchParams,
    headers: message.headers,
    body: text ? JSON.parse(text) : null,
    origin,
  };
}

const errorAnswer = ({ status, code, message, headers }: ArmError): Answer => ({
  status,
  headers,
  body: { error: { code, message } },
});

/** @returns the length of the body, bytes */
function write(response: ServerResponse, { status, body, headers = {} }: Answer, raw?: string): number {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'x-ms-request-id': Math.random().toString(16).slice(2),
    ...headers,
  });
  const text = raw ?? (body === undefined ? '' : JSON.stringify(body));
  response.end(text);
  return Buffer.byteLength(text);
}
