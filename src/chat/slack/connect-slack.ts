import type { ConnectedSurface, SurfaceContext } from '../define-surface';
import type { Surface } from '../surface';
import { createPeopleIn, createSlackApp, createSlackClient } from './slack-app';
import type { SlackConfig } from './slack-settings';
import { createSlackSurface } from './slack-surface';
import { joinWorkspaces } from './workspaces';

/** Connects to the configured workspaces. */
export async function connectSlack(
  settings: SlackConfig,
  context: SurfaceContext,
): Promise<ConnectedSurface> {
  const { log, withObjectId } = context;
  const client = createSlackClient(settings, log);
  const peopleIn = createPeopleIn(client, settings, log);
  const surfaceIn = (team: string | undefined, botToken: string): Surface =>
    createSlackSurface(createSlackClient({ ...settings, botToken }, log), settings, peopleIn(team));
  const others = Object.entries(settings.workspaces).map(
    ([team, botToken]) => [team, surfaceIn(team, botToken)] as const,
  );
  const first = createSlackSurface(client, settings, peopleIn(undefined));
  const channels = [...new Set([settings.channel, ...context.routed])];

  const surface = others.length > 0 ? joinWorkspaces(first, new Map(others)) : first;
  return {
    surface,
    identify: async ({ id, team }) => {
      const known = await peopleIn(team).identify(id, team);
      return 'refused' in known ? known : { presser: await withObjectId(known.presser) };
    },
    isInAlertChannel: async (by) => {
      for (const channel of channels) {
        const [team, own] = channel.includes('/') ? channel.split('/') : [undefined, channel];
        if (team !== undefined && team !== by.team) continue;
        const isIn = await peopleIn(team)
          .isIn(own ?? '', by.id)
          .catch((error) => {
            log.warn(
              { error, channel },
              'could not read the channel’s members, so membership grants no read access; the Slack app needs channels:read and groups:read',
            );
            return false;
          });
        if (isIn) return true;
      }
      return false;
    },
    inGroup: (group, by) => peopleIn(by.team).inGroup(group, by.id),
    userOf: async ({ email }) => {
      const user = email === undefined ? null : await surface.personOf(email);
      return user && { surface: surface.name, ...user };
    },
    describe: (id) => peopleIn(undefined).describe(id),
    serve: async () =>
      createSlackApp({ ...context, config: settings, responders: context.rules.length > 0, peopleIn }),
  };
}
