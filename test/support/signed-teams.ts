import { createSign, generateKeyPairSync } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import express from 'express';
import { createTeams } from '../../src/chat/teams/teams-app';
import type { TeamsCloud } from '../../src/chat/teams/teams-settings';
import { createLog } from '../../src/runtime/log';

const sdk = dirname(require.resolve('@microsoft/agents-hosting'));
const { getJwksClient } = require(join(sdk, 'auth/jwt-middleware.js'));
const { MsalTokenProvider } = require(join(sdk, 'auth/msal/msalTokenProvider.js'));

/** The key pair of the simulated Bot Service. */
const microsoft = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 });
export const appId = 'a0b1c2d3-0000-4000-8000-000000000001';
export const tenantId = '0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310';
export const serviceUrl = 'https://smba.trafficmanager.net/emea/';

/** Returns this public key from the addresses where the SDK fetches Bot Service's keys. */
for (const address of [
  'https://login.botframework.com/v1/.well-known/keys',
  'https://login.botframework.azure.us/v1/.well-known/keys',
  'https://login.microsoftonline.com/0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310/discovery/v2.0/keys',
  'https://login.microsoftonline.us/0b7d2c1e-3a55-4c02-8e4b-92f7b0a6d310/discovery/v2.0/keys',
])
  getJwksClient(address).getSigningKey = (_: string, done: (error: null, key: unknown) => void) =>
    done(null, { getPublicKey: () => microsoft.publicKey.export({ type: 'spki', format: 'pem' }) });

export type Claims = Record<string, unknown>;
export const now = () => Math.floor(Date.now() / 1000);
export const validClaims: Claims = {
  iss: 'https://api.botframework.com',
  aud: appId,
  exp: now() + 600,
  nbf: now() - 60,
  serviceurl: serviceUrl,
};

export function token(claims: Claims, key = microsoft.privateKey): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  const text = `${part({ alg: 'RS256', typ: 'JWT', kid: 'k1' })}.${part(claims)}`;
  return `${text}.${createSign('RSA-SHA256').update(text).sign(key).toString('base64url')}`;
}

export const activity = (fields: Record<string, unknown> = {}) => ({
  type: 'message',
  id: 'a1',
  text: 'status',
  channelId: 'msteams',
  serviceUrl,
  from: { id: '29:sam', name: 'Sam', aadObjectId: '00000000-0000-4000-8000-00000000005a' },
  recipient: { id: '28:bot', name: 'Runwatch' },
  conversation: { id: '19:soc@thread.tacv2', conversationType: 'channel', isGroup: true, tenantId },
  ...fields,
});

interface Options {
  /** What Teams answers to our request; null means success. */
  answer?: (address: URL, method: string) => { status: number; body?: unknown } | null;
  isResponder?: boolean;
  mayRead?: boolean;
  /** Fails while Entra issues no token for the bot. */
  issueToken?: () => Promise<string>;
}

export interface Seen {
  /** Our requests, such as "POST /emea/v3/conversations/…". */
  requests: string[];
  /** Texts that were sent to conversations. */
  texts: string[];
  posted: Map<string, string>;
  conversations: Map<string, string>;
  hosts: string[];
  commands: string[];
  tokensAsked: number;
}

/** A bot behind the real middleware of @microsoft/agents-hosting; `answer` answers its requests. */
export async function withBot(
  cloud: TeamsCloud,
  work: (
    post: (claims: Claims | string, body?: unknown) => Promise<number>,
    seen: Seen,
    bot: ReturnType<typeof createTeams>,
  ) => Promise<void>,
  {
    answer = () => null,
    isResponder = true,
    mayRead = true,
    issueToken = async () => 'our-own-token',
  }: Options = {},
) {
  const seen: Seen = {
    conversations: new Map(),
    posted: new Map(),
    hosts: [],
    requests: [],
    texts: [],
    commands: [],
    tokensAsked: 0,
  };
  let count = 0;
  const bot = createTeams({
    config: { appId, appPassword: 'a password', tenantId, cloud, channel: null, local: false },
    routed: [],
    log: createLog('silent'),
    state: {
      conversations: async () => Object.fromEntries(seen.conversations),
      addConversation: async (id, reference) => seen.conversations.set(id, reference),
      dropConversation: async (id) => seen.conversations.delete(id),
      posted: async (id, place) => seen.posted.get(`${id} ${place}`) ?? null,
      notePosted: async (id, place, noted) => seen.posted.set(`${id} ${place}`, noted),
    },
    press: async () => '',
    answerTo: async () => null,
    command: async (text) => {
      seen.commands.push(text);
      return 'well';
    },
    mayRead: async () => mayRead,
    mayChoosePlaces: async () => isResponder,
    placeChosen: async () => {},
    cannotRead: 'no',
    getView: async () => null,
    missingPermissions: async () => null,
    home: async () => [],
    sla: {},
    linkTo: () => null,
    rules: [],
    search: null,
    now: Date.now,
  });
  const server = express().use(bot.router).listen(0, '127.0.0.1');
  await new Promise((done) => server.once('listening', done));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/api/messages`;
  const realFetch = globalThis.fetch;
  const askToken = jest.spyOn(MsalTokenProvider.prototype, 'getAccessToken').mockImplementation(async () => {
    seen.tokensAsked++;
    return issueToken();
  });
  /** The SDK's requests, which carry our token. */
  const sent = jest.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => {
    const address = new URL(String(input));
    const method = init?.method ?? 'GET';
    seen.requests.push(`${method} ${decodeURIComponent(address.pathname)}`);
    const text = typeof init?.body === 'string' ? (JSON.parse(init.body).text as string) : '';
    if (text) seen.texts.push(text);
    seen.hosts.push(address.hostname);
    const isMember = address.pathname.includes('/members/');
    const given = answer(address, method);
    const usual = isMember
      ? { id: '29:sam', name: 'Sam', userPrincipalName: 'sam@contoso.example', tenantId }
      : { id: `sent-${++count}` };
    return new Response(JSON.stringify(given?.body ?? usual), {
      status: given?.status ?? 200,
      headers: { 'content-type': 'application/json' },
    });
  });
  const post = async (claims: Claims | string, body: unknown = activity()) => {
    const authorization = `Bearer ${typeof claims === 'string' ? claims : token(claims)}`;
    const answer = await realFetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: JSON.stringify(body),
    });
    await answer.text();
    return answer.status;
  };
  try {
    await work(post, seen, bot);
  } finally {
    askToken.mockRestore();
    sent.mockRestore();
    server.closeAllConnections();
    await new Promise((done) => server.close(done));
  }
}
