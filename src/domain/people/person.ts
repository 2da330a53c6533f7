/** Who pressed, on which surface. `id` is a Slack user id, an Entra object id, or the console's user. */
export interface Presser {
  surface: 'slack' | 'teams' | 'console' | 'cli' | 'runwatch';
  id: string;
  name: string;
  /** Only an address that the surface says is verified. */
  email?: string | undefined;
  /** The Slack workspace they pressed in. */
  team?: string | undefined;
  /** Entra object id, where it could be looked up by the verified address. */
  objectId?: string | undefined;
  /** The Entra tenant that the object id belongs to: the id itself in Teams. */
  tenant?: string | undefined;
}

/** Whoever opened the console with RUNWATCH_CONSOLE_TOKEN: a token, no person. */
export const consoleTokenId = 'console-token';
export const isConsoleToken = ({ surface, id }: Presser): boolean =>
  surface === 'console' && id === consoleTokenId;

/**
 * Whether two pressers are one person: by Entra's tenant and object id, else by their surface's own id or a verified e-mail
 * address. Unknown where nothing of the same kind can be compared: one person may have two addresses, or two directories.
 */
export function comparePeople(a: Presser, b: Presser): 'same' | 'different' | 'unknown' {
  const [one, other] = [entraIdOf(a), entraIdOf(b)];
  if (one && other && one.tenant === other.tenant) return one.id === other.id ? 'same' : 'different';
  if (a.email !== undefined && b.email !== undefined && a.email.toLowerCase() === b.email.toLowerCase())
    return 'same';
  if (a.surface !== b.surface) return 'unknown';
  if (a.team !== undefined && b.team !== undefined && a.team !== b.team) return 'unknown';
  return a.id.toLowerCase() === b.id.toLowerCase() ? 'same' : 'different';
}

export const isSamePerson = (a: Presser, b: Presser): boolean => comparePeople(a, b) === 'same';

/** Certainly two people: what can't be compared is no second pair of eyes, nor is a command, a token or Runwatch itself. */
export const areTwoPeople = (a: Presser, b: Presser): boolean =>
  isPerson(a) && isPerson(b) && comparePeople(a, b) === 'different';

/** In Teams the id is Entra's own. */
function entraIdOf({ surface, id, objectId, tenant }: Presser): { tenant: string; id: string } | null {
  const entraId = surface === 'teams' ? id : objectId;
  return entraId && tenant ? { tenant: tenant.toLowerCase(), id: entraId.toLowerCase() } : null;
}

/** May approve what another person asked for. */
export const isPerson = (presser: Presser): boolean =>
  presser.surface === 'slack' ||
  presser.surface === 'teams' ||
  (presser.surface === 'console' && !isConsoleToken(presser));
