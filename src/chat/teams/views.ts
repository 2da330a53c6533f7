import type { ResponderRule } from '../../config/config';
import { memoize } from '../../runtime/memoize';
import type { CardView } from './card';
import type { Member } from './teams-people';

/** Teams refreshes cards automatically for at most this many people. */
const maxNamed = 60;
const refreshMs = 3_600_000;

/**
 * The people named in the rules, by email or object id. Null if the rules use everyone, a group or a pattern,
 * because these cannot be listed in advance, or if there are too many people.
 */
export function namedResponders(rules: readonly ResponderRule[]): string[] | null {
  const all = [...new Set(rules.flatMap(({ who }) => who))];
  const listed = all.every((who) => !who.includes('*') && !/^(slack|entra)-group:/.test(who));
  return listed && all.length > 0 && all.length <= maxNamed ? all : null;
}

export interface ViewDeps {
  rules: readonly ResponderRule[];
  memberIn: (conversation: string, who: string) => Promise<Member | null>;
  /** The service URL of a conversation. */
  serviceOf: (conversation: string) => Promise<string>;
  now: () => number;
}

/**
 * Decides how a card looks to each person. If all responders are named people, only they see buttons, in
 * their own view; everyone else sees the alert's state. Each press is authorized in any case.
 */
export function createViews({ rules, memberIn, serviceOf, now }: ViewDeps) {
  const named = namedResponders(rules);
  const responderIds = memoize(
    refreshMs,
    10_000,
    async (conversation) => {
      const members = await Promise.all((named ?? []).map((who) => memberIn(conversation, who)));
      return members.flatMap((member) => (member ? [member.id] : []));
    },
    now,
  );

  /** @param person Teams user id; absent for the card as posted */
  async function of(conversation: string, person?: string): Promise<CardView> {
    if (await isPlayground(conversation)) return {};
    if (!named) return { dialogs: true };
    const refreshFor = await responderIds(conversation).catch((): string[] => []);
    if (refreshFor.length === 0) return { dialogs: true };
    return { dialogs: true, refreshFor, stateOnly: !(person && refreshFor.includes(person)) };
  }

  /** Microsoft's Playground supports neither dialogs nor views per person. */
  const isPlayground = async (conversation: string) => /\/_connector\/?$/.test(await serviceOf(conversation));

  return { of };
}
export type Views = ReturnType<typeof createViews>;
