import type { Assignment, Deny } from '../../domain/access/resolve-access';
import { unlessThrottled } from '../connection/azure-error';
import { sinceStart } from '../connection/bulk-reads';
import type { AzureDirectory } from './directory';

type Groups = Pick<AzureDirectory, 'permitted' | 'memberIds' | 'isMemberNow'>;

export interface DenyPrincipals {
  /** The caller, and the known groups that contain it, lower case. */
  principals: Set<string>;
  /** Deny assignments that name a group whose members could not be read. */
  notEvaluated: Deny[];
}

/**
 * Whom deny assignments can name to reach a caller. A deny may name a group without role assignments, so the
 * members of each such group are read.
 * @param notBefore start of the execution, ms; no older members are used
 */
export async function principalsForDenies(
  callerId: string,
  assignments: readonly Assignment[],
  denies: readonly Deny[],
  groups: Groups,
  notBefore?: number,
): Promise<DenyPrincipals> {
  const caller = callerId.toLowerCase();
  const principals = new Set([caller, ...assignments.map(({ principalId }) => principalId)]);
  const named = new Set(denies.flatMap((deny) => deny.groups ?? []));
  const unknown = new Set<string>();
  await Promise.all(
    [...named]
      .filter((id) => !principals.has(id))
      .map(async (groupId) => {
        const contains = await isMember(caller, groupId, groups, sinceStart(notBefore));
        if (contains) principals.add(groupId);
        if (contains === null) unknown.add(groupId);
      }),
  );
  return { principals, notEvaluated: denies.filter((deny) => deny.groups?.some((id) => unknown.has(id))) };
}

/** Null if Graph does not tell. */
async function isMember(
  caller: string,
  groupId: string,
  { permitted, memberIds, isMemberNow }: Groups,
  since: number,
): Promise<boolean | null> {
  if (!permitted) return null;
  if (groupId === caller) return true;
  const read = async () =>
    (await memberIds(groupId, since))?.has(caller) ?? (await isMemberNow(caller, groupId));
  return read().catch(unlessThrottled(null));
}
