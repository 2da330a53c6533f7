import { SurfaceError } from '../surface';
import type { Place } from './places';

/**
 * The fields of a chatMessage that show whether the bot sent it.
 * @see https://learn.microsoft.com/graph/api/resources/chatmessage
 */
interface ChatMessage {
  id: string;
  createdDateTime: string;
  from?: { application?: { id?: string } | null } | null;
  attachments?: { content?: string | null }[];
}

export interface SearchDeps {
  /** URL of Microsoft Graph. */
  endpoint: string;
  /** Token of the Teams app. Installing the app in a team grants it ChannelMessage.Read.Group there. */
  token: () => Promise<string>;
  appId: string;
}

/** Limit of pages; Graph returns at most 50 messages per page. */
const maxPages = 5;
/** Tolerated difference between Teams' clock and ours, ms. */
const skewMs = 60_000;

/**
 * Finds a card of ours among a conversation's messages since a time (ms), by the content id on its buttons.
 * The message's id is also the activity's id.
 * @see https://learn.microsoft.com/graph/api/channel-list-messages
 * @throws {SurfaceError} refused, if the team or chat has not granted permission
 */
export function createTeamsSearch({ endpoint, token, appId }: SearchDeps) {
  return async (
    place: Place,
    contentId: string,
    since: number,
    parent: string | null,
  ): Promise<string | null> => {
    let next: string | undefined = `${endpoint}/v1.0${pathOf(place, parent)}?$top=50`;
    for (let page = 0; next && page < maxPages; page++) {
      const { value, '@odata.nextLink': link }: Page = await ask(next, await token());
      const ours = value.find(
        ({ createdDateTime, from, attachments = [] }) =>
          Date.parse(createdDateTime) >= since - skewMs &&
          from?.application?.id === appId &&
          attachments.some(({ content }) => content?.includes(JSON.stringify(contentId))),
      );
      if (ours) return ours.id;
      const older = value.every(({ createdDateTime }) => Date.parse(createdDateTime) < since - skewMs);
      next = !older && link?.startsWith(`${endpoint}/`) ? link : undefined;
    }
    return null;
  };
}
export type TeamsSearch = ReturnType<typeof createTeamsSearch>;

interface Page {
  value: ChatMessage[];
  '@odata.nextLink'?: string;
}

function pathOf({ conversation, team }: Place, parent: string | null): string {
  const id = encodeURIComponent((conversation?.id ?? '').split(';')[0] ?? '');
  if (!team) return `/chats/${id}/messages`;
  const messages = `/teams/${encodeURIComponent(team)}/channels/${id}/messages`;
  return parent ? `${messages}/${encodeURIComponent(parent)}/replies` : messages;
}

async function ask(url: string, token: string): Promise<Page> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, accept: 'application/json' },
    signal: AbortSignal.timeout(10_000),
  }).catch((error: Error) => {
    throw new SurfaceError(`Microsoft Graph: ${error.message}`, 'unknown');
  });
  if (response.ok) return (await response.json()) as Page;
  const retryAfterMs = Number(response.headers.get('retry-after') ?? 5) * 1000;
  if (response.status === 429)
    throw new SurfaceError('Microsoft Graph rate limit reached', 'throttled', retryAfterMs);
  throw new SurfaceError(
    `Microsoft Graph answered ${response.status} for a team's messages; grant the app ChannelMessage.Read.Group and ChatMessage.Read.Chat (\`runwatch manifest teams\`)`,
    response.status >= 500 ? 'unknown' : 'refused',
  );
}
