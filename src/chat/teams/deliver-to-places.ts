import { createHash } from 'node:crypto';
import type { Activity } from '@microsoft/agents-activity';
import { atMost } from '../../runtime/at-most';
import type { Log } from '../../runtime/log';
import { type Content, type Ref, SurfaceError } from '../surface';
import type { Place, TeamsMemory } from './places';
import type { TeamsSearch } from './search';

/** Stands for every conversation that takes alerts. */
export const everywhere = '*';

export interface DeliverToPlacesDeps {
  memory: Pick<TeamsMemory, 'posted' | 'notePosted'>;
  places: {
    get: (conversation: string) => Promise<Place>;
    takingAlerts: () => Promise<string[]>;
    forget: (conversation: string) => Promise<unknown>;
  };
  activityIn: (place: string, content: Content) => Promise<Activity>;
  /** Sends a new activity; answers its id. @param below the message that it is a reply to */
  send: (place: string, activity: Activity, below: string | undefined) => Promise<string>;
  update: (place: string, id: string, activity: Activity) => Promise<void>;
  /** Null where Microsoft Graph can't be asked. */
  search: TeamsSearch | null;
  log: Log;
  now: () => number;
}

/** What is known of one content in one conversation: the activity and what it shows, or since when its fate is unknown. */
type Noted = { id: string; shown: string } | { triedAt: number } | null;

/**
 * Shows one content in several conversations. Each stands for itself: what one takes or refuses changes nothing for the
 * others, and what stands nowhere is not told as shown.
 */
export function createDeliverToPlaces(deps: DeliverToPlacesDeps) {
  const { memory, places, activityIn, send, update, search, log, now } = deps;
  const fewAtOnce = atMost(5);
  /** What Redis would not take yet, when it is full: another try in this process knows of it. */
  const unnoted = new Map<string, string>();

  async function read(contentId: string, place: string): Promise<Noted> {
    const noted = unnoted.get(`${place} ${contentId}`) ?? (await memory.posted(contentId, place));
    if (!noted) return null;
    const [first = '', second = ''] = noted.split(' ');
    return first === '?' ? { triedAt: Number(second) } : { id: first, shown: second };
  }

  async function note(contentId: string, place: string, noted: string): Promise<void> {
    const key = `${place} ${contentId}`;
    unnoted.set(key, noted);
    await memory.notePosted(contentId, place, noted);
    unnoted.delete(key);
  }

  /** Brings one conversation up to date; answers the activity's id. */
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
      if (!id) throw new SurfaceError('Teams gave no id for what it took', 'unknown');
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
        'no Teams conversation takes alerts yet: a responder says "alerts here" to Runwatch in a channel',
        'throttled',
        15_000,
      );
    return all;
  }

  /**
   * Shows it wherever it belongs.
   * @throws {SurfaceError} with a `ref` to where it stands, when some conversation failed
   */
  async function show(content: Content, channel: string): Promise<Ref> {
    const wanted = await placesOf(channel);
    const failures: SurfaceError[] = [];
    const sent: string[] = [];
    await Promise.all(
      wanted.map((place) =>
        fewAtOnce(async () => {
          try {
            sent.push(`${place} ${await showIn(place, content)}`);
          } catch (error) {
            const failure =
              error instanceof SurfaceError ? error : new SurfaceError(String(error), 'unknown');
            if (failure.kind === 'gone' && channel === everywhere && content.kind !== 'thread')
              await leave(place, failure);
            else failures.push(failure);
          }
        }),
      ),
    );
    const ref = sent.length > 0 ? { channel, message: sent.sort().join('\n') } : undefined;
    const [worst] = failures.sort((a, b) => severity[b.kind] - severity[a.kind]);
    if (worst) throw new SurfaceError(worst.message, worst.kind, worst.retryAfterMs, ref);
    if (ref) return ref;
    throw new SurfaceError('no Teams conversation is left that takes alerts', 'throttled', 15_000);
  }

  /** A conversation that Teams no longer knows takes no more alerts; a responder can choose another. */
  async function leave(place: string, failure: SurfaceError): Promise<void> {
    log.error({ place, error: failure }, 'a Teams conversation is gone: alerts no longer go there');
    await places.forget(place);
  }

  /** Where it stands: what is noted, and what Microsoft Graph finds that was posted since (ms); null where nowhere. */
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

/** The failure that decides when to come back: what may have been taken is looked for soonest. */
const severity = { gone: 0, throttled: 1, refused: 2, unknown: 3 } as const;

const idOf = (content: Content): string => (content.kind === 'alert' ? content.model.alertId : content.id);

export const messageIn = (place: string, { message }: Ref): string | undefined =>
  message
    .split('\n')
    .map((line) => line.split(' '))
    .find(([where]) => where === place)?.[1];

const digestOf = (activity: Activity): string =>
  createHash('sha256').update(JSON.stringify(activity)).digest('hex').slice(0, 16);
