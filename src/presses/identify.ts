import type { Azure } from '../azure/azure';
import type { Identified } from '../chat/surface-press';
import type { ConnectedSurface } from '../chat/surfaces';
import type { Config } from '../config/config';
import { isInChat, isSignedIn, type Presser } from '../domain/people/person';
import { t } from '../domain/text/translate';
import type { Log } from '../runtime/log';
import { memoize } from '../runtime/memoize';
import { type InGroup, isResponder, mayRead as mayReadBy } from './authorize';

export interface PeopleDeps {
  config: Pick<Config, 'responders' | 'readers' | 'signIn'>;
  azure: Pick<Azure, 'directory' | 'tenantId'>;
  surfaces: readonly ConnectedSurface[];
  /** Groups by the claim of the console's OpenID issuer; null if it is absent or too old. */
  claimedGroups: (presser: Presser) => Promise<ReadonlySet<string> | null>;
  log: Log;
  now: () => number;
}

/** How long it is used that an account exists, is enabled and is no guest, ms. */
const standingMs = 5 * 60_000;

/** Identifies people on their surface, looks up their groups, and checks whether they may read. */
export function createPeople({ config, azure, surfaces, claimedGroups, log, now }: PeopleDeps) {
  const standing = memoize(
    standingMs,
    1000,
    async (id) => ({ principal: await azure.directory.principalNow(id) }),
    now,
  );
  const surfaceOf = (name: string) => surfaces.find(({ surface }) => surface.name === name);

  /** @param place the channel or conversation of the press */
  async function identify(by: Presser, place: string | null): Promise<Identified> {
    if (isSignedIn(by)) return identifySignedIn(by);
    if (!isInChat(by)) return { presser: by };
    const own = surfaceOf(by.surface);
    return own ? own.identify(by, place) : { refused: t`${by.surface} is not configured here.` };
  }

  /** A person whom the configured issuer named, unless Microsoft Graph says that they lost their account. */
  async function identifySignedIn(by: Presser): Promise<Identified> {
    if (by.issuer !== config.signIn?.issuer)
      return { refused: 'You signed in by a service that is no longer configured. Sign in again.' };
    if (by.objectId === undefined) return { presser: await withObjectId(by) };
    const ours = await azure.tenantId().catch(() => null);
    if (!ours || ours.toLowerCase() !== by.tenant?.toLowerCase()) return { presser: by };
    const known = await standing(by.objectId).catch(() => null);
    if (!known) return { presser: by };
    if (!known.principal || known.principal.enabled === false)
      return { refused: 'Your account is deactivated.' };
    if (known.principal.guest)
      return { refused: 'Guests cannot use Runwatch. Ask a member of the organization.' };
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
   * A chat resolves its own groups. Entra groups are in a recent claim of the person who signed in, else Graph
   * resolves them, by object id or verified email.
   */
  const inGroup: InGroup = async (group, presser) => {
    const [kind = '', id = ''] = group.split(':');
    const chat = kind.replace(/-group$/, '');
    if (chat !== 'entra')
      return presser.surface === chat ? ((await surfaceOf(chat)?.inGroup?.(id, presser)) ?? false) : false;
    const claimed = isSignedIn(presser) ? await claimedGroups(presser) : null;
    if (claimed) return claimed.has(id.toLowerCase());
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
