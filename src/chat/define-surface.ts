import type { Router } from 'express';
import type { z } from 'zod';
import type { MissingPermissions } from '../actions/missing-permissions';
import type { ResponderRule } from '../config/config';
import type { Report } from '../config/doctor-check';
import type { SurfaceSettings } from '../config/surface-settings';
import type { Sla } from '../domain/alerts/timing';
import type { Exception } from '../domain/exceptions/exception';
import type { AlertView } from '../domain/measures/alert-view';
import type { Presser } from '../domain/people/person';
import type { Log } from '../runtime/log';
import type { HomePart } from './home-part';
import type { Suggestions } from './suggestions';
import type { Surface } from './surface';
import type { Identified, SurfacePress } from './surface-press';

/** What a surface keeps in Redis, shared by all processes. */
export interface SurfaceState {
  conversations: () => Promise<Record<string, string>>;
  addConversation: (id: string, reference: string) => Promise<unknown>;
  dropConversation: (id: string) => Promise<unknown>;
  posted: (contentId: string, conversation: string) => Promise<string | null>;
  /** @param state of the post in that conversation; an empty string deletes it */
  notePosted: (contentId: string, conversation: string, state: string) => Promise<unknown>;
}

/** An app registration in Entra, whose secret gets tokens. */
export interface EntraApp {
  appId: string;
  appPassword: string;
  tenantId: string;
  /** Address of the authority, such as https://login.microsoftonline.com. */
  authority: string;
}

/** Returns an access token for a resource, or throws. */
export type TokenOf = (app: EntraApp, resource: string) => Promise<string>;

/** What Runwatch offers to a surface. */
export interface SurfaceContext {
  log: Log;
  now: () => number;
  /** Channels that `routes` in RUNWATCH_CONFIG names for this surface. */
  routed: readonly string[];
  state: SurfaceState;
  /** Rules for who may run which actions. */
  rules: readonly ResponderRule[];
  tokenOf: TokenOf;
  /** Queues a press. Returns its id. */
  press: (press: SurfacePress) => Promise<string>;
  /** The answer to a press; null while there is none. */
  answerTo: (pressId: string) => Promise<string | null>;
  /** The outcome of a press, as text for the presser; null while there is none. */
  outcomeOf: (pressId: string) => Promise<{ text: string } | null>;
  /** Runs a `/runwatch` command and returns the answer. */
  command: (text: string) => Promise<string>;
  mayRead: (presser: Presser) => Promise<boolean>;
  /** Message for people without read access. */
  cannotRead: string;
  /** Whether this person may choose which conversations receive alerts. */
  mayChoosePlaces: (presser: Presser) => Promise<boolean>;
  /** Writes the audit log and a notice when a person starts or stops alerts in a conversation. */
  placeChosen: (by: Presser, place: string, on: boolean) => Promise<void>;
  /** Adds the Entra object id of the verified email, if Microsoft Graph is available. */
  withObjectId: (presser: Presser) => Promise<Presser>;
  /** An Entra user by object id, with the display name if Microsoft Graph is available. */
  describeEntraUser: (surface: string, objectId: string) => Promise<Presser>;
  getView: (id: string) => Promise<AlertView | null>;
  /** Permissions that the bot lacks for the actions on an alert; null if that can't be told. */
  missingPermissions: (view: AlertView) => Promise<MissingPermissions | null>;
  suggestions: Suggestions;
  /** Link to an alert's page; null without a public URL. */
  linkTo: (alertId: string) => string | null;
  /** Targets of the response times. */
  sla: Sla;
  /** Describes what an exception matches and which alerts it would have suppressed. */
  backtest: (exception: Pick<Exception, 'match' | 'silenceCritical'>) => Promise<string>;
  /** Content of a person's home page. */
  home: (presser: Presser) => Promise<HomePart[]>;
}

