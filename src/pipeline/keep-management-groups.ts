import type { ManagementGroup } from '../domain/resources/management-group';
import type { Log } from '../runtime/log';
import type { PollState } from '../store/events/poll-state';

export interface ManagementGroupDeps {
  /** Reads the management groups above each subscription; null if no route needs them. */
  listManagementGroups: (() => Promise<Map<string, ManagementGroup[]>>) | null;
  polls: Pick<PollState, 'managementGroups' | 'putManagementGroups'>;
  log: Log;
}

/**
 * Stores the management groups above subscriptions. If Azure does not return them, those read before stay, and
 * the reason is stored.
 */
export async function keepManagementGroups(
  ids: readonly string[],
  { listManagementGroups, polls, log }: ManagementGroupDeps,
): Promise<void> {
  if (!listManagementGroups || ids.length === 0) return;
  let why = 'Azure Resource Graph does not show the subscription to Runwatch';
  const found = await listManagementGroups().catch((error) => {
    log.warn({ error }, 'could not read management groups');
    const { message, remedy } = error as Error & { remedy?: string };
    why = `${message}${remedy ? `; ${remedy}` : ''}`.slice(0, 500);
    return new Map<string, ManagementGroup[]>();
  });
  const before = await polls.managementGroups(ids);
  await polls.putManagementGroups(
    new Map(
      ids.map((id) => {
        const above = found.get(id);
        return [id, above ? { above, error: null } : { above: before.get(id)?.above ?? null, error: why }];
      }),
    ),
  );
}
