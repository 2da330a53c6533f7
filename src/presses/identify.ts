import type { Azure } from '../azure/azure';
import type { SlackPeople } from '../chat/slack/slack-people';
import type { Identified } from '../chat/surface-press';
import type { Config } from '../config/config';
import type { Presser } from '../domain/people/person';
import type { Log } from '../runtime/log';
import { type InGroup, isResponder, mayRead as mayReadBy } from './authorize';

export interface PeopleDeps {
  config: Pick<Config, 'responders' | 'readers' | 'policy' | 'slack'>;
  azure: Pick<Azure, 'directory' | 'tenantId'>;
  /** By workspace; null if Slack is not configured. */
  slackPeople: ((team: string | undefined) => SlackPeople) | null;
  /** Null if Teams is not configured. */
  teams: {
    identify: (by: Presser, conversation: string | null) => Promise<Identified>;
    isInAlertChannel: (by: Presser) => Promise<boolean>;
  } | null;
  log: Log;
}

/** Identifies people on their surface, looks up their groups, and checks whether they may read. */
export function createPeople({ config, azure, slackPeople, teams, log }: PeopleDeps) {
  /** @param place the channel or conversation of the press */
  async function identify(by: Presser, place: string | null): Promise<Identified> {
    if (by.surface === 'slack') {
      if (!slackPeople) return { refused: 'Slack is not configured here.' };
      const known = await slackPeople(by.team).identify(by.id, by.team);
      return 'refused' in known ? known : { presser: await withObjectId(known.presser) };
    }
    if (by.surface === 'teams')
      return teams ? teams.identify(by, place) : { refused: 'Teams is not configured here.' };
    return { presser: by };
  }

  /**
   * Adds the Entra object id of the verified email, if Microsoft Graph is available: one person may have
   * several addresses.
   */
  async function withObjectId(presser: Presser): Promise<Presser> {
    if (presser.email === undefined) return presser;
    const objectId = await azure.directory.userIdOf(presser.email).catch(() => null);
    if (!objectId) return presser;
    const tenant = await azure.tenantId().catch(() => null);
    return { ...presser, objectId, ...(tenant ? { tenant } : {}) };
  }

  /**
   * Slack resolves its own groups. Graph resolves Entra groups: by object id in Teams, by object id or email
   * elsewhere.
   */
  const inGroup: InGroup = async (group, presser) => {
    const [kind, id = ''] = group.split(':');
    if (kind === 'slack-group')
      return presser.surface === 'slack' && slackPeople !== null
        ? slackPeople(presser.team).inGroup(id, presser.id)
        : false;
    const who = presser.surface === 'teams' ? presser.id : (presser.objectId ?? presser.email);
    if (!who) return false;
    return azure.directory.isMember(who, id).catch((error) => {
      log.warn({ error, group }, 'could not check group membership; treating the person as not a member');
      return false;
    });
  };

  const slackChannels = [
    ...new Set([
      ...(config.slack ? [config.slack.channel] : []),
      ...(config.policy.routes ?? []).flatMap(({ slack }) => slack ?? []),
    ]),
  ];

  async function isInAlertChannel(presser: Presser): Promise<boolean> {
    if (presser.surface === 'teams') return (await teams?.isInAlertChannel(presser)) ?? false;
    if (presser.surface !== 'slack' || !slackPeople) return false;
    for (const channel of slackChannels) {
      const [team, own] = channel.includes('/') ? channel.split('/') : [undefined, channel];
      if (team !== undefined && team !== presser.team) continue;
      const isIn = await slackPeople(team)
        .isIn(own ?? '', presser.id)
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
  }

  return {
    identify,
    inGroup,
    /** Whether this person has every right in every subscription. */
    hasFullRights: (presser: Presser): Promise<boolean> =>
      isResponder(
        presser,
        config.responders.filter(({ may, subscriptions }) => may === 'all' && subscriptions === null),
        inGroup,
      ),
    mayRead: (presser: Presser): Promise<boolean> =>
      mayReadBy(presser, {
        responders: config.responders,
        readers: config.readers,
        inGroup,
        isInAlertChannel,
      }),
    /** A Slack user with a display name. */
    describe: async (slackUser: string): Promise<Presser> =>
      slackPeople?.(undefined).describe(slackUser) ?? { surface: 'slack', id: slackUser, name: slackUser },
  };
}

export type People = ReturnType<typeof createPeople>;
