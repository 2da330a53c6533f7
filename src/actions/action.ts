import type { z } from 'zod';
import type { Azure } from '../azure/azure';
import type { Config, PolicyFile } from '../config/config';
import type { Review } from '../domain/access/access-review';
import type { Alert } from '../domain/alerts/alert';
import type { AlertView } from '../domain/measures/alert-view';
import type { Presser } from '../domain/people/person';
import { translate } from '../domain/text/translate';
import type { Keyring } from '../runtime/keyring';
import type { Log } from '../runtime/log';
import type { Notice } from '../store/deliveries';
import type { Store } from '../store/store';
import type { Field, FormResult, FormValues } from './form';

/** Slack's action id and Teams' verb, in snake_case. */
export type ActionId = string;

/** A queued button press. */
export interface PressJob {
  /** Stays the same however often the job runs. */
  pressId: string;
  alertId: string;
  action: ActionId;
  by: Presser;
  /** When it was pressed, RFC 3339. */
  at: string;
  /** What was filled in, such as an exception's match or a note. */
  input?: Record<string, unknown> | undefined;
  /** Where to send the presser a private reply. */
  replyTo?: { surface: string; channel: string; user: string } | undefined;
  /**
   * Resource id, in lower case, of the alert's machine when the button was pressed. Null without an alert.
   */
  target?: string | null | undefined;
  /**
   * Covers all other fields, by a key derived from RUNWATCH_SECRET. Absent in jobs of versions before 0.2.
   */
  signature?: string | undefined;
}

/** A verified press: the presser is identified and allowed to do it. */
export interface CheckedPress extends PressJob {
  /** The subscriptions that the presser's right is limited to; absent if unlimited. */
  allowedIn?: readonly string[] | undefined;
  /** Who approved it, if it needed approval. */
  approvedBy?: Presser | undefined;
  /** This is the last attempt, so even a transient failure is final. */
  lastTry: boolean;
}

export interface ActionDeps {
  store: Store;
  azure: Azure;
  log: Log;
  now: () => number;
  keyring: Keyring;
  /** Scores the alert again after something that affects the score has changed. */
  rescore: (alertId: string) => Promise<void>;
  /** Sends the question in a direct message; null when no chat user has that address. */
  askPerson: (email: string, alertId: string, text: string) => Promise<{ id: string; name: string } | null>;
  /**
   * The caller's answers that close an alert as expected. Empty by default: an attacker may control the
   * account.
   */
  answersThatClose: readonly string[];
  /** Opens an incident as Runwatch, at most once per alert. */
  page: (alertId: string, why: string) => Promise<void>;
  /** Resolves a chat user id, e-mail address or name to a person. */
  personOf: (surface: Presser['surface'], given: string) => Promise<Presser>;
  /** Sends one person a direct message where the surface allows it. The same `onceId` is sent only once. */
  tell: (person: Presser, text: string, onceId: string) => Promise<void>;
  /** Maximum duration of an exception, in days. */
  maxExceptionDays: number;
  /** Adds the result to a posted notice and removes its buttons. */
  showNotice: (noticeId: string, outcome: string) => Promise<void>;
  /** Posts a notice to every chat, once per notice id. */
  postNotice: (notice: Notice) => Promise<void>;
  config: Pick<Config, 'responders' | 'policy'>;
  /** Link to the alert's console page; null while no public URL is configured. */
  linkTo: (alertId: string) => string | null;
  /** Creates a chat channel for an alert. Returns its link, or null if no chat can create one. */
  createChatChannel: (alert: Alert, people: readonly string[]) => Promise<string | null>;
  /** Posts the result of an access review. */
  postReview: (review: Review) => Promise<void>;
  /** Queues an update of these alerts on every surface and does not wait for it. */
  show: (...alertIds: readonly string[]) => Promise<void>;
}

/** What a dry run uses. It makes no changes. */
export type ReadOnlyDeps = Pick<ActionDeps, 'azure' | 'linkTo'>;

export type Group = 'triage' | 'contain' | 'access' | 'preserve' | 'recover' | 'hand over';

type Words = string | ((view: AlertView) => string);

