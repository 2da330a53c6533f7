import type { Alert } from '../alerts/alert';
import type { Presser } from '../people/person';
import { dayText, t } from '../text/translate';
import { tooBroad } from './breadth';
import { type Exception, globMatches, lastDay } from './exception';

const day = 86_400_000;

/** Default maximum duration of an exception, in days. RUNWATCH_CONFIG can change it. */
export const defaultMaxExceptionDays = 365;

export interface ExceptionPolicy {
  /** Milliseconds since 1970. */
  now: number;
  /** Maximum duration of an exception, in days. */
  maxDays: number;
  /** Alerts whose facts show what the exception's caller may do. */
  alerts: readonly Alert[];
  /** The requester, who may not add an exception for themselves. */
  by: Presser;
}

/**
 * The rules for every exception, whether from a form, a button, the command line or a file.
 * @returns why it is refused, why it needs approval, or neither
 */
export function assessException(
  { match, expires, silenceCritical }: Pick<Exception, 'match' | 'expires' | 'silenceCritical'>,
  { now, maxDays, alerts, by }: ExceptionPolicy,
): { refused?: string; needsApproval?: string } {
  const own = [by.id, by.objectId, by.email, by.client];
  if (
    [match.caller ?? []]
      .flat()
      .some((pattern) => own.some((id) => id && globMatches(pattern, id)) && pattern !== '*')
  )
    return { refused: t`You can’t add an exception for yourself. Ask another responder` };
  const left = Date.parse(expires) - now;
  if (!(left > 0))
    return { refused: t`Choose a future expiry date; ${dayText(lastDay(expires))} has passed` };
  if (left > (maxDays + 1) * day)
    return { refused: t`An exception may last ${maxDays} days at most; choose an earlier expiry date` };
  const broad = tooBroad(match, alerts);
  if (broad) return { needsApproval: broad };
  return silenceCritical ? { needsApproval: t`it also suppresses critical alerts` } : {};
}
