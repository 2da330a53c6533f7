import type { Presser } from '../people/person';

/** What people did about an alert beside measures: whom they asked, what they noted, where they escalated it. */
export interface Triage {
  asked?: Asked | null;
  /** Id of the exception that one press saved; Undo removes it. */
  quickException?: string | null;
  /** What people added from elsewhere, oldest first. */
  notes?: Note[];
  escalation?: Escalation | null;
  watch?: Watched | null;
}

export interface Escalation {
  at: string;
  by: Presser;
  /** Each place where an incident is opened. */
  places: EscalationPlace[];
}

export interface EscalationPlace {
  id: string;
  /** What people call it. */
  where: string;
  /** asked: the request was sent, and its answer is not noted yet. */
  state: 'asked' | 'opened' | 'failed';
  link: string;
  reason?: string | undefined;
}

export interface Watched {
  at: string;
  by: Presser;
  /** RFC 3339. */
  until: string;
  /** What is watched, as its key and in words. */
  owners: { key: string; words: string }[];
}

export interface Note {
  at: string;
  by: Presser;
  text: string;
  /** Where it was said, https. */
  link?: string | undefined;
}

/** The caller was asked whether it was them. */
export interface Asked {
  at: string;
  /** Who was asked: the chat's user id. */
  userId: string;
  name: string;
  answer: 'yes' | 'no' | 'automation' | null;
  answeredAt: string | null;
  /** What they wrote beside the answer. */
  note?: string | undefined;
  /** They were given this many minutes and did not answer. */
  silentFor?: number | undefined;
}
