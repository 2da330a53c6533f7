import type { Azure } from '../azure/azure';
import type { Identified } from '../chat/surface-press';
import type { ConnectedSurface } from '../chat/surfaces';
import type { Config } from '../config/config';
import { isInChat, type Presser } from '../domain/people/person';
import { t } from '../domain/text/translate';
import type { Log } from '../runtime/log';
import { type InGroup, isResponder, mayRead as mayReadBy } from './authorize';

export interface PeopleDeps {
  config: Pick<Config, 'responders' | 'readers'>;
  azure: Pick<Azure, 'directory' | 'tenantId'>;
  surfaces: readonly ConnectedSurface[];
  log: Log;
}

/** Identifies people on their surface, looks up their groups, and checks whether they may read. */
export function createPeople({ config, azure, surfaces, log }: PeopleDeps) {
  const surfaceOf = (name: string) => surfaces.find(({ surface }) => surface.name === name);

  /** @param place the channel or conversation of the press */
  async function identify(by: Presser, place: string | null): Promise<Identified> {
    if (!isInChat(by)) return { presser: by };
    const own = surfaceOf(by.surface);
    return own ? own.identify(by, place) : { refused: t`${by.surface} is not configured here.` };
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

  /** A chat resolves its own groups. Graph resolves Entra groups, by object id or verified email. */
  const inGroup: InGroup = async (group, presser) => {
    const [kind = '', id = ''] = group.split(':');
    const chat = kind.replace(/-group$/, '');
    if (chat !== 'entra')
      return presser.surface === chat ? ((await surfaceOf(chat)?.inGroup?.(id, presser)) ?? false) : false;
    const who = presser.objectId ?? presser.email;
    if (!who) return false;
    return azure.directory.isMember(who, id).catch((error) => {
      log.warn({ error, group }, 'could not check group membership; treating the person as not a member');
      return false;
    });
  };

  const isInAlertChannel = async (presser: Presser): Promise<boolean> =>
    (await surfaceOf(presser.surface)?.isInAlertChannel(presser)) ?? false;

  return {
    identify,
    withObjectId,
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
    /** An Entra user by object id, with the display name if Microsoft Graph is available. */
    describeEntraUser: async (surface: string, objectId: string): Promise<Presser> => {
      const principal = await azure.directory.principal(objectId).catch(() => null);
      return { surface, id: objectId, name: principal?.name ?? objectId };
    },
  };
}

export type People = ReturnType<typeof createPeople>;
