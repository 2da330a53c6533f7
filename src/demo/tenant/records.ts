import { randomUUID } from 'node:crypto';
import { parseResourceId } from '../../domain/resources/resource-id';
import type { Principal } from './simulated-directory';

export interface Operation {
  /** ARM operation, e.g. Microsoft.Compute/virtualMachines/runCommand/action. */
  name: string;
  resourceId: string;
  caller: Principal;
  ip?: string;
  appId?: string;
  authMethods?: string;
  /** Start time, ms. */
  at: number;
  /** Duration, ms; absent while the operation runs. */
  tookMs?: number;
  outcome?: 'Succeeded' | 'Failed' | 'Forbidden';
  correlationId?: string;
  role?: string;
  /** The request body, if Azure logs it. */
  requestBody?: string;
  message?: string;
  /** The role assignment that allowed the call; in REST answers only newer records have it. */
  evidence?: Record<string, string>;
}

/** The activity events of one operation, in the REST shape: Started, Accepted, then Succeeded or Failed. */
export function recordsOf(
  operation: Operation,
  tenantId: string,
): (Record<string, unknown> & { eventTimestamp: string })[] {
  const correlationId = operation.correlationId ?? randomUUID();
  const make = (status: string, at: number, subStatus = '') =>
    record(operation, { status, at, subStatus, correlationId, tenantId });
  if (operation.outcome === 'Forbidden') return [make('Failed', operation.at, 'Forbidden')];
  const events = [make('Started', operation.at), make('Accepted', operation.at + 900, 'Accepted')];
  if (operation.tookMs !== undefined)
    events.push(make(operation.outcome ?? 'Succeeded', operation.at + operation.tookMs));
  return events;
}

function record(
  op: Operation,
  {
    status,
    at,
    subStatus,
    correlationId,
    tenantId,
  }: { status: string; at: number; subStatus: string; correlationId: string; tenantId: string },
) {
  const parsed = parseResourceId(op.resourceId);
  const provider = op.name.split('/')[0] ?? '';
  const eventDataId = randomUUID();
  const both = (value: string) => ({ value, localizedValue: value });
  const forbidden = subStatus === 'Forbidden';
  return {
    authorization: {
      action: op.name,
      role: op.role ?? 'Virtual Machine Contributor',
      scope: op.resourceId,
      ...(op.evidence && !forbidden ? { evidence: op.evidence } : {}),
    },
    caller: op.caller.kind === 'User' ? op.caller.login : op.caller.id,
    channels: 'Operation',
    claims: claimsOf(op, tenantId),
    correlationId,
    description: '',
    eventDataId,
    eventName: both(status === 'Started' ? 'BeginRequest' : 'EndRequest'),
    category: both('Administrative'),
    eventTimestamp: new Date(at).toISOString().replace('Z', '0000Z'),
    id: `${op.resourceId}/events/${eventDataId}/ticks/${at}0000`,
    level: status === 'Failed' ? 'Error' : 'Informational',
    operationId: correlationId,
    operationName: both(op.name),
    resourceGroupName: parsed?.resourceGroup ?? '',
    resourceProviderName: both(provider),
    resourceType: both([parsed?.provider, parsed?.chain[0]?.type].filter(Boolean).join('/')),
    resourceId: op.resourceId,
    status: both(status),
    subStatus: both(subStatus),
    submissionTimestamp: new Date(at + 60_000).toISOString(),
    subscriptionId: /\/subscriptions\/([^/]+)/i.exec(op.resourceId)?.[1] ?? '',
    tenantId,
    properties: {
      eventCategory: 'Administrative',
      entity: op.resourceId,
      message: op.name,
      ...(op.requestBody ? { requestbody: op.requestBody } : {}),
      ...(forbidden
        ? {
            statusCode: 'Forbidden',
            statusMessage: JSON.stringify({
              error: {
                code: 'AuthorizationFailed',
                message: `The client '${op.caller.login}' does not have authorization to perform action '${op.name}'`,
              },
            }),
          }
        : op.message
          ? { statusMessage: op.message }
          : {}),
    },
    httpRequest: {
      clientRequestId: randomUUID(),
      clientIpAddress: op.ip ?? '',
      method: op.name.endsWith('/write') ? 'PUT' : 'POST',
    },
    relatedEvents: [],
  };
}

function claimsOf({ caller, ip, appId, authMethods }: Operation, tenantId: string): Record<string, string> {
  const shared = {
    aud: 'https://management.core.windows.net/',
    iss: `https://sts.windows.net/${tenantId}/`,
    'http://schemas.microsoft.com/identity/claims/tenantid': tenantId,
    'http://schemas.microsoft.com/identity/claims/objectidentifier': caller.id,
  };
  if (caller.kind !== 'User') {
    return {
      ...shared,
      appid: caller.login,
      appidacr: '2',
      idtyp: 'app',
      xms_mirid: caller.managedIdentityOf ?? '',
      ...(caller.name ? { app_displayname: caller.name } : {}),
    };
  }
  return {
    ...shared,
    'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn': caller.login,
    'http://schemas.microsoft.com/claims/authnmethodsreferences': authMethods ?? 'pwd,mfa',
    name: caller.name,
    ipaddr: ip ?? '',
    appid: appId ?? '04b07795-8ddb-461a-bbee-02f9e1bf7b46',
    appidacr: '0',
    'http://schemas.microsoft.com/identity/claims/scope': 'user_impersonation',
  };
}
