/**
 * The person who pressed. `id` is a Slack user id, an Entra object id, the issuer and subject of another OpenID
 * provider, or the console's user.
 */
export interface Presser {
  /** A chat's name, console, cli, or runwatch for what Runwatch does by itself. */
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
}

/** Runwatch itself, in the audit log. */
export const runwatchActor: Presser = { surface: 'runwatch', id: 'runwatch', name: 'Runwatch' };

/** A console session opened with RUNWATCH_CONSOLE_TOKEN: it identifies a token, not a person. */
export const consoleTokenId = 'console-token';
export const isConsoleToken = ({ surface, id }: Presser): boolean =>
  surface === 'console' && id === consoleTokenId;

/** Whether this person signed in to the console by OpenID Connect. */
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

/** Whether it is an identified person, who may approve requests. The console's local user and token are not. */
export const isPerson = (presser: Presser): boolean => isInChat(presser) || isSignedIn(presser);

/** Whether the presser came from a chat, which has to vouch for them. */
export const isInChat = ({ surface }: Presser): boolean => !['console', 'cli', 'runwatch'].includes(surface);