interface Described {
  readonly id: ActionId;
  readonly group: Group;
  /** The name in the audit log, answers and failure messages, such as "Isolate". */
  readonly name: string;
  /**
   * triage: any reader while no responder is configured. responder: configured responders only. asked: only
   * the person who was asked about the alert.
   */
  readonly right: 'triage' | 'responder' | 'asked';
  /** Anyone allowed to do this other action may do this one too. */
  readonly sameRightAs?: ActionId;
  /**
   * A second, different responder must approve it, unless `fourEyes` in RUNWATCH_CONFIG overrides that. `always`:
   * nothing overrides it, and a retry needs a new approval.
   */
  readonly fourEyes?: true | 'always';
  /**
   * Off unless RUNWATCH_CONFIG turns it on. Its permissions are in a custom role of its own, for an identity that
   * may be another than the bot's.
   */
  readonly optIn?: (policy: PolicyFile) => boolean;
  /** Why this particular press needs approval when the action usually does not; null if it does not. */
  readonly approval?: (
    press: CheckedPress,
    deps: ActionDeps,
  ) => Promise<{ why: string; what?: string; timeoutMs?: number } | null>;
  /** Azure permissions by their ARM names. `manifest azure-role` and `doctor` read this list. */
  readonly permissions: readonly string[];
  /** Microsoft Graph application permissions. */
  readonly graph?: readonly string[];
  /** The input that the action accepts. Default: none. */
  readonly input?: z.ZodType<Record<string, unknown>>;
}

/** An action on an alert, defined in one file. Buttons, permissions and docs are generated from it. */
export interface AlertAction extends Described {
  readonly about: 'alert';
  /** An ellipsis at the end means that a dialog opens. */
  readonly label: Words;
  /** Description for the guide. Default: the confirmation text. */
  readonly summary?: string;
  /** Position in the console and in All responses, lowest first. */
  readonly order: number;
  /** A button of its own in the console. What chats show is in src/chat/controls.ts. */
  readonly often?: true;
  readonly style?: 'primary' | 'danger';
  /** Confirmation: what the action does and does not stop. `title` defaults to the label and the target. */
  readonly confirm?: { title?: Words; text: Words; yes: string };
  /**
   * The form's fields.
   * @param presser who opens the form, if known
   */
  readonly fields?: (view: AlertView, presser: Presser | null, now: number) => Field[];
  /** Menu choices, used instead of a form. */
  readonly choices?: (view: AlertView) => { value: string; label: string }[];
  /** Parses the submitted form. Default: each field becomes an input of the same name. */
  readonly readForm?: (values: FormValues) => FormResult;
  /** Other actions whose rights this input also requires. */
  readonly parts?: (input: Record<string, unknown>, view: AlertView) => readonly ActionId[];
  /** The action that this one undoes. */
  readonly undoes?: ActionId;
  /** Allowed on closed alerts. */
  readonly whenClosed?: true;
  /** Whether the alert's current state allows it. */
  readonly offered: (view: AlertView, now: number) => boolean;
  /**
   * Safe to run again from any point. Returns what to tell the presser, if anything.
   * @throws {Refusal} when the alert's state does not allow it
   */
  readonly run: (view: AlertView, press: CheckedPress, deps: ActionDeps) => Promise<string | null>;
  /** Ids of the targets. An approval is valid for exactly these. */
  readonly pinnedTo?: (view: AlertView) => readonly string[];
  /** The {@link parts} that need approval where the configuration requires it. Default: all. */
  readonly approvalParts?: (input: Record<string, unknown>, view: AlertView) => readonly ActionId[];
  /** The steps it would run now, one per line. Read-only. */
  readonly plan?: (view: AlertView, press: PressJob, deps: ReadOnlyDeps) => Promise<string[]>;
}

/**
 * An action on an exception, an access review or an approval, from a notice or a page. About `ticket`: only the
 * system that an alert was escalated to may press it, and nothing else.
 */
export interface FreeAction extends Described {
  readonly about: 'exception' | 'review' | 'approval' | 'ticket';
  /** The subscription where the right is required. Default: any. With `isOwner`, no right is required. */
  readonly place?: (
    press: PressJob,
    deps: ActionDeps,
  ) => Promise<{ subscriptionId?: string; isOwner?: boolean }>;
  /** Runs only after an approval. */
  readonly onlyApproved?: true;
  /** As {@link AlertAction.run}. */
  readonly run: (press: CheckedPress, deps: ActionDeps) => Promise<string | null>;
}

export type Action = AlertAction | FreeAction;

export const wordsFor = (words: Words, view: AlertView): string =>
  typeof words === 'string' ? translate(words) : words(view);