/** A surface that is connected with its settings. */
export interface ConnectedSurface {
  surface: Surface;
  /**
   * Identifies who pressed. A person whom the surface can't vouch for is refused.
   * @param place channel or conversation of the press
   */
  identify: (by: Presser, place: string | null) => Promise<Identified>;
  /** Whether this person is a member of a channel that receives alerts. */
  isInAlertChannel: (by: Presser) => Promise<boolean>;
  /** Whether this person is in a group of the surface; rules name it `NAME-group:ID`. */
  inGroup?: (group: string, by: Presser) => Promise<boolean>;
  /** The surface's user who is a person that signed in to the console, by verified ids; null if unknown. */
  userOf?: (person: Presser) => Promise<Presser | null>;
  /** A user by id, with a display name. */
  describe: (id: string) => Promise<Presser>;
  /** Starts to receive presses. Called only in processes that serve. */
  serve: () => Promise<ServedSurface>;
}

export interface ServedSurface {
  /** Routes on RUNWATCH_PORT; null if the surface opens connections itself. */
  router: Router | null;
  /** Whether the chat's servers call the router, so that a proxy is in front of a loopback address. */
  behindProxy?: boolean;
  /** Called once the port is open. */
  start: () => Promise<void>;
  stop: () => Promise<void>;
}

/** What doctor offers to the checks of a surface. */
export interface DoctorContext {
  /** Null if Redis is not configured or does not answer. */
  state: SurfaceState | null;
  tokenOf: TokenOf;
  report: Report;
}

/** A chat: everything that app, doctor, manifest and command line need to know about it. */
export interface SurfaceDefinition<Variables extends Record<string, z.ZodType>, Settings>
  extends SurfaceSettings<Variables, Settings> {
  /** Name for people, such as Slack. */
  title: string;
  connect: (settings: Settings, context: SurfaceContext) => Promise<ConnectedSurface>;
  /** Addresses that must be reachable. */
  endpoints: (settings: Settings) => string[];
  /** Checks of `runwatch doctor`. Settings are null if the surface is not configured. */
  doctor: (settings: Settings | null, context: DoctorContext) => Promise<void>;
  /** `runwatch manifest NAME`: the app's manifest, if the chat has one. */
  manifest?: {
    /** Options of the command. */
    options: readonly ManifestOption[];
    create: (flags: Readonly<Record<string, string | undefined>>) => AppManifest;
  };
}

export interface ManifestOption {
  /** Such as "--url <url>". */
  flags: string;
  description: string;
  /** Completes "Expected …" where `accepts` refuses a value. */
  expected?: string;
  accepts?: (value: string) => boolean;
}

export interface AppManifest {
  /** JSON. */
  text: string;
  /** What is still missing, for stderr. */
  hint?: string;
  /** An additional file to write, such as the app's package. */
  file?: { path: string; content: Uint8Array };
}

// biome-ignore lint/suspicious/noExplicitAny: each surface knows its own settings.
export type AnySurface = SurfaceDefinition<Record<string, z.ZodType>, any>;

const definitions = new Map<string, AnySurface>();

/**
 * Adds a chat. Its name is its key in `routes` and `escalation` of RUNWATCH_CONFIG, and in `manifest`.
 * @throws {Error} where the name is taken or not usable as a key
 */
export function defineSurface<Variables extends Record<string, z.ZodType>, Settings>(
  definition: SurfaceDefinition<Variables, Settings>,
): void {
  const { name } = definition;
  if (!/^[a-z][a-z0-9-]{0,18}$/.test(name) || reserved.has(name) || definitions.has(name))
    throw new Error(`${name}: already in use, or not valid as the name of a surface`);
  definitions.set(name, definition as unknown as AnySurface);
}

/** Names that are keys of a route or an escalation, or that pressers have without a chat. */
const reserved = new Set([
  'when',
  'url',
  'mention',
  'webhook',
  'sentinel',
  'channel',
  'console',
  'api',
  'cli',
  'runwatch',
  'ticket',
  'callbackSecret',
  'azure-role',
  'entra',
]);

export const surfaceDefinitions = (): AnySurface[] => [...definitions.values()];

/** Each configured surface with its settings. */
export const configuredSurfaces = (settings: Readonly<Record<string, unknown>>) =>
  surfaceDefinitions().flatMap((definition) =>
    settings[definition.name] == null ? [] : [{ definition, settings: settings[definition.name] }],
  );
