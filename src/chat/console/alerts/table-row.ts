import type { AlertRow } from '../../../domain/alerts/alert-row';
import type { Severity } from '../../../domain/alerts/severity';
import { techniqueOf } from '../../../domain/techniques/catalogue';
import { plainLine } from '../../../domain/text/plain-text';
import { counted, phrase, t, translate } from '../../../domain/text/translate';
import { tookText } from '../../sentence';
import { type Html, html } from '../html';
import { ageHtml } from '../inline-html';

/** "Run command on vm-pay-01". */
export const titleOf = (row: AlertRow): string =>
  plainLine(t`${techniqueOf(row.technique).title} on ${whereOf(row)}`, 90);

/** The machine's name, or how many there are. */
const whereOf = ({ machines, machineNames }: AlertRow): string =>
  machines > 1 ? counted(machines, '# machine', '# machines') : (machineNames[0] ?? '');

/** "Dana Reyes on vm-pay-01". */
export const groupNameOf = (row: AlertRow): string => t`${row.caller.name} on ${whereOf(row)}`;

/** "Critical 100". */
export const severityText = ({ severity, score }: AlertRow): string => `${severityName(severity)} ${score}`;

export const severityName = (severity: Severity): string => capitalized(translate(severity));

const capitalized = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** "Dana Reyes · as root · succeeded after 32 s". */
function moreOf(row: AlertRow): string {
  const hasAccount = row.account && !row.refused && techniqueOf(row.technique).script.where !== 'interactive';
  const outcome = outcomeOf(row);
  return [
    row.caller.name,
    hasAccount ? t`as ${plainLine(row.account, 30)}` : '',
    `${outcome.charAt(0).toLowerCase()}${outcome.slice(1)}`,
  ]
    .filter(Boolean)
    .join(' · ');
}

/** Attempts that Azure did not deny, or all if it denied all. */
const executionsOf = ({ refused, outcomes }: AlertRow): number =>
  refused ? outcomes.denied : outcomes.succeeded + outcomes.failed + outcomes.started;

function outcomeOf(row: AlertRow): string {
  const { refused, outcomes, startedAt, lastEventAt } = row;
  if (refused) return t`Denied by Azure`;
  if (executionsOf(row) > 1) {
    const parts: [number, string][] = [
      [outcomes.succeeded, t`succeeded`],
      [outcomes.failed, t`failed`],
      [outcomes.started, t`still running`],
    ];
    return parts.flatMap(([count, outcome]) => (count > 0 ? t`${count} ${outcome}` : [])).join(', ');
  }
  if (outcomes.started > 0) return t`Still running`;
  return `${outcomes.succeeded > 0 ? t`Succeeded` : t`Failed`}${tookText(startedAt, lastEventAt)}`;
}

/** "production", or "180 production, 90 test" for several machines. */
function environmentText({ environments }: AlertRow): string {
  const isOne = environments.length === 1;
  return environments
    .flatMap(({ environment, count }) =>
      environment ? (isOne ? environment : t`${count} ${environment}`) : [],
    )
    .join(', ');
}

/** "New", "Closed as benign", "Suppressed by ex-1". */
export function statusText(row: AlertRow): string {
  if (row.mergedInto) return t`Merged`;
  if (row.state === 'closed') return t`Closed as ${translate(row.closedAs ?? phrase('benign'))}`;
  if (row.verdict === 'suppressed' && !row.announced)
    return row.threshold ? t`Not posted: ${plainLine(row.threshold, 60)}` : t`Suppressed`;
  return capitalized(translate(row.state));
}

export function rowHtml(row: AlertRow, now: number): Html {
  const times = row.machines > 1 ? 1 : executionsOf(row);
  return html`<tr id="${row.id}" data-rev="${row.rev}"><td class="c-sel"><label class="pick"><input type="checkbox" name="id" value="${row.id}" aria-label="${t`Select ${row.id}`}"></label></td><td class="c-sev"><span class="pill ${row.severity}">${severityText(row)}</span></td><td class="c-what"><a class="what" href="/console/alerts/${row.id}">${titleOf(row)}</a>${times > 1 && html` <span class="times">×${times}</span>`}<span class="sub">${moreOf(row)}</span></td><td class="c-why">${row.standsOut.join(' · ')}</td><td class="c-env">${environmentText(row)}</td><td class="c-age num">${ageHtml(row.raisedAt, now)}</td><td class="c-state">${statusText(row)}</td><td class="c-own">${row.assignee ? plainLine(row.assignee, 40) : '—'}</td></tr>
`;
}
