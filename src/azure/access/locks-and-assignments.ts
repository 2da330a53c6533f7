import type { RoleAssignmentCreateParameters } from '@azure/arm-authorization';
import { parseResourceId } from '../../domain/resources/resource-id';
import { inPath, subscriptionOf } from '../connection/arm-path';
import { AzureError, doing, toAzureError } from '../connection/azure-error';
import type { AzureClients } from '../connection/clients';
import { waitingFor } from '../connection/long-operation';

/** Owner's role definition. Source: "Azure built-in roles", learn.microsoft.com. */
const ownerRole = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635';

/** ARM's own properties of a role assignment, whole, so that it can be put back as it was. */
export interface AssignmentProperties {
  roleDefinitionId: string;
  principalId: string;
  principalType?: string | undefined;
  condition?: string | undefined;
  conditionVersion?: string | undefined;
  description?: string | undefined;
  delegatedManagedIdentityResourceId?: string | undefined;
}

/** Locks, role assignments and snapshots: what responses put on, take away and keep. */
export function createSafeguards(clients: AzureClients, botId: () => Promise<string | null>) {
  return {
    /** Puts a management lock on; making it again changes nothing. */
    lock: (scope: string, name: string, level: 'ReadOnly' | 'CanNotDelete', notes: string) =>
      doing('the lock', () =>
        clients
          .locks(subscriptionOf(scope))
          .managementLocks.createOrUpdateByScope(inPath(scope), name, { level, notes }),
      ),

    unlock: (scope: string, name: string) =>
      doing('the lock', async () => {
        try {
          await clients.locks(subscriptionOf(scope)).managementLocks.deleteByScope(inPath(scope), name);
        } catch (error) {
          if (toAzureError(error, '').statusCode !== 404) throw error;
        }
      }),

    hasLock: (scope: string, name: string) =>
      doing('the lock', async () => {
        try {
          await clients.locks(subscriptionOf(scope)).managementLocks.getByScope(inPath(scope), name);
          return true;
        } catch (error) {
          if (toAzureError(error, '').statusCode === 404) return false;
          throw error;
        }
      }),

    /** A role assignment, whole; null when it is no more. */
    readAssignment: (scope: string, name: string) =>
      doing('the role assignment', async (): Promise<AssignmentProperties | null> => {
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

    /** Why an assignment must stay: it is the bot's own, or the last owner's. Null when it may go. */
    whyKeep: async (
      scope: string,
      name: string,
      assignment: AssignmentProperties,
    ): Promise<string | null> => {
      if ((await botId())?.toLowerCase() === assignment.principalId.toLowerCase())
        return 'it is the assignment by which Runwatch itself works';
      if (!assignment.roleDefinitionId.toLowerCase().endsWith(ownerRole)) return null;
      const found = clients
        .authorization(subscriptionOf(scope))
        .roleAssignments.listForScope(inPath(scope), { filter: 'atScope()' });
      return doing('role assignments', async () => {
        for await (const other of found) {
          if (other.name !== name && other.roleDefinitionId?.toLowerCase().endsWith(ownerRole)) return null;
        }
        return 'it is the last owner of this scope';
      });
    },

    removeAssignment: (scope: string, name: string) =>
      doing('the role assignment', () =>
        clients.authorization(subscriptionOf(scope)).roleAssignments.delete(inPath(scope), name),
      ),

    /** Puts an assignment back under its own name; one that is there already is left. */
    putAssignment: (scope: string, name: string, properties: AssignmentProperties) =>
      doing('the role assignment', async () => {
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

    /** Ends an activated PIM assignment now. @param requestId the same id asks once, however often it is sent */
    endActivation: (scope: string, requestId: string, principalId: string, roleDefinitionId: string) =>
      doing('ending the activation', async () => {
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

    /** Makes an incremental snapshot, tagged; making it again changes nothing. */
    snapshot: (
      { diskId, snapshotId }: { diskId: string; snapshotId: string },
      location: string,
      tags: Record<string, string>,
    ) =>
      waitingFor('the snapshot', clients.operationMs, async (abortSignal) => {
        const id = parseResourceId(snapshotId);
        if (!id) throw new AzureError(`${snapshotId} is no snapshot`, 'BadId', 400, 0, 'report this');
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
