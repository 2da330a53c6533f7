import { Activity, ActivityTypes } from '@microsoft/agents-activity';
import { CloudAdapter, INVOKE_RESPONSE_KEY, type TurnContext } from '@microsoft/agents-hosting';
import express, { type Request, type Response, Router } from 'express';
import type { Alert } from '../../alerts/alert';
import { plainLine } from '../../alerts/plain-text';
import type { ResponderRule, TeamsConfig } from '../../config';
import type { Log } from '../../log';
import type { SurfacePress } from '../press';
import type { Content, Ref, Surface } from '../surface';
import { SurfaceError } from '../surface';
import { type CardView, escapeMarkdown, toCard, toNoticeCard, toThreadCard } from './card';
import { createInvokes } from './invokes';
import { createTeamsPeople, type Direct, toCardActivity } from './people';
import type { Place, TeamsSearch } from './search';
import { createViews } from './views';

/** Where the app was installed, and what was posted where: kept so that every process knows. */
export interface TeamsMemory {
  conversations: () => Promise<Record<string, string>>;
  addConversation: (id: string, reference: string) => Promise<unknown>;
  dropConversation: (id: string) => Promise<unknown>;
  posted: (contentId: string, conversation: string) => Promise<string | null>;
  notePosted: (contentId: string, conversation: string, activityId: string) => Promise<unknown>;
}

export interface TeamsDeps {
  config: TeamsConfig;
  log: Log;
  memory: TeamsMemory;
  press: (press: SurfacePress) => Promise<string>;
  answerTo: (pressId: string) => Promise<string | null>;
  command: (text: string) => Promise<string>;
  getAlert: (id: string) => Promise<Alert | null>;
  /** Who may press what. */
  rules: readonly ResponderRule[];
  /** Null where Microsoft Graph can't be asked: the Playground has none. */
  search: TeamsSearch | null;
  now: () => number;
}

