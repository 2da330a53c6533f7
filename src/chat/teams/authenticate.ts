import type { Request } from 'express';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';
import type { TeamsCloud } from './teams-settings';

/**
 * Token issuer and Teams hosts of each cloud.
 * @see https://learn.microsoft.com/azure/bot-service/rest-api/bot-framework-rest-connector-authentication
 * @see https://microsoft.github.io/Agents-for-js/variables/_microsoft_agents-hosting.TeamsServiceEndpoints.html
 * China's values come from Microsoft's Teams SDK (packages/api, cloud-environment), because Microsoft's
 * documentation names no Teams host for China.
 */
export const teamsClouds: Record<
  TeamsCloud,
  { issuer: string; hosts: readonly string[]; authority: string; scope: string; graph: string }
> = {
  public: {
    issuer: 'https://api.botframework.com',
    hosts: ['smba.trafficmanager.net'],
    authority: 'https://login.microsoftonline.com',
    scope: 'https://api.botframework.com',
    graph: 'https://graph.microsoft.com',
  },
  gcc: {
    issuer: 'https://api.botframework.com',
    hosts: ['smba.infra.gcc.teams.microsoft.com'],
    authority: 'https://login.microsoftonline.com',
    scope: 'https://api.botframework.com',
    graph: 'https://graph.microsoft.com',
  },
  gcchigh: {
    issuer: 'https://api.botframework.us',
    hosts: ['smba.infra.gov.teams.microsoft.us'],
    authority: 'https://login.microsoftonline.us',
    scope: 'https://api.botframework.us',
    graph: 'https://graph.microsoft.us',
  },
  dod: {
    issuer: 'https://api.botframework.us',
    hosts: ['smba.infra.dod.teams.microsoft.us'],
    authority: 'https://login.microsoftonline.us',
    scope: 'https://api.botframework.us',
    graph: 'https://dod-graph.microsoft.us',
  },
  china: {
    issuer: 'https://api.botframework.azure.cn',
    hosts: ['frontend.botapi.msg.infra.teams.microsoftonline.cn'],
    authority: 'https://login.partner.microsoftonline.cn',
    scope: 'https://api.botframework.azure.cn',
    graph: 'https://microsoftgraph.chinacloudapi.cn',
  },
};

/** Whether this is a Teams address in the given cloud. The Playground uses loopback. */
export function isTeamsAddress(address: unknown, cloud: TeamsCloud | 'local'): boolean {
  if (typeof address !== 'string' || !URL.canParse(address)) return false;
  const { protocol, hostname, port, username, password } = new URL(address);
  if (username || password) return false;
  if (cloud === 'local') return ['127.0.0.1', 'localhost', '[::1]'].includes(hostname);
  return protocol === 'https:' && port === '' && teamsClouds[cloud].hosts.includes(hostname);
}

/** Keys of Bot Service in China, which @microsoft/agents-hosting 1.8 does not support. */
const chinaKeys = createRemoteJWKSet(new URL('https://login.botframework.azure.cn/v1/.well-known/keys'), {
  timeoutDuration: 10_000,
});

/**
 * Verifies a token of Bot Service in China, and stores its claims where the SDK does for other clouds.
 * @throws if the token is invalid
 */
export async function verifyChina(request: Request & { user?: unknown }, audience: string): Promise<void> {
  const token = /^Bearer (\S+)$/.exec(request.headers.authorization ?? '')?.[1] ?? '';
  const { payload } = await jwtVerify(token, chinaKeys, {
    issuer: teamsClouds.china.issuer,
    audience,
    algorithms: ['RS256'],
    clockTolerance: 300,
  });
  request.user = payload;
}

const claimsSchema = z.looseObject({
  iss: z.string(),
  aud: z.string(),
  exp: z.number(),
  serviceurl: z.string(),
});

const activitySchema = z.looseObject({
  serviceUrl: z.string(),
  channelId: z.literal('msteams'),
  conversation: z.looseObject({ id: z.string().min(1), tenantId: z.string() }),
});

export interface Expected {
  cloud: TeamsCloud;
  /** The app id of this bot. */
  audience: string;
  tenantId: string;
}

/**
 * Why a request is not from Teams or not for this app; null if it is valid. @microsoft/agents-hosting has
 * already verified the token's signature and expiry. Bot Service tokens contain no tenant, so the tenant
 * comes from the signed-for activity.
 * @param claims claims of the verified token
 * @param activity body of the request
 */
export function whyNotFromTeams(claims: unknown, activity: unknown, expected: Expected): string | null {
  const token = claimsSchema.safeParse(claims);
  if (!token.success) return `the token lacks ${token.error.issues[0]?.path.join('.') || 'its claims'}`;
  const { iss, aud, serviceurl } = token.data;
  if (iss !== teamsClouds[expected.cloud].issuer) return "the token's issuer is not Bot Service's";
  if (aud !== expected.audience) return "the token's audience is not this app";
  const sent = activitySchema.safeParse(activity);
  if (!sent.success) return `the activity lacks ${sent.error.issues[0]?.path.join('.') || 'its fields'}`;
  const { serviceUrl, conversation } = sent.data;
  if (bare(serviceurl) !== bare(serviceUrl)) return "the token's serviceurl is not the activity's";
  if (!isTeamsAddress(serviceUrl, expected.cloud)) return 'the serviceUrl is not an address of Teams';
  if (conversation.tenantId.toLowerCase() !== expected.tenantId.toLowerCase())
    return 'the conversation belongs to another tenant';
  return null;
}

const bare = (address: string) => address.replace(/\/+$/, '');
