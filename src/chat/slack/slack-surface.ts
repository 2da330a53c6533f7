import type { KnownBlock, WebClient } from '@slack/web-api';
import { t } from '../../domain/text/translate';
import type { MessageModel } from '../message';
import type { Content, NoticeAction, Ref, Surface } from '../surface';
import { SurfaceError } from '../surface';
import { joinLines, section, toBlocks } from './blocks';
import { escapeMrkdwn } from './mrkdwn';
import { plain } from './plain-object';
import { toSurfaceError } from './slack-errors';
import type { SlackPeople } from './slack-people';
import type { SlackConfig } from './slack-settings';
import { toThreadBlocks } from './thread-blocks';
import { ownerOf } from './workspaces';

export const eventType = 'runwatch_alert';
export const noticeType = 'runwatch_notice';
export const threadType = 'runwatch_thread';

/**
 * Posts to Slack. Each message has metadata, so it can be found if the answer to a post is lost.
 * @param people verifies recipients found by email; if null, no message goes to an email address
 */
export function createSlackSurface(
  client: WebClient,
  { channel, rate }: Pick<SlackConfig, 'channel' | 'rate'>,
  people: Pick<SlackPeople, 'identify'> | null = null,
): Surface {
  async function post(content: Content, channel: string): Promise<Ref> {
    const answer = await call(
      () => client.chat.postMessage({ channel, ...payload(content), ...quiet }),
      () => client.chat.postMessage({ channel, ...fallback(content), ...quiet }),
    );
    if (!answer.ts) throw new SurfaceError('Slack answered without a timestamp', 'unknown');
    return { channel: answer.channel ?? channel, message: answer.ts };
  }

  async function update(ref: Ref, content: Content): Promise<Ref> {
    await call(
      () => client.chat.update({ channel: ref.channel, ts: ref.message, ...payload(content) }),
      () => client.chat.update({ channel: ref.channel, ts: ref.message, ...fallback(content) }),
    );
    return ref;
  }

  async function find(id: string, since: number, channel: string, parent: Ref | null): Promise<Ref | null> {
    const oldest = String(since / 1000 - 120);
    let cursor: string | undefined;
    try {
      do {
        const ask = {
          channel,
          oldest,
          include_all_metadata: true,
          limit: 200,
          ...(cursor ? { cursor } : {}),
        };
        const page = parent
          ? await client.conversations.replies({ ...ask, ts: parent.message })
          : await client.conversations.history(ask);
        for (const message of page.messages ?? []) {
          const payload = message.metadata?.event_payload as Record<string, unknown> | undefined;
          if (payload && [payload.alert_id, payload.notice_id, payload.thread_id].includes(id))
            return { channel, message: message.ts ?? '' };
        }
        cursor = page.response_metadata?.next_cursor || undefined;
      } while (cursor);
      return null;
    } catch (error) {
      throw toSurfaceError(error);
    }
  }

  /** In a channel as an ephemeral message; for a press on a home page, as a direct message. */
  async function replyPrivately(to: { channel: string; user: string }, text: string): Promise<void> {
    if (ownerOf(to.channel))
      return void (await call(() =>
        client.chat.postMessage({ channel: to.user, text: escapeMrkdwn(text), ...quiet }),
      ));
    await call(() =>
      client.chat.postEphemeral({ channel: to.channel, user: to.user, text: escapeMrkdwn(text) }),
    );
  }

  async function ask(
    email: string,
    alertId: string,
    text: string,
  ): Promise<{ id: string; name: string } | null> {
    const person = await personOf(email);
    if (!person) return null;
    const button = (answer: string, label: string) => ({
      type: 'button' as const,
      action_id: `caller_${answer}`,
      value: alertId,
      text: plain(label),
    });
    const elements = [
      button('yes', t`Yes, I did`),
      button('no', t`No`),
      button('automation', t`It was automation`),
    ];
    await call(() =>
      client.chat.postMessage({
        channel: person.id,
        text: escapeMrkdwn(text),
        blocks: [
          { type: 'section', text: { type: 'mrkdwn', text: escapeMrkdwn(text), verbatim: true } },
          {
            type: 'input',
            block_id: 'note',
            optional: true,
            label: plain(t`Add a comment`),
            element: { type: 'plain_text_input', action_id: 'note', max_length: 500 },
          },
          { type: 'actions', elements },
        ],
        ...quiet,
      }),
    );
    return person;
  }

  async function createChatChannel(
    name: string,
    topic: string,
    people: readonly string[],
    contents: readonly Content[],
  ): Promise<string> {
    const id = (await createChannel(name)) ?? (await findChannel(name));
    if (!id) throw new SurfaceError(`the channel ${name} already exists, but cannot be found`, 'refused');
    await call(() => client.conversations.setTopic({ channel: id, topic: topic.slice(0, 250) }));
    for (const user of people)
      await client.conversations.invite({ channel: id, users: user }).catch((error: unknown) => {
        if (!/already_in_channel|cant_invite_self/.test(toSurfaceError(error).message)) throw error;
      });
    let top: Ref | null = null;
    for (const content of contents) {
      const placed: Content = content.kind === 'thread' && top ? { ...content, parent: top } : content;
      const parent = placed.kind === 'thread' ? placed.parent : null;
      const contentId = placed.kind === 'alert' ? placed.model.alertId : placed.id;
      const known = await find(contentId, Date.now() - channelSearchMs, id, parent);
      const ref: Ref = known ?? (await post(placed, id));
      top ??= ref;
    }
    return `https://slack.com/app_redirect?channel=${id}`;
  }

  async function createChannel(name: string): Promise<string | null> {
    try {
      return (await client.conversations.create({ name })).channel?.id ?? null;
    } catch (error) {
      const failure = toSurfaceError(error);
      if (failure.message.includes('name_taken')) return null;
      throw failure;
    }
  }

  async function findChannel(name: string): Promise<string | null> {
    for await (const page of client.paginate('conversations.list', { limit: 1000, exclude_archived: true })) {
      const { channels } = page as { channels?: { id?: string; name?: string }[] };
      const found = channels?.find((channel) => channel.name === name);
      if (found?.id) return found.id;
    }
    return null;
  }

  async function personOf(email: string): Promise<{ id: string; name: string } | null> {
    try {
      const { user } = await client.users.lookupByEmail({ email });
      if (!user?.id || !people) return null;
      const known = await people.identify(user.id, undefined);
      if ('refused' in known || known.presser.email?.toLowerCase() !== email.toLowerCase()) return null;
      return { id: user.id, name: known.presser.name };
    } catch (error) {
      const failure = toSurfaceError(error);
      if (failure.kind === 'refused' && failure.message.includes('users_not_found')) return null;
      throw failure;
    }
  }

  return {
    ask,
    personOf,
    createChatChannel,
    name: 'slack',
    directMessages: true,
    channel,
    intervalMs: 1000 / rate,
    post,
    update,
    find,
    replyPrivately,
  };
}

