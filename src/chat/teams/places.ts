import type { Activity, ConversationReference } from '@microsoft/agents-activity';
import type { SurfaceState } from '../define-surface';
import { SurfaceError } from '../surface';
import { isTeamsAddress } from './authenticate';
import type { TeamsConfig } from './teams-settings';

/** A conversation as stored. */
export type Place = ConversationReference & {
  /** The Entra group of a channel's team, needed to read the channel's messages. */
  team?: string;
  /** True for a chat that the bot started with one person. */
  direct?: boolean;
  /** Whether a responder chose it for alerts. Absent before 0.2, when every conversation received alerts. */
  alerts?: boolean;
};

/** Limit of stored conversations, because anyone in the tenant can start one. */
const maxConversations = 10_000;

/** The conversation without the thread: a thread's id is the channel's id followed by ";messageid=…". */
export const rootOf = (conversation: string): string => conversation.split(';')[0] ?? conversation;

/** Manages the conversations of the app, and which of them receive alerts. */
export function createPlaces(config: TeamsConfig, routed: readonly string[], state: SurfaceState) {
  async function all(): Promise<[string, Place][]> {
    return Object.entries(await state.conversations()).map(([id, text]) => [id, JSON.parse(text) as Place]);
  }

  const known = async (conversation: string): Promise<Place | null> => {
    const text = (await state.conversations())[conversation];
    return text ? (JSON.parse(text) as Place) : null;
  };

  /**
   * Returns a stored conversation.
   * @throws {SurfaceError} refused, if the app is not in it, or its address is not a Teams address: no other
   * address may receive our token
   */
  async function get(conversation: string): Promise<Place> {
    const place = await known(conversation);
    if (!place) throw new SurfaceError(`the app is not installed in ${conversation}`, 'refused');
    if (!isTeamsAddress(place.serviceUrl, config.local ? 'local' : config.cloud))
      throw new SurfaceError(`the stored address of ${conversation} is not a Teams address`, 'refused');
    return place;
  }

  /** Stores the conversation of an activity. Keeps its choice about alerts. */
  async function saveConversation(activity: Activity): Promise<void> {
    const conversation = rootOf(activity.conversation?.id ?? '');
    const before = await known(conversation);
    if (before?.direct) return;
    if (!before && Object.keys(await state.conversations()).length >= maxConversations) return;
    const { team: reportedTeam } = (activity.channelData ?? {}) as { team?: { aadGroupId?: string } };
    const team = reportedTeam?.aadGroupId ?? before?.team;
    const reference = activity.getConversationReference();
    const place = {
      ...reference,
      conversation: { ...reference.conversation, id: conversation },
      ...(team ? { team } : {}),
      alerts: before ? before.alerts : false,
    };
    await state.addConversation(conversation, JSON.stringify(place));
  }

  /** Stores a chat that the bot started with one person. */
  const saveDirectChat = (id: string, place: Partial<Place>) =>
    state.addConversation(id, JSON.stringify({ ...place, direct: true }));

  async function choose(conversation: string, alerts: boolean): Promise<void> {
    const place = await get(conversation);
    await state.addConversation(conversation, JSON.stringify({ ...place, alerts }));
  }

  /** Direct chats never receive alerts. In the Playground, all other conversations do. */
  const takesAlerts = (place: Place): boolean => {
    if (place.direct) return false;
    if (config.local) return true;
    return place.conversation?.conversationType !== 'personal' && place.alerts !== false;
  };

  const takingAlerts = async (): Promise<string[]> =>
    (await all()).filter(([, place]) => takesAlerts(place)).map(([id]) => id);

  return {
    all,
    get,
    saveConversation,
    saveDirectChat,
    choose,
    dropConversation: state.dropConversation,
    /** Conversations that receive alerts without a route. */
    takingAlerts,
    /** All conversations that may receive an alert. */
    alertPlaces: async (): Promise<string[]> => {
      const chosen = config.channel ? [config.channel] : await takingAlerts();
      return [...new Set([...chosen, ...routed])];
    },
  };
}
export type Places = ReturnType<typeof createPlaces>;
