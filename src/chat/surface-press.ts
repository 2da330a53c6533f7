import type { Presser } from '../domain/people/person';

/** A button press as a surface sends it. */
export interface SurfacePress {
  alertId: string;
  /** An action's id. */
  action: string;
  by: Presser;
  input?: Record<string, unknown>;
  /** The surface's id of this press, used to ignore duplicates. */
  nonce: string;
  /** Where to answer the presser, and the conversation in which they pressed. */
  replyTo?: { surface: string; channel: string; user: string };
}

/** A person verified by their surface, or the reason for refusal, worded for them. */
export type Identified = { presser: Presser } | { refused: string };
