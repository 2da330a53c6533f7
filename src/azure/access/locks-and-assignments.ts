import type { RoleAssignmentCreateParameters } from '@azure/arm-authorization';
import { parseResourceId } from '../../domain/resources/resource-id';
import { t } from '../../domain/text/translate';
import { inPath, subscriptionOf } from '../connection/arm-path';
import { AzureError, callAzure, toAzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';
import { runOperation } from '../connection/long-operation';

/** Owner's role definition. Source: "Azure built-in roles", learn.microsoft.com. */
const ownerRole = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';

/** All ARM properties of a role assignment, so that it can be restored exactly. */
export interface AssignmentProperties {
  roleDefinitionId: string;
  principalId: string;
  principalType?: string | undefined;
  condition?: string | undefined;
  conditionVersion?: string | undefined;
  description?: string | undefined;
  delegatedManagedIdentityResourceId?: string | undefined;
}

/** Locks, role assignments and snapshots that actions create or remove. */
export function createSafeguards(clients: AzureClients, botId: () => Promise<string | null>) {
  return {
    /** Creates a management lock. Idempotent. */
    lock: (scope: string, name: string, level: 'ReadOnly' | 'CanNotDelete', notes: string) =>
      callAzure('the lock', () =>
        clients
          .locks(subscriptionOf(scope))
          .managementLocks.createOrUpdateByScope(inPath(scope), name, { level, notes }),
      ),

    unlock: (scope: string, name: string) =>
      callAzure('the lock', async () => {
        try {
          await clients.locks(subscriptionOf(scope)).managementLocks.deleteByScope(inPath(scope), name);
        } catch (error) {
          if (toAzureError(error, '').statusCode !== 404) throw error;
        }
      }),

    hasLock: (scope: string, name: string) =>
      callAzure('the lock', async () => {
        try {
          await clients.locks(subscriptionOf(scope)).managementLocks.getByScope(inPath(scope), name);
          return true;
        } catch (error) {
          if (toAzureError(error, '').statusCode === 404) return false;
          throw error;
        }
      }),

    /** A role assignment with all properties; null if it no longer exists. */
    readAssignment: (scope: string, name: string) =>
      callAzure('the role assignment', async (): Promise<AssignmentProperties | null> => {
        try {
          const a = await clients
            .authorization(subscriptionOf(scope))
            .roleAssignments.get(inPath(scope), name);
          return {
            roleDefinitionId: a.roleDefinitionId ?? '',
            principalId: a.principalId ?? '',
            principalType: a.principalType,
            condition: a.condition,
            conditionVersion: a.conditionVersion,
            description: a.description,
            delegatedManagedIdentityResourceId: a.delegatedManagedIdentityResourceId,
          };
        } catch (error) {
          if (toAzureError(error, '').statusCode === 404) return null;
          throw error;
        }
      }),

    /**
     * Why an assignment must not be removed: it is the bot's own or the last Owner. Null if it may be
     * removed.
     */
    whyKeep: async (
      scope: string,
      name: string,
      assignment: AssignmentProperties,
    ): Promise<string | null> => {
      if ((await botId())?.toLowerCase() === assignment.principalId.toLowerCase())
        return t`it belongs to Runwatch itself`;
      if (!assignment.roleDefinitionId.toLowerCase().endsWith(ownerRole)) return null;
      const found = clients
        .authorization(subscriptionOf(scope))
        .roleAssignments.listForScope(inPath(scope), { filter: 'atScope()' });
      return callAzure('role assignments', async () => {
        for await (const other of found) {
          if (other.name !== name && other.roleDefinitionId?.toLowerCase().endsWith(ownerRole)) return null;
        }
        return t`it is the last owner of this scope`;
      });
    },

    removeAssignment: (scope: string, name: string) =>
      callAzure('the role assignment', () =>
        clients.authorization(subscriptionOf(scope)).roleAssignments.delete(inPath(scope), name),
      ),

    /** Restores an assignment under its original name. Does nothing if it already exists. */
    putAssignment: (scope: string, name: string, properties: AssignmentProperties) =>
      callAzure('the role assignment', async () => {
        const defined = Object.fromEntries(
          Object.entries(properties).filter(([, value]) => value !== undefined),
        ) as unknown as RoleAssignmentCreateParameters;
        try {
          await clients
            .authorization(subscriptionOf(scope))
            .roleAssignments.create(inPath(scope), name, defined);
        } catch (error) {
          if (toAzureError(error, '').code !== 'RoleAssignmentExists') throw error;
        }
      }),

    /**
     * Ends an activated PIM assignment now.
     * @param requestId idempotency key: reusing it sends no second request
     */
    endActivation: (scope: string, requestId: string, principalId: string, roleDefinitionId: string) =>
      callAzure('ending the activation', async () => {
        try {
          await clients
            .authorization(subscriptionOf(scope))
            .roleAssignmentScheduleRequests.create(inPath(scope), requestId, {
              principalId,
              roleDefinitionId,
              requestType: 'AdminRemove',
              justification: 'Ended by Runwatch',
            });
        } catch (error) {
          const { code } = toAzureError(error, '');
          if (code !== 'RoleAssignmentDoesNotExist' && code !== 'RoleAssignmentRequestExists') throw error;
        }
      }),

    /** Creates an incremental, tagged snapshot. Idempotent. */
    snapshot: (
      { diskId, snapshotId }: { diskId: string; snapshotId: string },
      location: string,
      tags: Record<string, string>,
    ) =>
      runOperation('the snapshot', clients.operationMs, async (abortSignal) => {
        const id = parseResourceId(snapshotId);
        if (!id) throw new AzureError(`${snapshotId} is not a snapshot id`, 'BadId', 400, 0, 'report this');
        const compute = clients.compute(id.subscriptionId);
        await compute.snapshots.createOrUpdate(
          id.resourceGroup,
          id.chain[0]?.name ?? '',
          {
            location,
            tags,
            incremental: true,
            creationData: { createOption: 'Copy', sourceResourceId: diskId },
          },
          { abortSignal },
        );
      }),
  };
}
