import type { Alert } from '../alerts/alert';
import type { Presser } from '../people/person';
import { tooBroad } from './breadth';
import { type Exception, globMatches, lastDay } from './exception';

const day = 86_400_000;

/** How long an exception may last unless RUNWATCH_CONFIG says otherwise, days. */
export const defaultMaxExceptionDays = 365;

export interface ExceptionPolicy {
  /** Milliseconds since 1970. */
  now: number;
  /** How long an exception may last, days. */
  maxDays: number;
  /** Alerts that tell what the exception's caller may do; the newest are enough. */
  alerts: readonly Alert[];
  /** Whoever wants it: nobody may except themselves. */
  by: Presser;
}

/**
 * The one rule for every exception, whether it comes from a form, a button, the command line or a file.
 * @returns why it is refused, why it needs a second person, or neither
 */
export function assessException(
  { match, expires, silenceCritical }: Pick<Exception, 'match' | 'expires' | 'silenceCritical'>,
  { now, maxDays, alerts, by }: ExceptionPolicy,
): { refused?: string; needsApproval?: string } {
  const own = [by.id, by.objectId, by.email];
  if (
    [match.caller ?? []]
      .flat()
      .some((pattern) => own.some((id) => id && globMatches(pattern, id)) && pattern !== '*')
  )
    return { refused: 'It would except yourself; ask another responder' };
  const left = Date.parse(expires) - now;
  if (!(left > 0)) return { refused: `Choose a future expiry date; ${lastDay(expires)} is over` };
  if (left > (maxDays + 1) * day)
    return { refused: `An exception may last ${maxDays} days at most; choose an earlier expiry date` };
  const broad = tooBroad(match, alerts);
  if (broad) return { needsApproval: broad };
  return silenceCritical ? { needsApproval: 'it also suppresses critical alerts' } : {};
}
