import type { ConnectedSurface, SurfaceContext, TokenOf } from '../define-surface';
import { teamsClouds } from './authenticate';
import { createTeamsSearch, type TeamsSearch } from './search';
import { createTeams } from './teams-app';
import type { TeamsConfig } from './teams-settings';

/** Connects to Teams as the configured app. */
export async function connectTeams(
  settings: TeamsConfig,
  context: SurfaceContext,
): Promise<ConnectedSurface> {
  const { surface, router, identify, isInAlertChannel } = createTeams({
    ...context,
    config: settings,
    search: settings.local ? null : searchFor(settings, context.tokenOf),
  });
  return {
    surface,
    identify,
    isInAlertChannel,
    userOf: async ({ name, objectId, tenant }) =>
      objectId && tenant && tenant.toLowerCase() === settings.tenantId.toLowerCase()
        ? { surface: surface.name, id: objectId, name, tenant }
        : null,
    describe: (id) => context.describeEntraUser(surface.name, id),
    serve: async () => ({
      router,
      behindProxy: !settings.local,
      start: async () => {},
      stop: async () => {},
    }),
  };
}

function searchFor(settings: TeamsConfig, tokenOf: TokenOf): TeamsSearch {
  const { authority, graph: endpoint } = teamsClouds[settings.cloud];
  const token = () => tokenOf({ ...settings, authority }, endpoint);
  return createTeamsSearch({ endpoint, token, appId: settings.appId });
}
