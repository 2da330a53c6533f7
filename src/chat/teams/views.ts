import type { ResponderRule } from '../../config/config';
import type { CardView } from './card';
import type { Member } from './teams-people';

/** Teams asks for the views of this many people by itself. */
const mostNamed = 60;
const lookAgainMs = 3_600_000;

/**
 * The people whom the rules name, by e-mail address or object id; null when they name everyone, a group or a pattern, so
 * that nobody can say beforehand who is meant.
 */
export function namedResponders(rules: readonly ResponderRule[]): string[] | null {
  const all = [...new Set(rules.flatMap(({ who }) => who))];
  const listed = all.every((who) => !who.includes('*') && !/^(slack|entra)-group:/.test(who));
  return listed && all.length > 0 && all.length <= mostNamed ? all : null;
}

export interface ViewDeps {
  rules: readonly ResponderRule[];
  memberIn: (conversation: string, who: string) => Promise<Member | null>;
  /** Where a conversation is served from. */
  serviceOf: (conversation: string) => Promise<string>;
  now: () => number;
}

/**
 * How a card looks to whom: where the responders are people that can be named, everyone sees how the alert stands, and
 * each responder their own view with what to press. Pressing is checked in any case.
 */
export function createViews({ rules, memberIn, serviceOf, now }: ViewDeps) {
  const named = namedResponders(rules);
  const known = new Map<string, { ids: Promise<string[]>; until: number }>();

  function responderIds(conversation: string): Promise<string[]> {
    const found = known.get(conversation);
    if (found && found.until > now()) return found.ids;
    const ids = Promise.all((named ?? []).map((who) => memberIn(conversation, who))).then((all) =>
      all.flatMap((member) => (member ? [member.id] : [])),
    );
    known.set(conversation, { ids, until: now() + lookAgainMs });
    ids.catch(() => known.delete(conversation));
    return ids;
  }

  /** @param person Teams' user id; absent for the card as it is posted */
  async function of(conversation: string, person?: string): Promise<CardView> {
    if (await isPlayground(conversation)) return {};
    if (!named) return { dialogs: true };
    const refreshFor = await responderIds(conversation).catch((): string[] => []);
    if (refreshFor.length === 0) return { dialogs: true };
    return { dialogs: true, refreshFor, stateOnly: !(person && refreshFor.includes(person)) };
  }

  /** Microsoft's Playground has neither dialogs nor views of one's own. */
  const isPlayground = async (conversation: string) => /\/_connector\/?$/.test(await serviceOf(conversation));

  return { of };
}
export type Views = ReturnType<typeof createViews>;
