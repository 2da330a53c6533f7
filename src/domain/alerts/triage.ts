import type { Presser } from '../people/person';

/** What people did about an alert other than measures: questions, notes, escalations, watches. */
export interface Triage {
  asked?: Asked | null;
  /** Id of the quick exception; Undo removes it. */
  quickException?: string | null;
  /** Notes, oldest first. */
  notes?: Note[];
  escalation?: Escalation | null;
  watch?: Watched | null;
}

export interface Escalation {
  at: string;
  by: Presser;
  /** The places where an incident is opened. */
  places: EscalationPlace[];
}

export interface EscalationPlace {
  id: string;
  /** Display name. */
  where: string;
  /** asked: the request was sent and its result is not recorded yet. */
  state: 'asked' | 'opened' | 'failed';
  /** As the place returned it. */
  link: string;
  /** The link, if it is https and leads to the configured host. */
  url?: string | undefined;
  reason?: string | undefined;
  /** What names the incident there. Callbacks and updates need it. */
  ticket?: string | undefined;
  /** The alert's state that the place was told, or that came from it. */
  synced?: TicketState | undefined;
  /**
   * The incident's last known state there. `by` is a name there, empty if unknown, absent if Runwatch set it.
   * `lastReportAt` is the time of the newest report that repeated it.
   */
  remote?:
    | { state: TicketState; at: string; by?: string | undefined; lastReportAt?: string | undefined }
    | undefined;
  /** Why the place does not know the alert's state. */
  notTold?: { state: TicketState; reason: string; retrying: boolean } | undefined;
}

/** A state that both an alert and an incident elsewhere can have. */
export type TicketState = 'open' | 'acknowledged' | 'closed';

export interface Watched {
  at: string;
  by: Presser;
  /** RFC 3339. */
  until: string;
  /** What is watched: its key and display text. */
  owners: { key: string; words: string }[];
}

export interface Note {
  at: string;
  by: Presser;
  text: string;
  /** https link to the source. */
  link?: string | undefined;
}

/** The question to the caller whether it was them. */
export interface Asked {
  at: string;
  /** Chat user id of the person asked. */
  userId: string;
  name: string;
  answer: 'yes' | 'no' | 'automation' | null;
  answeredAt: string | null;
  /** Their comment on the answer. */
  note?: string | undefined;
  /** Set after no answer: how many minutes they had. */
  silentFor?: number | undefined;
}
