import type { Azure } from '../../azure/azure';
import type { EventHubConfig } from '../../config/config';
import type { Report } from '../../config/doctor-check';

export async function checkWorkspace(
  azure: Azure,
  workspaceId: string,
  subscriptionIds: readonly string[],
  report: Report,
): Promise<void> {
  const to = new Date();
  const from = new Date(to.getTime() - 90 * 86_400_000);
  const window = { from: from.toISOString(), to: to.toISOString() };
  try {
    const since = await Promise.all(
      subscriptionIds.map((subscriptionId) =>
        azure.workspace.since(workspaceId, { subscriptionId, ...window }),
      ),
    );
    const exported = since.filter((at) => at !== null).length;
    report({
      name: 'log analytics',
      topic: 'log-analytics',
      ok: exported > 0,
      optional: true,
      says: `${workspaceId} has the activity log of ${exported} of ${since.length} subscriptions`,
      fix: 'az monitor diagnostic-settings subscription create --name runwatch --location global --workspace WORKSPACE --logs \'[{"category":"Administrative","enabled":true}]\'',
    });
  } catch (error) {
    report({
      name: 'log analytics',
      topic: 'log-analytics',
      ok: false,
      optional: true,
      says: (error as Error).message,
      fix: 'az role assignment create --assignee BOT --role "Log Analytics Reader" --scope WORKSPACE',
    });
  }
}

export async function checkEventHub(azure: Azure, hub: EventHubConfig, report: Report): Promise<void> {
  try {
    const partitions = await azure.partitionsOf(hub);
    report({
      name: 'event hub',
      topic: 'event-hub',
      ok: true,
      says: `${hub.name} is readable, ${partitions.length} partitions`,
    });
  } catch (error) {
    report({
      name: 'event hub',
      topic: 'event-hub',
      ok: false,
      says: `${hub.name}: ${(error as Error).message.slice(0, 300)}`,
      fix: hub.connectionString
        ? 'set EVENT_HUB_CONNECTION_STRING to one with the Listen right, and EVENT_HUB_NAME to the hub in the diagnostic setting'
        : 'az role assignment create --assignee BOT --role "Azure Event Hubs Data Receiver" --scope HUB; set EVENT_HUB_NAME to the hub in the diagnostic setting',
    });
  }
}
