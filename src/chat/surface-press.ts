import type { Presser } from '../domain/people/person';

/** A press as it leaves a surface. */
export interface SurfacePress {
  alertId: string;
  /** An action's id. */
  action: string;
  by: Presser;
  input?: Record<string, unknown>;
  /** The surface's own id of this press, so that one delivered twice counts once. */
  nonce: string;
  /** Where the presser is answered, and in which conversation they pressed. */
  replyTo?: { surface: string; channel: string; user: string };
}

/** A person whom their surface vouches for, or why it does not, in words for them. */
export type Identified = { presser: Presser } | { refused: string };
