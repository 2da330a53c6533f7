import { isConsoleToken, type Presser } from './alert';

/**
 * Are these certainly two different people? Only ids of the same kind tell: two users of one Slack workspace, two of Teams.
 * What can't be compared never counts as the second pair of eyes; commands, tokens and Runwatch itself never do.
 */
export function areTwoPeople(a: Presser, b: Presser): boolean {
  if (!isPerson(a) || !isPerson(b)) return false;
  const [one, other] = [entraIdOf(a), entraIdOf(b)];
  if (one && other) return one !== other;
  if (a.surface !== b.surface) return false;
  if (a.email !== undefined && b.email !== undefined && a.email.toLowerCase() === b.email.toLowerCase())
    return false;
  return a.id.toLowerCase() !== b.id.toLowerCase() && (a.team ?? b.team) === (b.team ?? a.team);
}

/** In Teams the id is Entra's own. */
const entraIdOf = ({ surface, id, objectId }: Presser): string | undefined =>
  (surface === 'teams' ? id : objectId)?.toLowerCase();

/** May approve what another person asked for. */
export const isPerson = (presser: Presser): boolean =>
  presser.surface === 'slack' ||
  presser.surface === 'teams' ||
  (presser.surface === 'console' && !isConsoleToken(presser));
