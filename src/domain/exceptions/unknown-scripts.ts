import { allTechniques } from '../techniques/catalogue';
import type { Technique } from '../techniques/technique';
import { globMatches, type Match } from './exception';

/**
 * The techniques of a match with script conditions, if Azure holds the script of none of them: such a match can
 * never hold. Null if it can, or if it names no technique.
 */
export function techniquesWithoutScript({ script, technique }: Match): Technique[] | null {
  if (!script || technique === undefined) return null;
  const named = [technique].flat();
  const matched = allTechniques().filter(({ id }) => named.some((one) => globMatches(one, id)));
  return matched.length > 0 && matched.every((one) => one.script.where === 'machine') ? matched : null;
}
