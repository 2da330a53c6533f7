import { globMatches } from '../exceptions/exception';
import { is } from './resource-id';

export interface EnvironmentRule {
  tags?: Record<string, string | string[]> | undefined;
  subscriptions?: string[] | undefined;
  /** Alerts below this score go only into the digest. */
  alertFrom?: number | undefined;
}

/** The first environment whose tags or subscriptions match; null if none does. */
export function environmentOf(
  tags: Record<string, string>,
  subscriptionId: string,
  environments: Record<string, EnvironmentRule> = {},
): string | null {
  for (const [name, rule] of Object.entries(environments)) {
    if (rule.subscriptions?.some((id) => is(id, subscriptionId))) return name;
    const wanted = Object.entries(rule.tags ?? {});
    const fits =
      wanted.length > 0 &&
      wanted.every(([tag, values]) => {
        const value = Object.entries(tags).find(([key]) => is(key, tag))?.[1];
        return value !== undefined && [values].flat().some((pattern) => globMatches(pattern, value));
      });
    if (fits) return name;
  }
  return null;
}
