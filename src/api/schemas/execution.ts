import { z } from 'zod';
import type { Alert } from '../../domain/alerts/alert';
import { techniqueOf } from '../../domain/techniques/catalogue';
import type { Execution } from '../../domain/techniques/execution';
import { callerTypes } from './alert-summary';
import { time } from './common';

const grantSchema = z
  .object({ role: z.string(), scope: z.string().nullable(), assignmentId: z.string().nullable() })
  .meta({ id: 'Grant', description: 'The role assignment that allowed the call.' });

export const grantOf = (
  grant: { role: string; scope: string | null; assignmentId: string | null } | null,
): z.output<typeof grantSchema> | null =>
  grant && { role: grant.role, scope: grant.scope, assignmentId: grant.assignmentId };

export const nullableGrant = grantSchema.nullable();

export const executionSchema = z
  .object({
    id: z.string(),
    technique: z.string(),
    operation: z.string().describe('Name of the ARM operation'),
    status: z.enum(['started', 'succeeded', 'failed']),
    denied: z.boolean().describe('Azure denied it; nothing ran'),
    caller: z.object({
      id: z.string().nullable().describe('Object id'),
      name: z.string(),
      type: z.enum(callerTypes),
      ip: z.string().nullable(),
      appId: z.string().nullable(),
    }),
    target: z.object({
      id: z.string(),
      name: z.string(),
      type: z.string(),
      resourceGroup: z.string(),
      subscriptionId: z.string(),
    }),
    grantedBy: nullableGrant,
    startedAt: time,
    lastEventAt: time,
    events: z.int().describe('Records of the activity log'),
    correlationId: z.string(),
    mitre: z.array(z.string()).describe('ATT&CK techniques'),
    exception: z.string().nullable().describe('Id of the exception that covers it'),
    script: z.string().nullable().describe('Id among the alert’s scripts; null if unavailable'),
    output: z.string().nullable().describe('Its output, with secrets redacted; null if unavailable'),
    exitCode: z.int().nullable(),
  })
  .meta({ id: 'Execution', description: 'One command on one machine.' });

export function executionOf(
  { facts, exceptionOf }: Pick<Alert, 'facts' | 'exceptionOf'>,
  execution: Execution,
): z.output<typeof executionSchema> {
  const { key, caller, target } = execution;
  const run = facts.runs?.[key];
  return {
    id: key,
    technique: execution.technique,
    operation: execution.operation,
    status: execution.status,
    denied: execution.refused,
    caller: { id: caller.id, name: caller.name, type: caller.type, ip: caller.ip, appId: caller.appId },
    target: {
      id: target.id,
      name: target.name,
      type: target.type,
      resourceGroup: target.resourceGroup,
      subscriptionId: target.subscriptionId,
    },
    grantedBy: grantOf(execution.grantedBy),
    startedAt: execution.startedAt,
    lastEventAt: execution.lastEventAt,
    events: execution.eventIds.length,
    correlationId: execution.correlationId,
    mitre: [...techniqueOf(execution.technique).mitre],
    exception: exceptionOf[key] ?? null,
    script: run?.script ?? null,
    output: run?.output ?? null,
    exitCode: run?.exitCode ?? null,
  };
}
