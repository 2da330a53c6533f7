import { z } from 'zod';
import type { Execution } from './execution';
import type { Finding } from './finding';

/** An execution that has to be confirmed, and what was found out. */
export interface Check {
  execution: Execution;
  /** The worker group in the logged request. */
  group: string | null;
  finding: Finding | null;
}

const id = z.string().max(2000);
const name = z.string().max(1000);
/** An execution has a handful of events. */
const maxEvents = 50;

const caller = z.object({
  id: name.nullable(),
  name,
  upn: name.nullish(),
  type: z.enum(['User', 'ServicePrincipal', 'ManagedIdentity', 'Unknown']),
  ip: name.nullable(),
  ipAt: name.optional(),
  appId: name.nullable(),
  home: name.optional(),
  displayName: name.optional(),
  authMethods: z.array(name).max(50).optional(),
  groups: z.array(name).max(500).optional(),
  managedIdentityResource: id.optional(),
});

const grant = z.object({
  role: name,
  scope: id.nullable(),
  assignmentId: name.nullable(),
  principalId: name.optional(),
  principalType: name.optional(),
  roleDefinitionId: name.optional(),
});

const findingSchema = z.object({
  technique: name.nullable(),
  says: z.string().max(4000),
  group: name.optional(),
});

const checkSchema = z.object({
  execution: z.object({
    key: name,
    technique: name,
    operation: name,
    status: z.enum(['started', 'succeeded', 'failed']),
    decidedAt: name,
    refused: z.boolean(),
    subStatus: name.nullable(),
    caller,
    target: z.object({ id, name, type: name, resourceGroup: name, subscriptionId: name }),
    resourceId: id,
    grantedBy: grant.nullable(),
    startedAt: name,
    lastEventAt: name,
    correlationId: name,
    eventIds: z.array(name).max(maxEvents),
    // What was asked and answered may be large and hold secrets, so it is not stored.
    requestBody: z.null(),
    message: z.null(),
    finding: findingSchema.optional(),
  }),
  group: z.string().max(200).nullable(),
  finding: findingSchema.nullable(),
});

/** A stored check; null if it is damaged, so that the execution is checked as if it were new. */
export function readCheck(text: string): Check | null {
  try {
    return checkSchema.parse(JSON.parse(text)) as Check;
  } catch {
    return null;
  }
}

/** The text to store. Of more events than an execution has, the first ones are kept. */
export const writeCheck = ({ execution, ...check }: Check): string =>
  JSON.stringify({ ...check, execution: { ...execution, eventIds: execution.eventIds.slice(0, maxEvents) } });
