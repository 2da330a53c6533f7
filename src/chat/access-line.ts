import { type Alert, summarize } from '../domain/alerts/alert';
import type { Access } from '../domain/alerts/facts';
import { scopeLabel } from '../domain/resources/scope-label';
import { plainLine } from '../domain/text/plain-text';
import { counted, t } from '../domain/text/translate';
import type { Inline } from './inline';

/** How the caller could do it: role, scope, group, assignment. */
export function accessLine(alert: Alert, now: number): Inline[] {
  const { refused, caller, grantedBy } = summarize(alert);
  const { access } = alert.facts;
  if (refused)
    return [
      t`Denied by Azure; nothing ran${access?.deniedBy ? t` (deny assignment ${plainLine(access.deniedBy, 80)})` : ''}`,
    ];
  const grant = access?.grant ?? grantedBy;
  if (!grant) return [t`no role assignment found that allows this for ${plainLine(caller.name, 80)}`];
  const group = access?.group;
  const parts: Inline[] = [
    grant.scope ? t` at ${scopeLabel(grant.scope, access?.subscriptionName)}` : '',
    group
      ? t`, through group ${plainLine(group.name, 80)}${group.members === null ? '' : counted(group.members, ' (# member)', ' (# members)')}`
      : '',
    access?.assignedAt
      ? t`, assigned ${ago(access.assignedAt, now)}${access.assignedBy ? t` by ${plainLine(access.assignedBy, 80)}` : ''}`
      : '',
    ...(access?.until ? [t`, activated by PIM until `, { time: access.until }] : []),
    access?.condition ? t`, under a condition (not evaluated)` : '',
    access?.deniesNotEvaluated?.length
      ? counted(
          access.deniesNotEvaluated.length,
          '; # deny assignment for groups not evaluated',
          '; # deny assignments for groups not evaluated',
        )
      : '',
    access?.otherWays
      ? counted(access.otherWays, '; # other assignment allows it too', '; # other assignments allow it too')
      : '',
    access?.source === 'resolved'
      ? t` (inferred from role assignments)`
      : access?.source === 'log'
        ? t` (from Azure’s activity log)`
        : '',
    elsewhereText(access),
  ];
  return [{ bold: plainLine(grant.role, 100) }, ...parts.filter(Boolean)];
}

/** "; in Sandbox: Contributor; 2 more subscriptions not looked at". */
function elsewhereText(access: Access | undefined): string {
  const { elsewhere = [], notLookedAt = 0 } = access ?? {};
  const others = elsewhere.map(({ subscription, grant, group }) => {
    const through = group ? t`, through group ${plainLine(group.name, 60)}` : '';
    return t`; in ${plainLine(subscription, 60)}: ${grant ? plainLine(grant.role, 80) : t`no role assignment found`}${through}`;
  });
  const rest =
    notLookedAt > 0
      ? counted(notLookedAt, '; # more subscription not looked at', '; # more subscriptions not looked at')
      : '';
  return [...others, rest].join('');
}

function ago(iso: string, now: number): string {
  const hours = (now - Date.parse(iso)) / 3_600_000;
  if (hours < 1) return t`less than an hour ago`;
  if (hours < 48) return counted(Math.floor(hours), '# hour ago', '# hours ago');
  return counted(Math.floor(hours / 24), '# day ago', '# days ago');
}
