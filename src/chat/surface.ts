import type { MessageModel } from './message';
import type { ThreadPart } from './thread';

/** The location of a message. */
export interface Ref {
  channel: string;
  message: string;
}

/** Content to show: an alert's message, its thread, or a short notice. */
export type Content =
  | { kind: 'alert'; model: MessageModel }
  | { kind: 'thread'; id: string; parent: Ref; parts: ThreadPart[] }
  | {
      kind: 'notice';
      id: string;
      text: string;
      mention?: string;
      actions?: NoticeAction[];
    };

/** Interface to a chat. All methods may throw {@link SurfaceError}. */
export interface Surface {
  name: string;
  /** Whether a message to a person's id reaches them directly. */
  directMessages?: boolean;
  /** Default channel for messages without a route. */
  channel: string;
  /** Minimum time between two messages to one channel, ms. */
  intervalMs: number;
  post: (content: Content, channel: string) => Promise<Ref>;
  /** Returns the current location, which changes if the message was added to further conversations. */
  update: (ref: Ref, content: Content) => Promise<Ref>;
  /** Finds a message whose post was not confirmed, among those posted since a time (ms). */
  find: (id: string, since: number, channel: string, parent: Ref | null) => Promise<Ref | null>;
  /** Asks a person a question (yes, no, automation). Null if no user has that email. */
  ask: (email: string, alertId: string, text: string) => Promise<{ id: string; name: string } | null>;
  /** The user with this email, or null. A message to their id is a direct message. */
  personOf: (email: string) => Promise<{ id: string; name: string } | null>;
  /** Creates a channel, invites people, posts to it and returns its link. Absent if the chat lacks this. */
  createChatChannel?: (
    name: string,
    topic: string,
    people: readonly string[],
    contents: readonly Content[],
  ) => Promise<string>;
  /** Sends a message that only one person can see. */
  replyPrivately: (to: { channel: string; user: string }, text: string) => Promise<void>;
}

/** A button or menu below a notice. */
export interface NoticeAction {
  id: string;
  label: string;
  value: string;
  choices?: { value: string; label: string }[];
}

/** A chat error, classified by what delivery has to do. */
export class SurfaceError extends Error {
  constructor(
    message: string,
    /**
     * throttled: not sent, retry later. refused: not sent, rejected by the chat.
     * gone: the message no longer exists. unknown: it may have been sent.
     */
    readonly kind: 'throttled' | 'refused' | 'gone' | 'unknown',
    readonly retryAfterMs = 0,
    /** Location of the conversations that succeeded, if only some failed. */
    readonly ref?: Ref,
  ) {
    super(message);
  }
}
