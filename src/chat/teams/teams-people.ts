import { Activity, ActivityTypes, type ChannelAccount } from '@microsoft/agents-activity';
import type { CloudAdapter, ConnectorClient, TurnContext } from '@microsoft/agents-hosting';
import { redactSecrets } from '../../domain/text/redactor';
import type { Surface } from '../surface';
import { SurfaceError } from '../surface';
import { toQuestionCard } from './card';
import type { Place, Places } from './places';

/** Somebody in a conversation. */
export interface Member {
  /** Teams' user id. */
  id: string;
  /** The name that they sign in with, which Entra vouches for; null where Teams does not tell it. */
  upn: string | null;
  /** They belong to another tenant. */
  guest: boolean;
}

type TeamsAccount = ChannelAccount & { userPrincipalName?: string; userRole?: string; tenantId?: string };

export interface TeamsPeopleDeps {
  adapter: CloudAdapter;
  tenantId: string;
  places: Pick<Places, 'get' | 'alertPlaces' | 'rememberDirect'>;
  inConversation: <T>(conversation: string, work: (context: TurnContext) => Promise<T>) => Promise<T>;
}

/** Finds people among the members of conversations that the app is in, and talks to them alone. */
export function createTeamsPeople({ adapter, tenantId, places, inConversation }: TeamsPeopleDeps): Pick<
  Surface,
  'ask' | 'personOf'
> & {
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
    const upn = found.userPrincipalName ?? null;
    const foreign =
      tenantId !== '' &&
      found.tenantId !== undefined &&
      found.tenantId.toLowerCase() !== tenantId.toLowerCase();
    const guest = foreign || /^(guest|anonymous)$/i.test(found.userRole ?? '') || /#EXT#/i.test(upn ?? '');
    return { id: found.id, upn, guest };
  }

  async function say(who: string, text: string): Promise<void> {
    const found = await member(who);
    if (found) await inConversation(await chatWith(found), (context) => context.sendActivity(text));
  }

  /** A member of any conversation that alerts go to, by e-mail address or object id, and the place that reached them. */
  async function member(
    who: string,
  ): Promise<{ account: ChannelAccount; conversation: string; reference: Place } | null> {
    for (const conversation of await places.alertPlaces()) {
      const account = await memberOf(conversation, who).catch((error: unknown) => {
        if (error instanceof SurfaceError && error.kind === 'refused') return null;
        throw error;
      });
      if (account) return { account, conversation, reference: await places.get(conversation) };
    }
    return null;
  }

  /** Begins a chat with one person, or finds the one that was begun; answers its id. */
  async function chatWith({
    account,
    conversation,
    reference,
  }: NonNullable<Awaited<ReturnType<typeof member>>>): Promise<string> {
    const { id } = await inConversation(conversation, (context) => {
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
    await places.rememberDirect(id, {
      ...rest,
      user: account,
      conversation: { id, isGroup: false } as Place['conversation'],
    });
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

/** An Adaptive Card as a message, without any secret of ours. @param summary one line for notifications */
export const toCardActivity = (card: unknown, summary?: string): Activity =>
  Activity.fromObject({
    type: ActivityTypes.Message,
    ...(summary ? { summary: redactSecrets(summary) } : {}),
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: JSON.parse(redactSecrets(JSON.stringify(card))),
      },
    ],
  });
