import type { Review } from '../alerts/access-review';
import type { Alert, Presser } from '../alerts/alert';
import type { Azure } from '../azure/azure';
import type { ActionId, Config } from '../config';
import type { Log } from '../log';
import type { Notice } from '../store/deliveries';
import type { Store } from '../store/store';

/** A pressed button on its way to being done. */
export interface PressJob {
  /** The same press comes with the same id, however often its job runs. */
  pressId: string;
  alertId: string;
  action: ActionId;
  by: Presser;
  /** When it was pressed, RFC 3339. */
  at: string;
  /** What a form gave: an exception's match, a note. */
  input?: Record<string, unknown> | undefined;
  /** Where the presser can be told something in private. */
  replyTo?: { surface: string; channel: string; user: string } | undefined;
  /** Id of the machine that the alert was about when it was pressed, in lower case; null without an alert. */
  target?: string | null | undefined;
  /** Set when it is authorized, never by whoever pressed: the subscriptions that the presser's right is limited to. */
  allowedIn?: readonly string[] | undefined;
  /** By a key of RUNWATCH_SECRET over all the rest; versions before 0.2 left it out. */
  signature?: string | undefined;
}

export interface ResponseDeps {
  store: Store;
  azure: Azure;
  log: Log;
  now: () => number;
  /** Scores the alert again, since something that counts has changed. */
  rejudge: (alertId: string) => Promise<void>;
  /** Puts a question to a person in a direct message; null when nobody has that address. */
  askPerson: (email: string, alertId: string, text: string) => Promise<{ id: string; name: string } | null>;
  /** The caller's answers that close an alert as expected; none unless configured: an attacker may hold the account. */
  answersThatClose: readonly string[];
  /** Opens an incident in our own name, once an alert. */
  page: (alertId: string, why: string) => Promise<void>;
  /** Who a chat's user id, an address or a name stands for. */
  personOf: (surface: Presser['surface'], given: string) => Promise<Presser>;
  /** Tells one person something in a direct message, where that can be done; once for the same id. */
  tell: (person: Presser, text: string, onceId: string) => Promise<void>;
  /** How long an exception may last, days. */
  maxExceptionDays: number;
  /** Adds what came of it to a notice that is already posted, and takes its buttons off. */
  showNotice: (noticeId: string, outcome: string) => Promise<void>;
  /** Posts a notice to every chat, once for its id. */
  postNotice: (notice: Notice) => Promise<void>;
  config: Pick<Config, 'responders' | 'policy'>;
  /** Where people read an alert: its page on the console; null while nobody said where that is. */
  linkTo: (alertId: string) => string | null;
  /** Opens a chat room of its own for an alert; answers its link, null where no chat can. */
  openRoom: (alert: Alert, people: readonly string[]) => Promise<string | null>;
  /** Posts what an access review found. */
  postReview: (review: Review) => Promise<void>;
  /** Shows the alert's present state on every surface, without waiting. */
  show: (alertId: string) => Promise<void>;
}

/** What a dry run needs. */
export type Reading = Pick<ResponseDeps, 'azure'>;

/** One action: its name, the Azure permissions it needs, and what it does. Safe to run again from any point. */
export interface Response {
  action: ActionId;
  /** What the audit trail and people call it, e.g. "isolate". */
  title: string;
  /**
   * triage: everyone in the channel when no responder is configured; responder: only those who are named; asked: only the
   * person to whom the alert's question was put.
   */
  needs: 'triage' | 'responder' | 'asked';
  /** Azure actions it uses: `manifest azure-role` and `doctor` are computed from these. */
  permissions: readonly string[];
  /** Throws a Refusal when the alert's state does not allow it; answers what to tell the presser, if anything. */
  run: (alert: Alert, press: PressJob, deps: ResponseDeps) => Promise<string | null>;
  /** What it would do now, a line a step; reads only. */
  plan?: (alert: Alert, press: PressJob, deps: Reading) => Promise<string[]>;
}
