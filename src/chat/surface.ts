import type { MessageModel } from './message';
import type { ThreadPart } from './thread';

/** Where a message stands. */
export interface Ref {
  channel: string;
  message: string;
}

/** Something to show: an alert's message, what hangs below it, or a short notice. */
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

/** What a chat can do for us. All may throw {@link SurfaceError}. */
export interface Surface {
  name: string;
  /** The channel that messages go to when no route says otherwise. */
  channel: string;
  /** Least time between two messages to one channel, ms. */
  intervalMs: number;
  post: (content: Content, channel: string) => Promise<Ref>;
  /** Answers where it stands now: a surface with several places may have put it into more. */
  update: (ref: Ref, content: Content) => Promise<Ref>;
  /** Looks for a message that may have been posted since a moment (ms), though its answer never came. */
  find: (id: string, since: number, channel: string, parent: Ref | null) => Promise<Ref | null>;
  /** Puts a question with yes, no and automation to a person; null when nobody has that address. */
  ask: (email: string, alertId: string, text: string) => Promise<{ id: string; name: string } | null>;
  /** Who has an e-mail address; null when nobody has. A message to their id is a direct one. */
  personOf: (email: string) => Promise<{ id: string; name: string } | null>;
  /** Opens a room of its own with these people in it and posts there; answers its link. Absent where the chat can't. */
  openRoom?: (
    name: string,
    topic: string,
    people: readonly string[],
    contents: readonly Content[],
  ) => Promise<string>;
  /** Tells one person something that only they see. */
  whisper: (to: { channel: string; user: string }, text: string) => Promise<void>;
}

/** A button below a notice, or a menu. */
export interface NoticeAction {
  id: string;
  label: string;
  value: string;
  choices?: { value: string; label: string }[];
}

/** How a chat failed us, as far as delivery must know. */
export class SurfaceError extends Error {
  constructor(
    message: string,
    /** throttled: not taken, come back later. refused: not taken, and why. gone: the message is no more. unknown: it may have been taken. */
    readonly kind: 'throttled' | 'refused' | 'gone' | 'unknown',
    readonly retryAfterMs = 0,
    /** Where it stands all the same, when it went to several places and only some failed. */
    readonly ref?: Ref,
  ) {
    super(message);
  }
}
