import type { Azure } from '../../azure/azure';
import type { AzureError } from '../../azure/connection/azure-error';
import type { Report } from '../../config/doctor-check';
import { needManagementGroups, type Route } from '../../domain/alerts/routing';
import { globMatches } from '../../domain/exceptions/exception';
import type { ManagementGroup } from '../../domain/resources/management-group';

const about = { name: 'management groups in routes', topic: 'management-groups', optional: true };

/** If routes or webhooks name management groups: whether they can be read, and are above a monitored subscription. */
export async function checkManagementGroups(
  azure: Pick<Azure, 'managementGroups'>,
  routes: readonly Route[],
  subscriptions: readonly string[],
  report: Report,
): Promise<void> {
  if (!needManagementGroups(routes)) return;
  let found: Map<string, ManagementGroup[]>;
  try {
    found = await azure.managementGroups();
  } catch (error) {
    const { message, remedy } = error as AzureError;
    report({ ...about, ok: false, says: `${message}; these routes do not match`, fix: remedy });
    return;
  }
  const above = subscriptions.flatMap((id) => found.get(id) ?? []);
  const wanted = routes.flatMap(({ when }) => [when.managementGroup ?? []].flat());
  const unused = wanted.filter(
    (pattern) => !above.some((group) => globMatches(pattern, group.id) || globMatches(pattern, group.name)),
  );
  const hidden = subscriptions.filter((id) => !found.has(id));
  report({
    ...about,
    ok: unused.length === 0 && hidden.length === 0,
    says:
      [
        ...(unused.length > 0 ? [`${unused.join(', ')}: not above a monitored subscription`] : []),
        ...(hidden.length > 0 ? [`unknown for ${hidden.join(', ')}`] : []),
      ].join('; ') || `read for ${subscriptions.length} subscriptions`,
    fix:
      hidden.length > 0
        ? "grant the watcher role on these subscriptions to the bot's identity (runwatch manifest azure-role)"
        : 'correct `managementGroup` in the routes of RUNWATCH_CONFIG: an id such as mg-production, or a display name',
  });
}
