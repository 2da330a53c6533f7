import type { WebClient } from '@slack/web-api';
import type { LRUCache } from 'lru-cache';
import type { Presser } from '../../domain/people/person';
import { t } from '../../domain/text/translate';
import { cached, createCache } from '../../runtime/memoize';
import type { Identified } from '../surface-press';

/** Names, groups and memberships are cached for one minute, so that people who leave lose access soon, ms. */
const cacheMs = 60_000;
/** Limit of pages, with 1,000 members each. */
const maxMemberPages = 50;

interface SlackUser {
  name?: string;
  real_name?: string;
  team_id?: string;
  deleted?: boolean;
  is_bot?: boolean;
  is_restricted?: boolean;
  is_ultra_restricted?: boolean;
  is_stranger?: boolean;
  is_email_confirmed?: boolean;
  enterprise_user?: { teams?: string[] };
  profile?: { email?: string; real_name?: string };
}

/**
 * Looks up Slack users with users.info (scopes users:read, users:read.email), usergroups.users.list
 * (usergroups:read) and conversations.members (channels:read, groups:read).
 * @param otherTeams ids of the other configured workspaces
 */
export function createSlackPeople(client: WebClient, otherTeams: readonly string[] = []) {
  const answers = createCache<Promise<unknown>>(cacheMs, 5000);
  const kept = <T>(key: string, ask: () => Promise<T>): Promise<T> =>
    cached(answers as LRUCache<string, Promise<T>>, key, ask);

  const userOf = (id: string): Promise<SlackUser> =>
    kept(`user ${id}`, async () => ((await client.users.info({ user: id })).user ?? {}) as SlackUser);
  const ownTeam = (): Promise<string> =>
    kept('team', async () => String((await client.auth.test()).team_id ?? ''));

  /** A user's name, for display only. Not for access decisions. */
  async function describe(id: string): Promise<Presser> {
    const user = await userOf(id).catch((): SlackUser => ({}));
    return presserOf(id, undefined, user);
  }

  /**
   * Identifies a user who must be a full member of one of our workspaces. Includes the email only if Slack
   * reports it as confirmed.
   * @param team workspace of the request, according to Slack
   * @throws if Slack does not answer
   */
  async function identify(id: string, team: string | undefined): Promise<Identified> {
    let user: SlackUser;
    try {
      user = await userOf(id);
    } catch (error) {
      if (isRefused(error)) return { refused: t`Slack could not identify you, so nothing was done.` };
      throw error;
    }
    const ours = new Set([await ownTeam(), ...otherTeams].filter(Boolean));
    const theirs = [user.team_id ?? team, ...(user.enterprise_user?.teams ?? [])];
    if (user.is_stranger || !theirs.some((one) => one && ours.has(one)))
      return { refused: t`You belong to another Slack workspace, so you cannot use Runwatch here.` };
    if (user.deleted) return { refused: t`Your Slack account is deactivated.` };
    if (user.is_bot || id === 'USLACKBOT') return { refused: t`Bots cannot use Runwatch.` };
    if (user.is_restricted || user.is_ultra_restricted)
      return { refused: t`Guests cannot use Runwatch. Ask a full member of the workspace.` };
    return { presser: presserOf(id, team, user) };
  }

  async function inGroup(groupId: string, userId: string): Promise<boolean> {
    const { users } = await kept(`group ${groupId}`, () =>
      client.usergroups.users.list({ usergroup: groupId }),
    );
    return users?.includes(userId) ?? false;
  }

  /** All members of a channel. */
  const membersOf = (channel: string): Promise<Set<string>> =>
    kept(`members ${channel}`, async () => {
      const members = new Set<string>();
      let cursor: string | undefined;
      for (let page = 0; page < maxMemberPages; page++) {
        const answer = await client.conversations.members({
          channel,
          limit: 1000,
          ...(cursor ? { cursor } : {}),
        });
        for (const member of answer.members ?? []) members.add(member);
        cursor = answer.response_metadata?.next_cursor || undefined;
        if (!cursor) break;
      }
      return members;
    });

  return {
    describe,
    identify,
    inGroup,
    /** @throws if the scopes channels:read and groups:read are missing */
    isIn: async (channel: string, userId: string) => (await membersOf(channel)).has(userId),
  };
}
export type SlackPeople = ReturnType<typeof createSlackPeople>;

const presserOf = (id: string, team: string | undefined, user: SlackUser): Presser => ({
  surface: 'slack',
  id,
  name: user.real_name || user.profile?.real_name || user.name || id,
  ...(user.is_email_confirmed === true && user.profile?.email ? { email: user.profile.email } : {}),
  ...(team ? { team } : {}),
});

/** True if Slack rejected the request. Other errors may be transient. */
const isRefused = (error: unknown): boolean => {
  const said = (error as { data?: { error?: string } }).data?.error;
  return (
    said !== undefined &&
    !/^(ratelimited|rate_limited|internal_error|fatal_error|request_timeout)$/.test(said)
  );
};