/** Bot Framework by @microsoft/agents-hosting: it checks each request's token (signature, issuer, audience, expiry, serviceUrl). */
export function createTeams({
  config,
  log,
  memory,
  press,
  answerTo,
  command,
  getAlert,
  rules,
  search,
  now,
}: TeamsDeps): {
  surface: Surface;
  router: Router;
} {
  const adapter = new CloudAdapter(
    config.local
      ? {}
      : { clientId: config.appId, clientSecret: config.appPassword, tenantId: config.tenantId },
  );

  // Its own handler posts "The agent encountered an error or bug" and takes what failed for sent.
  adapter.onTurnError = async (_, error) => {
    throw error;
  };

  /** The Playground's requests carry no token, so answers need no identity either. */
  const identity = config.local ? { name: 'anonymous' } : config.appId;

  async function onTurn(context: TurnContext): Promise<void> {
    const { activity } = context;
    const conversation = activity.conversation?.id;
    if (conversation) {
      const gone = activity.type === 'installationUpdate' && activity.action === 'remove';
      if (gone) await memory.dropConversation(conversation);
      else if (!(await isDirect(conversation))) await rememberPlace(conversation, activity);
    }
    if (activity.type === ActivityTypes.Invoke) {
      const value = { status: 200, body: await answerInvoke(activity) };
      context.turnState.set(
        INVOKE_RESPONSE_KEY,
        Activity.fromObject({ type: ActivityTypes.InvokeResponse, value }),
      );
      return;
    }
    if (activity.type !== ActivityTypes.Message) return;
    const words = (activity.removeRecipientMention?.() || activity.text || '')
      .trim()
      .replace(/^\/?runwatch\s*/i, '');
    if (words) await context.sendActivity(escapeMarkdown(await command(words)).replace(/\n/g, '\n\n'));
  }

  /** A channel's messages are read by its team's Entra group, which not every activity names. */
  async function rememberPlace(conversation: string, activity: Activity): Promise<void> {
    const known = JSON.parse((await memory.conversations())[conversation] ?? '{}') as Place;
    const { team: told } = (activity.channelData ?? {}) as { team?: { aadGroupId?: string } };
    const team = told?.aadGroupId ?? known.team;
    const place = { ...activity.getConversationReference(), ...(team ? { team } : {}) };
    await memory.addConversation(conversation, JSON.stringify(place));
  }

  const placeOf = async (conversation: string): Promise<Place> => {
    const reference = (await memory.conversations())[conversation];
    if (!reference) throw new SurfaceError(`the app is not installed in ${conversation}`, 'refused');
    return JSON.parse(reference) as Place;
  };

  /** @param below a channel's message: what is sent is a reply to it */
  async function inConversation<T>(
    conversation: string,
    work: (context: TurnContext) => Promise<T>,
    below?: string,
  ): Promise<T> {
    const reference = await placeOf(conversation);
    if (below && reference.conversation?.conversationType === 'channel')
      reference.conversation.id = `${conversation};messageid=${below}`;
    let result: T | undefined;
    try {
      await adapter.continueConversation(identity, reference, async (context) => {
        result = await work(context);
      });
    } catch (error) {
      throw toSurfaceError(error);
    }
    return result as T;
  }

  /** A chat that we began with one person stays theirs, whatever they say in it. */
  const isDirect = async (conversation: string): Promise<boolean> =>
    (JSON.parse((await memory.conversations())[conversation] ?? '{}') as Direct).direct === true;

  /** Where the app was installed; chats that we began with one person are none of these. */
  async function everyConversation(): Promise<string[]> {
    const all = Object.entries(await memory.conversations());
    return all.filter(([, reference]) => !(JSON.parse(reference) as Direct).direct).map(([id]) => id);
  }

  const { ask, personOf, say, memberIn } = createTeamsPeople({
    adapter,
    memory,
    inConversation,
    everyConversation,
  });
  const views = createViews({
    rules,
    memberIn,
    serviceOf: async (conversation) => {
      const reference = (await memory.conversations())[conversation] ?? '{}';
      return (JSON.parse(reference) as Direct).serviceUrl ?? '';
    },
    now,
  });
  const answerInvoke = createInvokes({
    press,
    answerTo,
    getAlert,
    responders: rules.length > 0,
    views,
    memberIn,
    tell: (person, text) => say(person.id, escapeMarkdown(text)),
    now,
  });

  const activityIn = async (place: string, content: Content) =>
    toActivity(content, content.kind === 'alert' ? await views.of(place) : {});

  /** What Redis would not take yet, when it is full: another try in this process knows of it. */
  const unnoted = new Map<string, string>();
  const postedIn = async (place: string, contentId: string): Promise<string | null> =>
    unnoted.get(`${place} ${contentId}`) ?? memory.posted(contentId, place);
  async function notePosted(place: string, contentId: string, activityId: string): Promise<void> {
    const key = `${place} ${contentId}`;
    unnoted.set(key, activityId);
    await memory.notePosted(contentId, place, activityId);
    unnoted.delete(key);
  }

  /** One message a conversation; those that took it already are not sent it again. */
  async function post(content: Content, channel: string): Promise<Ref> {
    const places = channel === everywhere ? await everyConversation() : [channel];
    if (places.length === 0)
      throw new SurfaceError('the Teams app is not installed in any conversation yet', 'throttled', 15_000);
    const sent: string[] = [];
    for (const place of places) {
      const known = await postedIn(place, idOf(content));
      const id =
        known ??
        (
          await inConversation(
            place,
            async (context) => context.sendActivity(await activityIn(place, content)),
            content.kind === 'thread' ? messageIn(place, content.parent) : undefined,
          )
        )?.id;
      if (!id) throw new SurfaceError('Teams gave no id for what it took', 'unknown');
      if (!known) await notePosted(place, idOf(content), id);
      sent.push(`${place} ${id}`);
    }
    return { channel, message: sent.join('\n') };
  }

  async function update(ref: Ref, content: Content): Promise<void> {
    for (const line of ref.message.split('\n')) {
      const [place = '', id = ''] = line.split(' ');
      const activity = await activityIn(place, content);
      activity.id = id;
      await inConversation(place, (context) => context.updateActivity(activity));
    }
  }

  /** What was noted is known; what was not is looked for where Microsoft Graph lets us, noted, and else sent again. */
  async function find(id: string, since: number, channel: string, parent: Ref | null): Promise<Ref | null> {
    const places = channel === everywhere ? await everyConversation() : [channel];
    const sent: string[] = [];
    for (const place of places) {
      let activity = await postedIn(place, id);
      if (!activity && search) {
        const below = parent ? (messageIn(place, parent) ?? null) : null;
        activity = await search(await placeOf(place), id, since, below);
        if (activity) await notePosted(place, id, activity);
      }
      if (activity) sent.push(`${place} ${activity}`);
    }
    return places.length > 0 && sent.length === places.length ? { channel, message: sent.join('\n') } : null;
  }

  const router = Router();
  router.post('/api/messages', express.json({ limit: '256kb' }), (request: Request, response: Response) => {
    const go = async () => {
      await adapter.authorizeRequest(request, response, (error?: unknown) => {
        if (error) return;
        adapter.process(request, response, onTurn).catch((fault) => {
          log.warn({ error: fault }, 'a Teams turn failed');
          if (!response.headersSent) response.status(500).end();
        });
      });
    };
    go().catch((error) => {
      log.warn({ error }, 'a Teams request was refused');
      if (!response.headersSent) response.status(401).end();
    });
  });

  const surface: Surface = {
    name: 'teams',
    channel: config.channel ?? everywhere,
    intervalMs: 500,
    post,
    update,
    find,
    ask,
    personOf,
    whisper: async () => {},
  };
  return { surface, router };
}

/** Stands for every conversation that the app was installed in. */
const everywhere = '*';

const messageIn = (place: string, { message }: Ref): string | undefined =>
  message
    .split('\n')
    .map((line) => line.split(' '))
    .find(([where]) => where === place)?.[1];

const idOf = (content: Content): string => (content.kind === 'alert' ? content.model.alertId : content.id);

function toActivity(content: Content, view: CardView): Activity {
  switch (content.kind) {
    case 'alert':
      return toCardActivity(toCard(content.model, view), content.model.summary);
    case 'thread':
      return toCardActivity(toThreadCard(content.id, content.parts));
    case 'notice':
      return toCardActivity(
        toNoticeCard(content.id, content.text, content.actions ?? []),
        plainLine(content.text, 120),
      );
  }
}

function toSurfaceError(error: unknown): SurfaceError {
  if (error instanceof SurfaceError) return error;
  const e = (error ?? {}) as {
    status?: number;
    statusCode?: number;
    message?: string;
    headers?: { 'retry-after'?: string };
  };
  const status = e.status ?? e.statusCode ?? 0;
  if (status === 429)
    return new SurfaceError(
      'Teams asks to wait',
      'throttled',
      Number(e.headers?.['retry-after'] ?? 2) * 1000,
    );
  if (status === 404) return new SurfaceError('the message is gone', 'gone');
  if (status >= 400 && status < 500) return new SurfaceError(`Teams: ${e.message ?? status}`, 'refused');
  return new SurfaceError(`Teams: ${e.message ?? String(error)}`, 'unknown');
}
