import type { CallerReview } from '../../../domain/access/caller-review';
import { type Alert, summarize } from '../../../domain/alerts/alert';
import { callerName } from '../../../domain/alerts/caller-name';
import { scopeLabel } from '../../../domain/resources/scope-label';
import { plainLine } from '../../../domain/text/plain-text';
import { counted, t } from '../../../domain/text/translate';
import { type Html, html, tHtml } from '../html';
import { timeHtml } from '../inline-html';

type Role = CallerReview['roles'][number];

/** The roles that let the caller run the command: from where, since when, and what removing each would affect. */
export function accessReviewHtml(alert: Alert, review: CallerReview): Html {
  const name = callerName(alert, 60);
  const { machines, subscriptionName } = alert.facts.access ?? {};
  const none = html`<p>${t`No role lets ${name} run commands on ${plainLine(summarize(alert).target.name, 80)} now.`}</p>`;
  const others = [
    review.unrelated > 0
      ? counted(review.unrelated, '# other role does not allow it', '# other roles do not allow it')
      : '',
    counted(
      review.able,
      '# principal can run commands in this subscription',
      '# principals can run commands in this subscription',
    ),
  ].filter(Boolean);
  const isWhole = ({ scope }: Role) => /^\/subscriptions\/[^/]+$/i.test(scope);
  return html`<h2 tabindex="-1">${t`Access review`}</h2>${review.roles.length === 0 && none}<ul class="plain">${review.roles.map(
    (role) =>
      html`<li class="granted"><strong>${role.role}</strong> ${t`at ${scopeLabel(role.scope, subscriptionName)}`}<dl class="facts"><dt>${t`From`}</dt><dd>${sourceOf(role)}</dd><dt>${t`Since`}</dt><dd>${role.since ? timeHtml(role.since) : t`Unavailable`}${role.until && tHtml`, until ${timeHtml(role.until)} (PIM)`}</dd><dt>${t`Removing it affects`}</dt><dd>${affected(role, name)}${isWhole(role) && machines ? counted(machines, ', on # machine', ', on # machines') : ''}</dd></dl></li>`,
  )}</ul><p class="muted">${others.join(' · ')} · ${tHtml`reviewed by ${review.by}, ${timeHtml(review.at)}`}</p>`;
}

const sourceOf = ({ group, eligible, condition }: Role): string =>
  [
    group
      ? t`group ${group.name}${group.members === null ? '' : counted(group.members, ' (# member)', ' (# members)')}`
      : t`assigned directly`,
    eligible ? t`PIM eligible` : '',
    condition ? t`has a condition, not evaluated` : '',
  ]
    .filter(Boolean)
    .join(', ');

/** "Dana Reyes and Lee Okafor (last ran a command on Nov 20, 2026)". */
function affected({ others, otherCount }: Role, caller: string): Html {
  if (otherCount === 0) return html`${t`only ${caller}`}`;
  const named = others.map(
    ({ name, lastRun }) =>
      html`, ${name} (${lastRun ? tHtml`last ran a command ${timeHtml(lastRun)}` : t`ran none in 90 days`})`,
  );
  const more = otherCount - others.length;
  return html`${caller}${named}${more > 0 && t` and ${more} more`}`;
}
