import type { WebClient } from '@slack/web-api';
import type { Presser } from '../../alerts/alert';

/** Names, e-mail addresses and groups change seldom. */
const keptMs = 5 * 60_000;

/** Who a Slack user is, by users.info (scope users:read.email) and usergroups.users.list (usergroups:read). */
export function createSlackPeople(client: WebClient) {
  const known = new Map<string, { at: number; value: Promise<unknown> }>();
  function kept<T>(key: string, ask: () => Promise<T>): Promise<T> {
    const entry = known.get(key);
    if (entry && Date.now() - entry.at < keptMs) return entry.value as Promise<T>;
    const value = ask();
    known.set(key, { at: Date.now(), value });
    value.catch(() => known.delete(key));
    return value;
  }

  async function presser(id: string, name?: string): Promise<Presser> {
    const fallback: Presser = { surface: 'slack', id, name: name || id };
    try {
      const { user } = await kept(`user ${id}`, () => client.users.info({ user: id }));
      const email = user?.profile?.email;
      return {
        ...fallback,
        name: user?.real_name || user?.profile?.real_name || user?.name || fallback.name,
        ...(email ? { email } : {}),
      };
    } catch {
      return fallback;
    }
  }

  async function inGroup(groupId: string, userId: string): Promise<boolean> {
    const { users } = await kept(`group ${groupId}`, () =>
      client.usergroups.users.list({ usergroup: groupId }),
    );
    return users?.includes(userId) ?? false;
  }

  return { presser, inGroup };
}
export type SlackPeople = ReturnType<typeof createSlackPeople>;
