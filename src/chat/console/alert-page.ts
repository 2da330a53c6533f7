import { type Alert, summarize } from '../../domain/alerts/alert';
import { scopeLabel } from '../../domain/resources/scope-label';
import { plainLine } from '../../domain/text/plain-text';
import { type Html, html } from './html';

/** The caller's access path to the machine: group, role and scope. */
export function roleGraph(alert: Alert): Html | false {
  const { caller, target, machines } = summarize(alert);
  const { access } = alert.facts;
  if (!access?.grant) return false;
  const { grant, group, subscriptionName, condition, until } = access;
  const steps: [string, string, string][] = [
    ['Caller', plainLine(caller.name, 80), caller.type],
    ...(group
      ? [
          ['Group', plainLine(group.name, 80), group.members === null ? '' : `${group.members} members`] as [
            string,
            string,
            string,
          ],
        ]
      : []),
    [
      'Role',
      plainLine(grant.role, 80),
      [until ? `PIM until ${until.slice(0, 16)}` : '', condition ? 'with a condition' : '']
        .filter(Boolean)
        .join(', '),
    ],
    ['Scope', scopeLabel(grant.scope ?? '', subscriptionName), ''],
    [
      'Machine',
      machines > 1 ? `${machines} machines` : plainLine(target.name, 80),
      plainLine(target.resourceGroup, 80),
    ],
  ];
  return html`<section class="card"><h2>Access path</h2><ol class="chain">${steps.map(
    ([kind, name, more]) =>
      html`<li><span class="kind">${kind}</span> <strong>${name}</strong>${more && html` <span class="hint">${more}</span>`}</li>`,
  )}</ol></section>`;
}

const width = 320;

/** Where the score starts and what changes it, as a bar chart. */
export function scoreBreakdown({ reasons, score }: Alert): Html {
  const [base, ...added] = reasons;
  const most = Math.max(...added.map(({ points }) => Math.abs(points)), 1);
  const sum = reasons.reduce((total, { points }) => total + points, 0);
  const capped = sum === score ? '' : ` (${sum} points, ${sum > score ? 'capped at' : 'raised to'} ${score})`;
  return html`<section class="card"><h2>Score breakdown: ${score}${capped}</h2><table class="map"><thead><tr><th scope="col">Reason</th><th scope="col">Points</th><th scope="col" aria-hidden="true"></th></tr></thead><tbody>${base ? html`<tr><td>Starts at: ${plainLine(base.text, 200)}</td><td>${base.points}</td><td aria-hidden="true"></td></tr>` : ''}${added.map(
    ({ points, text, addedAt }) =>
      html`<tr><td>${plainLine(text, 200)}${addedAt && html` <span class="hint">since ${addedAt.slice(0, 19).replace('T', ' ')} UTC</span>`}</td><td>${points > 0 ? `+${points}` : points}</td><td aria-hidden="true"><svg preserveAspectRatio="none" viewBox="0 0 ${width} 14" width="${width}" height="14"><rect class="${points < 0 ? 'less' : 'more'}" x="0" y="1" width="${Math.max(2, Math.round((Math.abs(points) / most) * width))}" height="12"/></svg></td></tr>`,
  )}</tbody></table></section>`;
}
