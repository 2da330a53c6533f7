import { allActions } from '../../actions/registry';
import { userRiskPermission } from '../../azure/access/user-risk';
import { type Azure, createAzure } from '../../azure/azure';
import type { AzureError } from '../../azure/connection/azure-error';
import type { Config } from '../../config/config';
import type { Report } from '../../config/doctor-check';
import { conditionsIn } from '../../config/policy-file';
import { checkLogTables } from './check-log-tables';
import { checkManagementGroups } from './check-management-groups';
import { checkScriptFetcher } from './check-script-fetcher';
import { checkSentinel } from './check-sentinel';
import { checkEventHub, checkWorkspace } from './check-sources';
import { checkSubscription } from './check-subscription';

/** @returns the tenant of the credential; null if it is not known */
export async function checkAzure(config: Config, report: Report): Promise<string | null> {
  const azure = createAzure(config);
  const credential = config.azure.accessToken ? 'AZURE_ACCESS_TOKEN' : 'DefaultAzureCredential';
  let subscriptions: { id: string; name: string }[];
  try {
    subscriptions = await azure.subscriptions();
  } catch (error) {
    const { message, remedy = '' } = error as AzureError;
    report({
      name: 'azure credential',
      topic: 'azure-credential',
      ok: false,
      says: `${credential}: ${message}`,
      fix: remedy || 'az login, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET',
    });
    return null;
  }
  report({
    name: 'azure credential',
    topic: 'azure-credential',
    ok: true,
    says: `${await azure.describeCredential().catch(() => credential)} is accepted by ${config.azure.endpoint}`,
  });
  const wanted = config.azure.subscriptionIds ?? subscriptions.map((subscription) => subscription.id);
  report({
    name: 'azure subscriptions',
    topic: 'azure-subscriptions',
    ok: wanted.length > 0,
    says: `${wanted.length} to monitor`,
    fix: 'az role assignment create --assignee BOT --role Reader --scope /subscriptions/ID',
  });
  const botId = await azure.botId();
  for (const id of wanted) await checkSubscription(azure, id, botId, report);
  if (config.fetchScript) await checkScriptFetcher(azure, wanted, botId, report);
  await checkManagementGroups(azure, conditionsIn(config.policy), wanted, report);
  await checkGraph(azure, report);
  if (config.eventHub) await checkEventHub(azure, config.eventHub, report);
  if (config.policy.sentinel) await checkSentinel(azure, config.policy.sentinel, report);
  if (config.workspaceId) {
    await checkWorkspace(azure, config.workspaceId, wanted, report);
    await checkLogTables(azure, config.workspaceId, report);
  }
  return azure.tenantId().catch(() => null);
}

/** Checks each Graph permission that an action needs against the roles in the bot's Graph token. */
async function checkGraph(azure: Azure, report: Report): Promise<void> {
  const granted = await azure.graphRoles();
  const wanted = [
    'Directory.Read.All',
    userRiskPermission,
    ...allActions().flatMap(({ graph }) => graph ?? []),
  ];
  for (const permission of new Set(wanted)) {
    const ok = granted?.includes(permission) ?? false;
    report({
      name: `graph ${permission}`,
      topic: 'graph-permission',
      ok,
      optional: true,
      says: ok
        ? 'granted'
        : granted
          ? 'missing: the names, risks or actions that need it are unavailable'
          : 'unknown: no Microsoft Graph token (AZURE_ACCESS_TOKEN does not provide one)',
      fix: `grant the application permission ${permission} (Microsoft Graph) to the bot, with admin consent`,
    });
  }
}
