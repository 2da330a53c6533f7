import { Activity, ActivityTypes } from '@microsoft/agents-activity';
import {
  CloudAdapter,
  INVOKE_RESPONSE_KEY,
  OutboundHostValidator,
  type TurnContext,
} from '@microsoft/agents-hosting';
import type { Presser } from '../../domain/people/person';
import { guid } from '../../domain/text/guid';
import { plainLine } from '../../domain/text/plain-text';
import { redactSecrets } from '../../domain/text/redactor';
import { phrase, t, translate } from '../../domain/text/translate';
import type { SurfaceContext } from '../define-surface';
import type { Surface } from '../surface';
import { SurfaceError } from '../surface';
import type { Identified } from '../surface-press';
import { teamsClouds, whyNotFromTeams } from './authenticate';
import { toActivity } from './content-activity';
import { createDeliverToPlaces, everywhere } from './deliver-to-places';
import { toHomeCard } from './home-card';
import { createInvokes } from './invokes';
import { escapeMarkdown } from './markdown';
import { createPlaces, rootOf } from './places';
import { createReceiver } from './receive';
import type { TeamsSearch } from './search';
import { toSurfaceError } from './teams-errors';
import { createTeamsPeople, toCardActivity } from './teams-people';
import type { TeamsConfig } from './teams-settings';
import { createViews } from './views';

export interface TeamsDeps
  extends Pick<
    SurfaceContext,
    | 'routed'
    | 'log'
    | 'state'
    | 'press'
    | 'answerTo'
    | 'command'
    | 'home'
    | 'mayRead'
    | 'mayChoosePlaces'
    | 'placeChosen'
    | 'cannotRead'
    | 'getView'
    | 'missingPermissions'
    | 'linkTo'
    | 'sla'
    | 'rules'
    | 'now'
  > {
  config: TeamsConfig;
  /** Null if Microsoft Graph is unavailable, as in the Playground. */
  search: TeamsSearch | null;
}

/**
 * Connects to Teams with @microsoft/agents-hosting, which verifies each request's signature, audience and
 * expiry. {@link whyNotFromTeams} checks the rest before the request is processed.
 */
