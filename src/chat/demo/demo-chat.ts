import { randomUUID } from 'node:crypto';
import type { Presser } from '../../domain/people/person';
import { Html } from '../console/html';
import { defineSurface, type SurfaceContext } from '../define-surface';
import { toBlocks } from '../slack/blocks';
import { escapeMrkdwn } from '../slack/mrkdwn';
import { renderMessage, type ShownMessage } from '../slack/render-html';
import { toThreadBlocks } from '../slack/thread-blocks';
import { type Content, type Ref, type Surface, SurfaceError } from '../surface';

export const name = 'demo';
export const channel = 'soc-alerts';
/** Older messages are dropped. */
const maxMessages = 50;
/** Messages of the channel that are shown at once. */
const shownMessages = 6;
/** How long a simulated person takes to answer a question, ms. */
const answerMs = 5000;

/** Somebody in the chat. `login` is the email address. */
export interface ChatMember {
  id: string;
  name: string;
  login: string | null;
}

interface Posted {
  content: Content;
  at: number;
  /** Id of the message that this one is below. */
  parent: string | null;
}

/** A chat that shows what Slack would show, so that the demo needs no account. The people of the tenant are in it. */
export function createDemoChat(people: readonly ChatMember[]) {
  const messages = new Map<string, Posted>();
  let connected: SurfaceContext | null = null;

  const post: Surface['post'] = async (content) => {
    const message = randomUUID();
    messages.set(message, {
      content,
      at: Date.now(),
      parent: content.kind === 'thread' ? content.parent.message : null,
    });
    for (const oldest of [...messages.keys()].slice(0, Math.max(0, messages.size - maxMessages)))
      messages.delete(oldest);
    return { channel, message };
  };

  async function update(ref: Ref, content: Content): Promise<Ref> {
    const known = messages.get(ref.message);
    // Messages end with the process. A demo that is started again posts what its Redis still has.
    if (!known) throw new SurfaceError('the message is gone', 'gone');
    messages.set(ref.message, { ...known, content });
    return ref;
  }

  const personOf = async (email: string) => {
    const person = people.find(({ login }) => login?.toLowerCase() === email.toLowerCase());
    return person ? { id: person.id, name: person.name } : null;
  };

  /** The person answers after some seconds that it was not them. */
  async function ask(email: string, alertId: string, text: string) {
    const person = await personOf(email);
    if (!person) return null;
    await post({ kind: 'notice', id: `question-${alertId}`, text: `To ${person.name}: ${text}` }, channel);
    setTimeout(() => {
      const by: Presser = { surface: name, ...person, email };
      const input = { answer: 'no', note: 'I was at lunch.' };
      connected
        ?.press({ alertId, action: 'answer', by, input, nonce: `answer.${alertId}` })
        .catch((error: unknown) => connected?.log.warn({ error }, 'a simulated answer failed'));
    }, answerMs).unref();
    return person;
  }

  const surface: Surface = {
    name,
    directMessages: true,
    channel,
    intervalMs: 0,
    post,
    update,
    find: async (id) => {
      const [message] = [...messages].find(([, { content }]) => idOf(content) === id) ?? [];
      return message ? { channel, message } : null;
    },
    ask,
    personOf,
    replyPrivately: async () => {},
  };

  /** Registers the chat. Called once, before the configuration is read. */
  const define = () =>
    defineSurface({
      name,
      title: 'the demo chat',
      variables: {},
      secrets: [],
      read: () => ({}),
      shown: () => ({}),
      endpoints: () => [],
      doctor: async () => {},
      connect: async (_, context) => {
        connected = context;
        return {
          surface,
          identify: async (by) => ({ presser: by }),
          isInAlertChannel: async () => true,
          describe: async (id) => ({
            surface: name,
            id,
            name: people.find((person) => person.id === id)?.name ?? id,
          }),
          serve: async () => ({ router: null, start: async () => {}, stop: async () => {} }),
        };
      },
    });

  /** The message of an alert with its thread, else the newest messages, newest first. Null if there is none. */
  function html(alertId: string | null, now: number): Html | null {
    const reader = { now, zone: new Intl.DateTimeFormat().resolvedOptions().timeZone };
    const all = [...messages];
    const top = all.filter(
      ([, { parent, content }]) => parent === null && (alertId === null || idOf(content) === alertId),
    );
    const repliesTo = (id: string) =>
      all.filter(([, { parent }]) => parent === id).map(([, reply]) => messageOf(reply.content, reply.at));
    const shown = top
      .slice(-shownMessages)
      .reverse()
      .map(([id, { content, at }]) =>
        renderMessage(
          { ...messageOf(content, at), ...(alertId === null ? {} : { replies: repliesTo(id) }) },
          reader,
        ),
      );
    return shown.length > 0 ? new Html(shown.join('')) : null;
  }

  return { define, html };
}
export type DemoChat = ReturnType<typeof createDemoChat>;

const idOf = (content: Content): string => (content.kind === 'alert' ? content.model.alertId : content.id);

function messageOf(content: Content, at: number): Omit<ShownMessage, 'replies'> {
  if (content.kind === 'alert') return { at, blocks: toBlocks(content.model) };
  if (content.kind === 'thread') return { at, blocks: toThreadBlocks(content.parts) };
  return { at, text: escapeMrkdwn(content.text) };
}
