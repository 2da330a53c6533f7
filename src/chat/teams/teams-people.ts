import { Activity, ActivityTypes, type ChannelAccount } from '@microsoft/agents-activity';
import type { CloudAdapter, ConnectorClient, TurnContext } from '@microsoft/agents-hosting';
import { redactSecrets } from '../../domain/text/redactor';
import type { Surface } from '../surface';
import { SurfaceError } from '../surface';
import { toQuestionCard } from './notice-cards';
import type { Place, Places } from './places';

/** A member of a conversation. */
export interface Member {
  /** Teams user id. */
  id: string;
  /** The sign-in name, verified by Entra; null if Teams does not provide it. */
  upn: string | null;
  /** True if they are a guest, anonymous, or from another tenant. */
  guest: boolean;
}

type TeamsAccount = ChannelAccount & { userPrincipalName?: string; userRole?: string; tenantId?: string };

export interface TeamsPeopleDeps {
  adapter: CloudAdapter;
  tenantId: string;
  places: Pick<Places, 'get' | 'alertPlaces' | 'saveDirectChat'>;
  inConversation: <T>(conversation: string, work: (context: TurnContext) => Promise<T>) => Promise<T>;
}

/** Finds people in the conversations of the app, and sends them direct messages. */
export function createTeamsPeople({ adapter, tenantId, places, inConversation }: TeamsPeopleDeps): Pick<
  Surface,
  'ask' | 'personOf'
> & {
  /** Sends a direct message to one person. Does nothing if the person is not found. */
  sendDirect: (who: string, text: string) => Promise<void>;
  /** A conversation's member by Teams user id, email or object id; null if there is none. */
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

  async function sendDirect(who: string, text: string): Promise<void> {
    const found = await member(who);
    if (found) await inConversation(await chatWith(found), (context) => context.sendActivity(text));
  }

  /** Finds a member of any alert conversation by email or object id, and the conversation it was found in. */
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

  /** Starts a direct chat or finds the existing one, and returns its id. */
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
    await places.saveDirectChat(id, {
      ...rest,
      user: account,
      conversation: { id, isGroup: false } as Place['conversation'],
    });
    return id;
  }

  /** Asks the same question as in Slack, in a direct chat. */
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

  /** The person with this email; the id is that of the direct chat with them. */
  async function personOf(email: string): Promise<{ id: string; name: string } | null> {
    const found = await member(email);
    return found && { id: await chatWith(found), name: found.account.name ?? email };
  }

  return { ask, personOf, sendDirect, memberIn };
}

/** Wraps an Adaptive Card in a message and redacts secrets. @param summary one line for notifications */
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
