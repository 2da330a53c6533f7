import {
  Activity,
  ActivityTypes,
  type ChannelAccount,
  type ConversationReference,
} from '@microsoft/agents-activity';
import type { CloudAdapter, ConnectorClient, TurnContext } from '@microsoft/agents-hosting';
import type { Surface } from '../surface';
import { SurfaceError } from '../surface';
import { toQuestionCard } from './card';

/** A conversation's reference as we keep it; `direct` when we began it with one person. */
export type Direct = Partial<ConversationReference> & { direct?: boolean };

/** Somebody in a conversation: Teams' user id, and the name that they sign in with where Teams tells it. */
export interface Member {
  id: string;
  email: string | null;
}

type TeamsAccount = ChannelAccount & { email?: string; userPrincipalName?: string };

export interface TeamsPeopleDeps {
  adapter: CloudAdapter;
  memory: {
    conversations: () => Promise<Record<string, string>>;
    addConversation: (id: string, reference: string) => Promise<unknown>;
  };
  inConversation: <T>(conversation: string, work: (context: TurnContext) => Promise<T>) => Promise<T>;
  everyConversation: () => Promise<string[]>;
}

/** Finds people among the members of conversations that the app is in, and talks to them alone. */
export function createTeamsPeople({
  adapter,
  memory,
  inConversation,
  everyConversation,
}: TeamsPeopleDeps): Pick<Surface, 'ask' | 'personOf'> & {
  /** Says something to one person in a chat of their own; nothing where they can't be found. */
  say: (who: string, text: string) => Promise<void>;
  /** A conversation's member, by Teams' user id, e-mail address or object id; null where there is none. */
  memberIn: (conversation: string, who: string) => Promise<Member | null>;
} {
  const memberOf = (place: string, who: string): Promise<ChannelAccount | null> =>
    inConversation<ChannelAccount | null>(place, async (context) => {
      const connector = context.turnState.get<ConnectorClient>(adapter.ConnectorClientKey);
      return connector.getConversationMember(who, place);
    }).catch((error: unknown) => {
      if (error instanceof SurfaceError && error.kind === 'gone') return null;
      throw error;
    });

  async function memberIn(conversation: string, who: string): Promise<Member | null> {
    const found = (await memberOf(conversation, who)) as TeamsAccount | null;
    if (!found?.id) return null;
    return { id: found.id, email: found.userPrincipalName ?? found.email ?? null };
  }

  async function say(who: string, text: string): Promise<void> {
    const found = await member(who);
    if (found) await inConversation(await chatWith(found), (context) => context.sendActivity(text));
  }

  /** A member of any conversation that the app is in, by e-mail address or object id, and the reference that reached them. */
  async function member(who: string): Promise<{ account: ChannelAccount; reference: Direct } | null> {
    const known = await memory.conversations();
    for (const place of await everyConversation()) {
      const account = await memberOf(place, who);
      if (account) return { account, reference: JSON.parse(known[place] ?? '{}') as Direct };
    }
    return null;
  }

  /** Begins a chat with one person, or finds the one that was begun; answers its id. */
  async function chatWith({
    account,
    reference,
  }: NonNullable<Awaited<ReturnType<typeof member>>>): Promise<string> {
    const [place = ''] = await everyConversation();
    const { id } = await inConversation(place, (context) => {
      const connector = context.turnState.get<ConnectorClient>(adapter.ConnectorClientKey);
      return connector.createConversation({
        isGroup: false,
        agent: reference.agent as ChannelAccount,
        members: [account],
        tenantId: reference.conversation?.tenantId ?? '',
        channelData: { tenant: { id: reference.conversation?.tenantId ?? '' } },
      } as Parameters<ConnectorClient['createConversation']>[0]);
    });
    const { activityId: _, ...rest } = reference;
    const own = { ...rest, user: account, conversation: { id, isGroup: false }, direct: true };
    await memory.addConversation(id, JSON.stringify(own));
    return id;
  }

  /** The same question as in Slack, in a chat of their own. */
  async function ask(
    email: string,
    alertId: string,
    words: string,
  ): Promise<{ id: string; name: string } | null> {
    const found = await member(email);
    if (!found) return null;
    const chat = await chatWith(found);
    await inConversation(chat, (context) =>
      context.sendActivity(toCardActivity(toQuestionCard(words, alertId))),
    );
    const { aadObjectId, id, name } = found.account as ChannelAccount & { aadObjectId?: string };
    return { id: aadObjectId ?? id ?? '', name: name ?? email };
  }

  /** Whoever has the address; their id is that of the chat with them. */
  async function personOf(email: string): Promise<{ id: string; name: string } | null> {
    const found = await member(email);
    return found && { id: await chatWith(found), name: found.account.name ?? email };
  }

  return { ask, personOf, say, memberIn };
}

/** An Adaptive Card as a message. @param summary one line for notifications */
export const toCardActivity = (card: unknown, summary?: string): Activity =>
  Activity.fromObject({
    type: ActivityTypes.Message,
    ...(summary ? { summary } : {}),
    attachments: [{ contentType: 'application/vnd.microsoft.card.adaptive', content: card }],
  });
