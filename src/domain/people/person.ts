/**
 * The person who pressed. `id` is a Slack user id, an Entra object id, the issuer and subject of another OpenID
 * provider, or the console's user.
 */
export interface Presser {
  /** A chat's name, console, api for an application, cli, or runwatch for what Runwatch does by itself. */
  surface: string;
  id: string;
  name: string;
  /** Set only if the surface verified the address. */
  email?: string | undefined;
  /** The Slack workspace of the press. */
  team?: string | undefined;
  /** Entra object id, if found by the verified address. */
  objectId?: string | undefined;
  /** The Entra tenant of the object id. In Teams, `id` itself is the object id. */
  tenant?: string | undefined;
  /** The OpenID issuer that vouched for the person. The console's other users have none. */
  issuer?: string | undefined;
  /** The application that sent the person's access token to the API. Absent elsewhere. */
  client?: string | undefined;
}

/** Runwatch itself, in the audit log. */
export const runwatchActor: Presser = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' };

/** A console session opened with RUNWATCH_CONSOLE_TOKEN: it identifies a token, not a person. */
export const consoleTokenId = 'console-token';
export const isConsoleToken = ({ surface, id }: Presser): boolean =>
  surface === 'console' && id === consoleTokenId;

/** Whether the OpenID issuer vouched for this person: in the console, or by an access token of the API. */
export const isSignedIn = ({ surface, issuer }: Presser): boolean =>
  surface === 'console' && issuer !== undefined;

/**
 * Whether two pressers are the same person: by Entra tenant and object id, else by a verified email address
 * or the surface's own id. Unknown if there is nothing comparable, because one person may have two addresses
 * or directories.
 */
export function comparePeople(a: Presser, b: Presser): 'same' | 'different' | 'unknown' {
  const [one, other] = [entraIdOf(a), entraIdOf(b)];
  const isSameEmail =
    a.email !== undefined && b.email !== undefined && a.email.toLowerCase() === b.email.toLowerCase();
  if (one && other && one.tenant === other.tenant && one.id === other.id) return 'same';
  // Two accounts with one address, as an admin may have.
  if (one && other && one.tenant === other.tenant) return isSameEmail ? 'unknown' : 'different';
  if (isSameEmail) return 'same';
  if (a.surface !== b.surface) return 'unknown';
  if (a.team !== undefined && b.team !== undefined && a.team !== b.team) return 'unknown';
  if (a.issuer !== b.issuer || tenantsDiffer(a, b)) return 'unknown';
  return a.id.toLowerCase() === b.id.toLowerCase() ? 'same' : 'different';
}

export const isSamePerson = (a: Presser, b: Presser): boolean => comparePeople(a, b) === 'same';

/**
 * Whether these are definitely two people. Pressers that can't be compared, commands, tokens and Runwatch
 * itself do not count.
 */
export const areDifferentPeople = (a: Presser, b: Presser): boolean =>
  isPerson(a) && isPerson(b) && comparePeople(a, b) === 'different';

/** Ids of two Entra tenants can't be compared; those of a Slack workspace can, whatever Entra knows. */
const tenantsDiffer = (a: Presser, b: Presser): boolean =>
  a.team === undefined &&
  a.tenant !== undefined &&
  b.tenant !== undefined &&
  a.tenant.toLowerCase() !== b.tenant.toLowerCase();

/** In Teams, the id is the Entra object id; records before 0.2 have it there only. */
function entraIdOf({ surface, id, objectId, tenant }: Presser): { tenant: string; id: string } | null {
  const entraId = surface === 'teams' ? id : objectId;
  return entraId && tenant ? { tenant: tenant.toLowerCase(), id: entraId.toLowerCase() } : null;
}

/** Whether it is an identified person. The console's local user and token are not, nor are applications. */
export const isPerson = (presser: Presser): boolean => isInChat(presser) || isSignedIn(presser);

/** Whether it is a person who sees what they approve. What an application sends for a person does not count. */
export const mayApprove = (presser: Presser): boolean => isPerson(presser) && presser.client === undefined;

/** An application with an access token of its own. `id` is its client id, `objectId` that of its principal. */
export const isApplication = ({ surface }: Presser): boolean => surface === 'api';

/** Whether the presser came from a chat, which has to vouch for them. */
export const isInChat = ({ surface }: Presser): boolean =>
  !['console', 'api', 'cli', 'runwatch', 'ticket'].includes(surface);

/** A system that an alert was escalated to. `id` is the place's, such as pagerduty. */
export const isTicketSystem = ({ surface }: Presser): boolean => surface === 'ticket';
