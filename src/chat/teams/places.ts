import type { Activity, ConversationReference } from '@microsoft/agents-activity';
import type { TeamsConfig } from '../../config/config';
import { SurfaceError } from '../surface';
import { isTeamsAddress } from './authenticate';

/** Where the app was installed, and what was posted where: kept so that every process knows. */
export interface TeamsMemory {
  conversations: () => Promise<Record<string, string>>;
  addConversation: (id: string, reference: string) => Promise<unknown>;
  dropConversation: (id: string) => Promise<unknown>;
  posted: (contentId: string, conversation: string) => Promise<string | null>;
  notePosted: (contentId: string, conversation: string, noted: string) => Promise<unknown>;
}

/** A conversation as it is kept. */
export type Place = ConversationReference & {
  /** The Entra group of a channel's team: its messages are read by it. */
  team?: string;
  /** We began it with one person. */
  direct?: boolean;
  /** A responder chose it for alerts, or took the choice back; versions before 0.2 gave alerts to every place. */
  alerts?: boolean;
};

/** The most conversations that are kept: anybody in the tenant can open one. */
const most = 10_000;

/** A thread's id is its channel's with the message behind it. */
export const rootOf = (conversation: string): string => conversation.split(';')[0] ?? conversation;

/** The conversations that the app is in, and which of them take alerts. */
export function createPlaces(config: TeamsConfig, routed: readonly string[], memory: TeamsMemory) {
  async function all(): Promise<[string, Place][]> {
    return Object.entries(await memory.conversations()).map(([id, text]) => [id, JSON.parse(text) as Place]);
  }

  const known = async (conversation: string): Promise<Place | null> => {
    const text = (await memory.conversations())[conversation];
    return text ? (JSON.parse(text) as Place) : null;
  };

  /**
   * Where to send to a conversation.
   * @throws {SurfaceError} refused where the app is not in it, or its address is none of Teams': our token never goes there
   */
  async function get(conversation: string): Promise<Place> {
    const place = await known(conversation);
    if (!place) throw new SurfaceError(`the app is not installed in ${conversation}`, 'refused');
    if (!isTeamsAddress(place.serviceUrl, config.local ? 'local' : config.cloud))
      throw new SurfaceError(`${conversation} is kept with an address that is not Teams'`, 'refused');
    return place;
  }

  /** Keeps a conversation that Teams told of; what was chosen for it stays. */
  async function remember(activity: Activity): Promise<void> {
    const conversation = rootOf(activity.conversation?.id ?? '');
    const before = await known(conversation);
    if (before?.direct) return;
    if (!before && Object.keys(await memory.conversations()).length >= most) return;
    const { team: told } = (activity.channelData ?? {}) as { team?: { aadGroupId?: string } };
    const team = told?.aadGroupId ?? before?.team;
    const reference = activity.getConversationReference();
    const place = {
      ...reference,
      conversation: { ...reference.conversation, id: conversation },
      ...(team ? { team } : {}),
      alerts: before ? before.alerts : false,
    };
    await memory.addConversation(conversation, JSON.stringify(place));
  }

  /** A chat that we began with one person. */
  const rememberDirect = (id: string, place: Partial<Place>) =>
    memory.addConversation(id, JSON.stringify({ ...place, direct: true }));

  async function choose(conversation: string, alerts: boolean): Promise<void> {
    const place = await get(conversation);
    await memory.addConversation(conversation, JSON.stringify({ ...place, alerts }));
  }

  /** A person's own chat never takes alerts; the Playground's conversations all do. */
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
    remember,
    rememberDirect,
    choose,
    forget: memory.dropConversation,
    /** Where alerts go when no route says otherwise. */
    takingAlerts,
    /** Every conversation that some alert may go to. */
    alertPlaces: async (): Promise<string[]> => {
      const chosen = config.channel ? [config.channel] : await takingAlerts();
      return [...new Set([...chosen, ...routed])];
    },
  };
}
export type Places = ReturnType<typeof createPlaces>;
