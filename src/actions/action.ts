import type { z } from 'zod';
import type { Azure } from '../azure/azure';
import type { Config } from '../config/config';
import type { Review } from '../domain/access/access-review';
import type { Alert } from '../domain/alerts/alert';
import type { AlertView } from '../domain/measures/alert-view';
import type { Presser } from '../domain/people/person';
import type { Keyring } from '../runtime/keyring';
import type { Log } from '../runtime/log';
import type { Notice } from '../store/deliveries';
import type { Store } from '../store/store';
import type { Field, FormResult, FormValues } from './form';

/** Slack's action id and Teams' verb alike, in snake_case. */
export type ActionId = string;

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
  /** By a key of RUNWATCH_SECRET over all the rest; versions before 0.2 left it out. */
  signature?: string | undefined;
}

/** A press that was checked: who pressed is known and may do it. */
export interface CheckedPress extends PressJob {
  /** The subscriptions that the presser's right is limited to; absent where it is not. */
  allowedIn?: readonly string[] | undefined;
  /** Who approved it, where one person is not enough. */
  approvedBy?: Presser | undefined;
  /** No further try follows: a failure that would pass by itself is final too. */
  lastTry: boolean;
}

export interface ActionDeps {
  store: Store;
  azure: Azure;
  log: Log;
  now: () => number;
  keyring: Keyring;
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
  /** Opens a chat channel of its own for an alert; answers its link, null where no chat can. */
  openRoom: (alert: Alert, people: readonly string[]) => Promise<string | null>;
  /** Posts what an access review found. */
  postReview: (review: Review) => Promise<void>;
  /** Shows the present state of alerts on every surface, without waiting. */
  show: (...alertIds: readonly string[]) => Promise<void>;
}

/** What a dry run needs: it changes nothing. */
export type Reading = Pick<ActionDeps, 'azure' | 'linkTo'>;

export type Group = 'triage' | 'contain' | 'access' | 'preserve' | 'recover' | 'hand over';

type Words = string | ((view: AlertView) => string);

interface Described {
  readonly id: ActionId;
  readonly group: Group;
  /** What the audit log, answers and failures call it, e.g. "Isolate". */
  readonly name: string;
  /**
   * triage: whoever may read, when no responder is configured; responder: only those who are named; asked: only the person
   * to whom the alert's question was put.
   */
  readonly right: 'triage' | 'responder' | 'asked';
  /** It needs no right of its own: whoever may do the other may do it. */
  readonly sameRightAs?: ActionId;
  /** A second, different responder must approve it, unless RUNWATCH_CONFIG's `fourEyes` says otherwise. */
  readonly fourEyes?: true;
  /** Why this press wants approval though the action as such does not; null when it doesn't. */
  readonly approval?: (
    press: CheckedPress,
    deps: ActionDeps,
  ) => Promise<{ why: string; what?: string; holdsMs?: number } | null>;
  /** Azure permissions, as ARM names them: `manifest azure-role` and `doctor` are computed from these. */
  readonly permissions: readonly string[];
  /** Microsoft Graph application permissions. */
  readonly graph?: readonly string[];
  /** What it takes from whoever presses it; without it, nothing. */
  readonly input?: z.ZodType<Record<string, unknown>>;
}

/** Something to do about an alert. One object in one file: whatever else names the action is computed from it. */
export interface AlertAction extends Described {
  readonly about: 'alert';
  /** A dialog follows when it ends with an ellipsis. */
  readonly label: Words;
  /** What it does, for the guide. Default: what is asked before it is done. */
  readonly summary?: string;
  /** Its place among an alert's buttons: the lowest comes first. */
  readonly order: number;
  /** Has a button of its own; the rest is folded away. */
  readonly often?: true;
  readonly style?: 'primary' | 'danger';
  /** What it does and what it does not stop, asked before it is done. `title`: default the label and what it is done to. */
  readonly confirm?: { title?: Words; text: Words; yes: string };
  /** What may be filled in. @param presser who opens the form, where that is known */
  readonly fields?: (view: AlertView, presser: Presser | null, now: number) => Field[];
  /** What is chosen from, instead of a form. */
  readonly choices?: (view: AlertView) => { value: string; label: string }[];
  /** Reads a filled form; without it each field is an input. */
  readonly readForm?: (values: FormValues) => FormResult;
  /** Other actions whose rights it needs as well, by what was filled in. */
  readonly parts?: (input: Record<string, unknown>, view: AlertView) => readonly ActionId[];
  /** The action whose doing it takes back. */
  readonly undoes?: ActionId;
  /** May be pressed after the alert was closed. */
  readonly whenClosed?: true;
  /** May it be pressed as the alert stands? */
  readonly offered: (view: AlertView, now: number) => boolean;
  /**
   * Safe to run again from any point. Answers what to tell the presser, if anything.
   * @throws {Refusal} when the alert's state does not allow it
   */
  readonly run: (view: AlertView, press: CheckedPress, deps: ActionDeps) => Promise<string | null>;
  /** Ids of what it would be done to: an approval is for these and no others. */
  readonly pinnedTo?: (view: AlertView) => readonly string[];
  /** Of {@link parts}, those that want approval where the configuration says so. Default: all. */
  readonly approvalParts?: (input: Record<string, unknown>, view: AlertView) => readonly ActionId[];
  /** What it would do now, a line a step; reads only. */
  readonly plan?: (view: AlertView, press: PressJob, deps: Reading) => Promise<string[]>;
}

/** Something to do about an exception, an access review or an approval, from a notice or a page. */
export interface FreeAction extends Described {
  readonly about: 'exception' | 'review' | 'approval';
  /** Where the right is needed; `isOwner`: the presser needs none. Default: anywhere. */
  readonly place?: (
    press: PressJob,
    deps: ActionDeps,
  ) => Promise<{ subscriptionId?: string; isOwner?: boolean }>;
  /** Reached only by an approval that was given. */
  readonly onlyApproved?: true;
  /** As {@link AlertAction.run}. */
  readonly run: (press: CheckedPress, deps: ActionDeps) => Promise<string | null>;
}

export type Action = AlertAction | FreeAction;

export const wordsFor = (words: Words, view: AlertView): string =>
  typeof words === 'string' ? words : words(view);
