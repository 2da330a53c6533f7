import type { Azure } from '../../azure/azure';
import { AzureError } from '../../azure/connection/azure-error';
import type { Report } from '../../config/doctor-check';
import { accessPathsFor } from '../../domain/access/resolve-access';
import { fetcherActions, fetcherRole } from '../manifest';

/** Checks the identity that fetches scripts: that it can be recognized, and what it may do where. */
export async function checkScriptFetcher(
  azure: Azure,
  subscriptions: readonly string[],
  botId: string | null,
  report: Report,
): Promise<void> {
  const fetcherId = await azure.fetcherId().catch(() => null);
  const whose =
    fetcherId === botId?.toLowerCase() ? "the bot's own identity" : `its own identity, ${fetcherId}`;
  report({
    name: 'fetching scripts',
    topic: 'script-fetcher',
    ok: fetcherId !== null,
    says: fetcherId
      ? `on, by ${whose}`
      : 'no token with an object ID, so Runwatch could not recognize its own run commands',
    fix: 'check RUNWATCH_FETCH_CLIENT_ID and its credential',
  });
  if (!fetcherId) return;
  for (const id of subscriptions) await checkRole(azure, id, fetcherId, report);
}

async function checkRole(azure: Azure, id: string, fetcherId: string, report: Report): Promise<void> {
  const scope = `/subscriptions/${id}`;
  try {
    const [assignments, definitions] = await Promise.all([
      azure.assignmentsOf(fetcherId, id),
      azure.roleDefinitions(scope),
    ]);
    for (const action of fetcherActions()) {
      const { ways } = accessPathsFor({ action, scope, principals: null }, assignments, definitions);
      const through = ways[0]?.role.name;
      report({
        name: `${action} on ${id} (fetching scripts)`,
        topic: 'script-fetcher-permission',
        ok: through !== undefined,
        optional: true,
        says: through ? `through ${through}` : 'missing: scripts can’t be fetched there',
        fix: `runwatch manifest azure-role --role ${fetcherRole} --subscription ${id} > role.json && az role definition create --role-definition role.json && az role assignment create --assignee ${fetcherId} --role "Runwatch script fetcher" --scope ${scope}`,
      });
    }
  } catch (error) {
    report({
      name: `fetching scripts on ${id}`,
      topic: 'permissions-unknown',
      ok: false,
      optional: true,
      says: (error as Error).message,
      fix: error instanceof AzureError ? error.remedy : '',
    });
  }
}
