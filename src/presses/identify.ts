import type { Azure } from '../azure/azure';
import type { Identified } from '../chat/surface-press';
import type { ConnectedSurface } from '../chat/surfaces';
import type { Config } from '../config/config';
import { isApplication, isInChat, isSignedIn, isTicketSystem, type Presser } from '../domain/people/person';
import { t } from '../domain/text/translate';
import type { Log } from '../runtime/log';
import { memoize } from '../runtime/memoize';
import { type InGroup, isResponder, mayRead as mayReadBy } from './authorize';

export interface PeopleDeps {
  config: Pick<Config, 'responders' | 'readers' | 'signIn' | 'policy'>;
  azure: Pick<Azure, 'directory' | 'tenantId'>;
  surfaces: readonly ConnectedSurface[];
  /** Groups by the claim of the console's OpenID issuer; null if it is absent or too old. */
  claimedGroups: (presser: Presser) => Promise<ReadonlySet<string> | null>;
  log: Log;
  now: () => number;
}

/** How long the state of an account, and who a signed-in person is in a chat, is used, ms. */
const standingMs = 5 * 60_000;

/** Identifies people on their surface, looks up their groups, and checks whether they may read. */
export function createPeople({ config, azure, surfaces, claimedGroups, log, now }: PeopleDeps) {
  const standing = memoize(
    standingMs,
    1000,
    async (id) => ({ principal: await azure.directory.principalNow(id) }),
    now,
  );
  const ownTenant = memoize(standingMs, 1, () => azure.tenantId(), now);
  const surfaceOf = (name: string) => surfaces.find(({ surface }) => surface.name === name);

  /** @param place the channel or conversation of the press */
  async function identify(by: Presser, place: string | null): Promise<Identified> {
    if (isSignedIn(by) || isApplication(by)) return identifySignedIn(by);
    if (isTicketSystem(by)) return identifyTicketSystem(by);
    if (!isInChat(by)) return { presser: by };
    const own = surfaceOf(by.surface);
    return own ? own.identify(by, place) : { refused: t`${by.surface} is not configured here.` };
  }

  /** A system that signs its callbacks with a configured secret. */
  function identifyTicketSystem(by: Presser): Identified {
    const { callbackSecret, webhook } = config.policy.escalation ?? {};
    const known = new Map<string, unknown>([
      ['pagerduty', callbackSecret],
      ['webhook', webhook?.callback],
    ]);
    return known.get(by.id)
      ? { presser: by }
      : { refused: t`Callbacks of ${by.id} are no longer configured.` };
  }

  /** A person or application that the configured issuer named, unless Microsoft Graph says that they lost their account. */
  async function identifySignedIn(by: Presser): Promise<Identified> {
    if (by.issuer !== config.signIn?.issuer)
      return { refused: t`You signed in by a service that is no longer configured. Sign in again.` };
    const presser = by.objectId === undefined ? await withObjectId(by) : by;
    const { objectId, tenant } = presser;
    const ours = await ownTenant('').catch(() => null);
    // Graph knows the accounts of our tenant only. While it does not answer, the issuer's word counts.
    if (!objectId || !ours || ours.toLowerCase() !== tenant?.toLowerCase()) return { presser };
    const known = await standing(objectId).catch(() => null);
    if (known && (!known.principal || known.principal.enabled === false))
      return { refused: t`Your account is deactivated.` };
    if (known?.principal?.guest)
      return { refused: t`Guests cannot use Runwatch. Ask a member of the organization.` };
    return { presser };
  }

  /**
   * Adds the Entra object id of the verified email, if Microsoft Graph is available: one person may have
   * several addresses.
   */
  async function withObjectId(presser: Presser): Promise<Presser> {
    if (presser.email === undefined) return presser;
    const objectId = await azure.directory.userIdOf(presser.email).catch(() => null);
    if (!objectId) return presser;
    const tenant = await ownTenant('').catch(() => null);
    return { ...presser, objectId, ...(tenant ? { tenant } : {}) };
  }

  /**
   * A chat resolves its own groups. Entra groups are in a recent claim of the person who signed in, else Graph
   * resolves them, by object id or verified email.
   */
  const inGroup: InGroup = async (group, presser) => {
    const [kind = '', id = ''] = group.split(':');
    const chat = kind.replace(/-group$/, '');
    if (chat !== 'entra') {
      const own = surfaceOf(chat);
      const user = await userOn(own, presser);
      return (user && (await own?.inGroup?.(id, user))) ?? false;
    }
    const claimed = isSignedIn(presser) ? await claimedGroups(presser) : null;
    if (claimed) return claimed.has(id.toLowerCase());
    const who = presser.objectId ?? presser.email;
    if (!who) return false;
    return azure.directory.isMember(who, id).catch((error) => {
      log.warn({ error, group }, 'could not check group membership; treating the person as not a member');
      return false;
    });
  };

  const chatUser = memoize<Presser | null>(
    standingMs,
    1000,
    async (question) => {
      const { chat, presser } = JSON.parse(question) as { chat: string; presser: Presser };
      return (await surfaceOf(chat)?.userOf?.(presser)) ?? null;
    },
    now,
  );

  /** The presser as a user of a surface: themselves, or whom they are there if they signed in to the console. */
  async function userOn(own: ConnectedSurface | undefined, presser: Presser): Promise<Presser | null> {
    const chat = own?.surface.name;
    if (chat === undefined || presser.surface === chat) return chat === undefined ? null : presser;
    if (!isSignedIn(presser)) return null;
    return chatUser(JSON.stringify({ chat, presser })).catch((error) => {
      log.warn({ error, chat }, 'could not look up a signed-in person in a chat');
      return null;
    });
  }

  async function isInAlertChannel(presser: Presser): Promise<boolean> {
    for (const own of surfaces) {
      const user = await userOn(own, presser);
      if (user && (await own.isInAlertChannel(user))) return true;
    }
    return false;
  }

  const isInChannelRecently = memoize(
    60_000,
    1000,
    (presser) => isInAlertChannel(JSON.parse(presser) as Presser),
    now,
  );

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
        // The console asks at each request, a chat only at a press.
        isInAlertChannel: (one) =>
          isSignedIn(one) ? isInChannelRecently(JSON.stringify(one)) : isInAlertChannel(one),
      }),
    /** An Entra user by object id, with the display name if Microsoft Graph is available. */
    describeEntraUser: async (surface: string, objectId: string): Promise<Presser> => {
      const principal = await azure.directory.principal(objectId).catch(() => null);
      return { surface, id: objectId, name: principal?.name ?? objectId };
    },
  };
}

export type People = ReturnType<typeof createPeople>;