/** How far back a channel is searched for messages already posted, ms. */
const channelSearchMs = 30 * 86_400_000;

/** Disables link previews, and prevents names in the text from becoming mentions. */
const quiet = { unfurl_links: false, unfurl_media: false, link_names: false, parse: 'none' as const };

function payload(content: Content) {
  if (content.kind === 'thread') {
    return {
      text: content.parts.map((part) => escapeMrkdwn(part.heading)).join(' · '),
      blocks: toThreadBlocks(content.parts),
      thread_ts: content.parent.message,
      metadata: { event_type: threadType, event_payload: { thread_id: content.id } },
    };
  }
  if (content.kind === 'notice') {
    const text = `${content.mention ? `<!subteam^${content.mention}> ` : ''}${escapeMrkdwn(content.text)}`;
    return {
      text,
      ...(content.actions ? { blocks: noticeBlocks(text, content.actions) } : {}),
      metadata: { event_type: noticeType, event_payload: { notice_id: content.id } },
    };
  }
  return {
    text: escapeMrkdwn(content.model.summary),
    blocks: forJsonOnly(toBlocks(content.model)),
    metadata: metadataOf(content.model),
  };
}

/** Hides blocks from all but JSON.stringify: the client would traverse them twice for an unused debug log. */
const forJsonOnly = (blocks: KnownBlock[]) =>
  Object.defineProperty({}, 'toJSON', { value: () => blocks }) as unknown as KnownBlock[];

/** For a Slack that rejects the blocks: a plain text alert is better than none, and a thread does without a table. */
function fallback(content: Content) {
  if (content.kind === 'notice') return payload(content);
  if (content.kind === 'thread')
    return { ...payload(content), blocks: toThreadBlocks(content.parts, { tables: false }) };
  return { text: escapeMrkdwn(content.model.summary), blocks: [], metadata: metadataOf(content.model) };
}

function noticeBlocks(text: string, actions: readonly NoticeAction[]): KnownBlock[] {
  const elements = actions.map(({ id, label, value, choices }) =>
    choices
      ? {
          type: 'static_select' as const,
          action_id: id,
          placeholder: plain(label),
          options: choices.map((choice) => ({ value: choice.value, text: plain(choice.label) })),
        }
      : { type: 'button' as const, action_id: id, value, text: plain(label) },
  );
  return [
    ...joinLines(text.split('\n')).slice(0, 40).map(section),
    ...(elements.length > 0 ? [{ type: 'actions' as const, elements }] : []),
  ];
}

const metadataOf = (model: MessageModel) => ({
  event_type: eventType,
  event_payload: { alert_id: model.alertId },
});

async function call<T>(send: () => Promise<T>, instead?: () => Promise<T>): Promise<T> {
  try {
    return await send();
  } catch (error) {
    const failure = toSurfaceError(error);
    if (
      instead &&
      failure.kind === 'refused' &&
      /invalid_blocks|msg_too_long|msg_blocks_too_long/.test(failure.message)
    )
      return call(instead);
    throw failure;
  }
}
