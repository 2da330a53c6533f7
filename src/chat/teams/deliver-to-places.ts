import { createHash } from 'node:crypto';
import type { Activity } from '@microsoft/agents-activity';
import pLimit from 'p-limit';
import type { Log } from '../../runtime/log';
import type { SurfaceState } from '../define-surface';
import { type Content, type Ref, SurfaceError } from '../surface';
import type { Place } from './places';
import type { TeamsSearch } from './search';

/** Represents all conversations that receive alerts. */
export const everywhere = '*';

export interface DeliverToPlacesDeps {
  state: Pick<SurfaceState, 'posted' | 'notePosted'>;
  places: {
    get: (conversation: string) => Promise<Place>;
    takingAlerts: () => Promise<string[]>;
    dropConversation: (conversation: string) => Promise<unknown>;
  };
  activityIn: (place: string, content: Content) => Promise<Activity>;
  /** Sends a new activity and returns its id. @param below the message to reply to */
  send: (place: string, activity: Activity, below: string | undefined) => Promise<string>;
  update: (place: string, id: string, activity: Activity) => Promise<void>;
  /** Null if Microsoft Graph is unavailable. */
  search: TeamsSearch | null;
  log: Log;
  now: () => number;
}

/** A content's state in one conversation: its activity and digest, or when an unconfirmed post was tried. */
type PostState = { id: string; shown: string } | { triedAt: number } | null;

/**
 * Shows one content in several conversations. Conversations are independent: a failure in one does not affect
 * the others. The content counts as shown only if at least one conversation has it.
 */
export function createDeliverToPlaces(deps: DeliverToPlacesDeps) {
  const { state, places, activityIn, send, update, search, log, now } = deps;
  const limitSends = pLimit(5);
  /** Notes that Redis could not store yet (e.g. it was full), kept for retries in this process. */
  const unsavedNotes = new Map<string, string>();

  async function read(contentId: string, place: string): Promise<PostState> {
    const noted = unsavedNotes.get(`${place} ${contentId}`) ?? (await state.posted(contentId, place));
    if (!noted) return null;
    const [first = '', second = ''] = noted.split(' ');
    return first === '?' ? { triedAt: Number(second) } : { id: first, shown: second };
  }

  async function note(contentId: string, place: string, noted: string): Promise<void> {
    const key = `${place} ${contentId}`;
    unsavedNotes.set(key, noted);
    await state.notePosted(contentId, place, noted);
    unsavedNotes.delete(key);
  }

  /** Updates one conversation and returns the activity's id. */
  async function showIn(place: string, content: Content): Promise<string> {
    const contentId = idOf(content);
    const activity = await activityIn(place, content);
    const shown = digestOf(activity);
    const below = content.kind === 'thread' ? messageIn(place, content.parent) : undefined;
    let known = await read(contentId, place);
    if (known && 'triedAt' in known) {
      const found = search
        ? await search(await places.get(place), contentId, known.triedAt, below ?? null)
        : null;
      known = found ? { id: found, shown: '' } : null;
    }
    if (known) {
      if (known.shown === shown) return known.id;
      try {
        await update(place, known.id, activity);
        await note(contentId, place, `${known.id} ${shown}`);
        return known.id;
      } catch (error) {
        if (!(error instanceof SurfaceError) || error.kind !== 'gone') throw error;
      }
    }
    await note(contentId, place, `? ${now()}`);
    try {
      const id = await send(place, activity, below);
      if (!id) throw new SurfaceError('Teams returned no id for the message', 'unknown');
      await note(contentId, place, `${id} ${shown}`);
      return id;
    } catch (error) {
      const taken = !(error instanceof SurfaceError) || error.kind === 'unknown';
      if (!taken) await note(contentId, place, '');
      throw error;
    }
  }

  async function placesOf(channel: string): Promise<string[]> {
    if (channel !== everywhere) return [channel];
    const all = await places.takingAlerts();
    if (all.length === 0)
      throw new SurfaceError(
        'no Teams conversation receives alerts yet: a responder has to send "alerts here" to Runwatch in a channel',
        'throttled',
        15_000,
      );
    return all;
  }

  /**
   * Shows the content in all its conversations.
   * @throws {SurfaceError} if some conversation failed; `ref` holds the location in the others
   */
  async function show(content: Content, channel: string): Promise<Ref> {
    const wanted = await placesOf(channel);
    const failures: SurfaceError[] = [];
    const sent: string[] = [];
    await Promise.all(
      wanted.map((place) =>
        limitSends(async () => {
          try {
            sent.push(`${place} ${await showIn(place, content)}`);
          } catch (error) {
            const failure =
              error instanceof SurfaceError ? error : new SurfaceError(String(error), 'unknown');
            if (failure.kind === 'gone' && channel === everywhere && content.kind !== 'thread')
              await dropPlace(place, failure);
            else failures.push(failure);
          }
        }),
      ),
    );
    const ref = sent.length > 0 ? { channel, message: sent.sort().join('\n') } : undefined;
    const [worst] = failures.sort((a, b) => severity[b.kind] - severity[a.kind]);
    if (worst) throw new SurfaceError(worst.message, worst.kind, worst.retryAfterMs, ref);
    if (ref) return ref;
    throw new SurfaceError('no Teams conversation receives alerts any more', 'throttled', 15_000);
  }

  /** Stops alerts to a conversation that no longer exists. A responder can choose another. */
  async function dropPlace(place: string, failure: SurfaceError): Promise<void> {
    log.error(
      { place, error: failure },
      'a Teams conversation no longer exists; alerts are no longer sent there',
    );
    await places.dropConversation(place);
  }

  /** Finds a content in our notes, or with Microsoft Graph since a time (ms). Null if absent. */
  async function find(id: string, since: number, channel: string, parent: Ref | null): Promise<Ref | null> {
    const wanted = channel === everywhere ? await places.takingAlerts() : [channel];
    const sent: string[] = [];
    for (const place of wanted) {
      const known = await read(id, place);
      let found = known && 'id' in known ? known.id : null;
      if (!found && search) {
        const below = parent ? (messageIn(place, parent) ?? null) : null;
        found = await search(await places.get(place), id, since, below);
        if (found) await note(id, place, `${found} `);
      }
      if (found) sent.push(`${place} ${found}`);
    }
    return sent.length > 0 ? { channel, message: sent.sort().join('\n') } : null;
  }

  return { show, find };
}

/** Of several failures, the highest decides how delivery retries. */
const severity = { gone: 0, throttled: 1, refused: 2, unknown: 3 } as const;

const idOf = (content: Content): string => (content.kind === 'alert' ? content.model.alertId : content.id);

export const messageIn = (place: string, { message }: Ref): string | undefined =>
  message
    .split('\n')
    .map((line) => line.split(' '))
    .find(([where]) => where === place)?.[1];

const digestOf = (activity: Activity): string =>
  createHash('sha256').update(JSON.stringify(activity)).digest('hex').slice(0, 16);