export function createTeams({
  config,
  routed,
  log,
  state,
  press,
  answerTo,
  command,
  home,
  mayRead,
  mayChoosePlaces,
  placeChosen,
  cannotRead,
  getView,
  missingPermissions,
  linkTo,
  sla,
  rules,
  search,
  now,
}: TeamsDeps) {
  const cloud = teamsClouds[config.cloud];
  const adapter = new CloudAdapter(
    config.local
      ? {}
      : {
          clientId: config.appId,
          clientSecret: config.appPassword,
          tenantId: config.tenantId,
          authorityEndpoint: cloud.authority,
          issuers: [cloud.issuer],
          validateIssuer: true,
        },
    undefined,
    undefined,
    { validateServiceUrl: true },
    config.local
      ? undefined
      : new OutboundHostValidator({
          enabled: true,
          includeDefaultMicrosoftHosts: false,
          hosts: [...cloud.hosts],
        }),
  );

  // The default handler posts "The agent encountered an error or bug" and treats the failed message as sent.
  adapter.onTurnError = async (_, error) => {
    throw error;
  };

  /** The Playground's requests have no token, so replies need no identity either. */
  const identity = config.local ? { name: 'anonymous' } : { aud: config.appId, azp: cloud.scope };
  const places = createPlaces(config, routed, state);

  async function onTurn(context: TurnContext): Promise<void> {
    const { activity } = context;
    const conversation = rootOf(activity.conversation?.id ?? '');
    if (conversation) {
      const gone = activity.type === 'installationUpdate' && activity.action === 'remove';
      if (gone) await places.dropConversation(conversation);
      else await places.saveConversation(activity);
    }
    if (activity.type === ActivityTypes.Invoke) {
      const body = await answerInvoke(activity);
      const value = { status: 200, body: JSON.parse(redactSecrets(JSON.stringify(body ?? null))) };
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
    if (/^home$/i.test(words)) return answerHome(context);
    if (words)
      await context.sendActivity(
        escapeMarkdown(redactSecrets(await answerMessage(activity, words))).replace(/\n/g, '\n\n'),
      );
  }

  /** Answers "home" in a personal chat, as others in a channel have no use for it. */
  async function answerHome(context: TurnContext): Promise<void> {
    const { activity } = context;
    const who = await readerOf(activity);
    const place = rootOf(activity.conversation?.id ?? '');
    if ('refused' in who) await context.sendActivity(escapeMarkdown(who.refused));
    else if (activity.conversation?.conversationType !== 'personal')
      await context.sendActivity(t`Send this command to Runwatch in a personal chat.`);
    else {
      const card = toHomeCard(await home(who.presser), await views.of(place, activity.from?.id ?? ''));
      await context.sendActivity(toCardActivity(card));
    }
  }

  /** Answers a message: "alerts here", "alerts stop", or a command. */
  async function answerMessage(activity: Activity, words: string): Promise<string> {
    const who = await readerOf(activity);
    if ('refused' in who) return who.refused;
    const [, choice] = /^alerts\s+(here|stop)$/i.exec(words) ?? [];
    if (!choice) return `${await command(words)}${/^help$/i.test(words) ? `\n${translate(placesHelp)}` : ''}`;
    if (!(await mayChoosePlaces(who.presser)))
      return t`Only a responder with all rights in all subscriptions can choose where alerts go.`;
    if (activity.conversation?.conversationType === 'personal')
      return t`Alerts go only to channels and group chats. Send this command in one of them.`;
    const on = choice.toLowerCase() === 'here';
    const place = rootOf(activity.conversation?.id ?? '');
    await placeChosen(who.presser, place, on);
    await places.choose(place, on);
    return on ? t`Alerts will be posted here from now on.` : t`Alerts will no longer be posted here.`;
  }

  /** @param below message in a channel to reply to */
  async function inConversation<T>(
    conversation: string,
    work: (context: TurnContext) => Promise<T>,
    below?: string,
  ): Promise<T> {
    const reference = await places.get(conversation);
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

  const { ask, personOf, sendDirect, memberIn } = createTeamsPeople({
    adapter,
    tenantId: config.tenantId,
    places,
    inConversation,
  });

  /** Identifies a person who must belong to our tenant and to the conversation of the press. */
  async function identify(by: Presser, conversation: string | null): Promise<Identified> {
    const member = conversation
      ? await memberIn(conversation, by.id).catch((error: unknown) => {
          if (config.local || (error instanceof SurfaceError && error.kind === 'refused')) return null;
          throw error;
        })
      : null;
    const presser: Presser = {
      ...by,
      objectId: by.id,
      ...(member?.upn ? { email: member.upn } : {}),
      ...(config.local ? {} : { tenant: config.tenantId }),
    };
    if (config.local) return { presser };
    if (!guid(by.id) || !member) return { refused: t`Teams could not identify you, so nothing was done.` };
    if (member.guest) return { refused: t`Guests cannot use Runwatch. Ask a member of the organization.` };
    return { presser };
  }

  async function isInAlertChannel(by: Presser): Promise<boolean> {
    if (config.local) return true;
    for (const place of await places.alertPlaces()) {
      const member = await memberIn(place, by.id).catch(() => null);
      if (member && !member.guest) return true;
    }
    return false;
  }

  async function readerOf({ from, conversation }: Activity): Promise<Identified> {
    const by: Presser = {
      surface: 'teams',
      id: from?.aadObjectId ?? from?.id ?? 'unknown',
      name: plainLine(from?.name ?? t`unknown Teams user`, 80),
    };
    const known = await identify(by, rootOf(conversation?.id ?? ''));
    if ('refused' in known) return known;
    return (await mayRead(known.presser)) ? known : { refused: translate(cannotRead) };
  }

  const views = createViews({
    rules,
    memberIn,
    serviceOf: async (conversation) => (await places.get(conversation)).serviceUrl ?? '',
    now,
  });
  const answerInvoke = createInvokes({
    press,
    answerTo,
    getView,
    missingPermissions,
    responders: rules.length > 0,
    linkTo,
    sla,
    views,
    readerOf,
    tell: (person, text) => sendDirect(person.id, escapeMarkdown(redactSecrets(text))),
    now,
  });
  const { show, find } = createDeliverToPlaces({
    state,
    places,
    log,
    search,
    now,
    activityIn: async (place, content) =>
      toActivity(content, content.kind === 'alert' ? await views.of(place) : {}),
    send: async (place, activity, below) =>
      (await inConversation(place, (context) => context.sendActivity(activity), below))?.id ?? '',
    update: async (place, id, activity) => {
      activity.id = id;
      await inConversation(place, (context) => context.updateActivity(activity));
    },
  });

  const router = createReceiver({ config, adapter, onTurn, log });

  const surface: Surface = {
    name: 'teams',
    channel: config.channel ?? everywhere,
    intervalMs: 500,
    post: show,
    update: (ref, content) => show(content, ref.channel),
    find,
    ask,
    personOf,
    replyPrivately: async () => {},
  };
  return { surface, router, identify, isInAlertChannel };
}

const placesHelp = phrase(
  'home: your alerts, unassigned alerts, exceptions to review and what is in force (in a personal chat)\nalerts here: post alerts in this conversation\nalerts stop: stop posting alerts here (both for responders)',
);
