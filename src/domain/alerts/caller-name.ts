import { identityName } from '../activity/machine-identity';
import { guid } from '../text/guid';
import { plainLine } from '../text/plain-text';
import { t } from '../text/translate';
import { type Alert, summarize } from './alert';

/**
 * A machine's own identity is named by the machine, others by the display name if known, else by the name in the log.
 * People choose display names, so they contain no symbols, and the sign-in name is shown with them.
 */
export const callerName = (alert: Pick<Alert, 'executions' | 'facts'>, max = 60): string =>
  plainLine(identityName(summarize(alert).caller), max) ||
  plainLine(alert.facts.who?.name?.replace(/\p{Extended_Pictographic}/gu, ''), max) ||
  plainLine(summarize(alert).caller.name, max);

/** The sign-in name, if the display name is another one, and where they are from: "dana@contoso.example, guest". */
export function callerIdentity(alert: Pick<Alert, 'executions' | 'facts'>): string {
  const { caller } = summarize(alert);
  const login = plainLine(caller.name, 80);
  const named = identityName(caller) || login === callerName(alert, 80) ? '' : login;
  return [named, alert.facts.who?.guest ? t`guest` : '', homeText(alert)].filter(Boolean).join(', ');
}

/** Where a caller from elsewhere is from: "home tenant 1c8e3d2f-…", "signs in with live.com". Else empty. */
export function homeText(alert: Pick<Alert, 'executions' | 'facts'>): string {
  const { home } = summarize(alert).caller;
  if (!home) return '';
  return guid(home) ? t`home tenant ${home}` : t`signs in with ${plainLine(home, 60)}`;
}

/** How a person is addressed: "Dana". Null for applications, and for people without a known name. */
export function firstName(alert: Pick<Alert, 'executions' | 'facts'>): string | null {
  const { caller } = summarize(alert);
  const name = plainLine(alert.facts.who?.name, 60);
  return caller.type === 'User' && name && !name.includes('@') ? (name.split(' ')[0] ?? null) : null;
}
