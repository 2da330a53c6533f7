import { type Alert, summarize } from '../../../domain/alerts/alert';
import { callerName } from '../../../domain/alerts/caller-name';
import { usedScripts } from '../../../domain/alerts/join-facts';
import { accountOf } from '../../../domain/alerts/run-account';
import type { Severity } from '../../../domain/alerts/severity';
import { plainLine } from '../../../domain/text/plain-text';
import { phrase, t, translate } from '../../../domain/text/translate';
import { oddTexts, unusualText } from '../../fact-lines';
import { environmentText, outcomeOf, severityName, whereOf } from '../../sentence';
import { type Html, html } from '../html';
import { ageHtml } from '../inline-html';
import { groupOf } from './page-of';

/** What a row of the list shows of an alert. */
export interface AlertRow {
  id: string;
  /** Increases with each change of the alert or its measures. */
  version: number;
  severity: Severity;
  severityText: string;
  /** "Run command on vm-pay-01". */
  title: string;
  /** "Dana Reyes · as root · succeeded after 32 s". */
  more: string;
  /** How many commands it has on one machine. */
  times: number;
  /** Why it stands out, at most two reasons. */
  odd: string[];
  environment: string;
  raisedAt: string;
  status: string;
  owner: string;
  /** Same for alerts of the same caller on the same machine. */
  group: string;
  groupName: string;
}

const maxReasons = 2;
const maxReason = 60;

export function rowOf(alert: Alert, version: number): AlertRow {
  const { technique, executions, machines, refused } = summarize(alert);
  const account = refused || technique.script.where === 'interactive' ? null : accountOf(alert);
  const outcome = outcomeOf(alert);
  return {
    id: alert.id,
    version,
    severity: alert.severity,
    severityText: `${severityName(alert)} ${alert.score}`,
    title: plainLine(t`${technique.title} on ${whereOf(alert)}`, 90),
    more: [
      callerName(alert, 60),
      account ? t`as ${plainLine(account, 30)}` : '',
      `${outcome.charAt(0).toLowerCase()}${outcome.slice(1)}`,
    ]
      .filter(Boolean)
      .join(' · '),
    times: machines > 1 ? 1 : executions.length,
    odd: standsOut(alert),
    environment: environmentText(alert),
    raisedAt: alert.raisedAt,
    status: statusText(alert),
    owner: alert.assignee ? plainLine(alert.assignee.name, 40) : '',
    group: groupOf(alert),
    groupName: t`${callerName(alert, 60)} on ${whereOf(alert)}`,
  };
}

/** Suspicious behavior first: what a script does tells more than who ran it. */
function standsOut(alert: Alert): string[] {
  const traits = usedScripts(alert).flatMap(({ script }) => script.traits.map(({ name }) => translate(name)));
  const found = [...new Set([...traits, ...oddTexts(alert)])].slice(0, maxReasons);
  const texts = found.length > 0 ? found : [unusualText(alert)];
  return texts.map((text) => plainLine(capitalized(text), maxReason));
}

const capitalized = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** "New", "Closed as benign", "Suppressed by ex-1". */
export function statusText(alert: Alert): string {
  if (alert.mergedInto) return t`Merged`;
  if (alert.state === 'closed') return t`Closed as ${translate(alert.closedAs ?? phrase('benign'))}`;
  if (alert.verdict === 'suppressed' && !alert.announced)
    return alert.threshold ? t`Not posted: ${plainLine(alert.threshold, 60)}` : t`Suppressed`;
  return capitalized(translate(alert.state));
}

export const rowHtml = (row: AlertRow, now: number): Html =>
  html`<tr id="${row.id}" data-rev="${row.version}"><td class="c-sel"><label class="pick"><input type="checkbox" name="id" value="${row.id}" aria-label="${t`Select ${row.id}`}"></label></td><td class="c-sev"><span class="pill ${row.severity}">${row.severityText}</span></td><td class="c-what"><a class="what" href="/console/alerts/${row.id}">${row.title}</a>${row.times > 1 && html` <span class="times">×${row.times}</span>`}<span class="sub">${row.more}</span></td><td class="c-why">${row.odd.join(' · ')}</td><td class="c-env">${row.environment}</td><td class="c-age num">${ageHtml(row.raisedAt, now)}</td><td class="c-state">${row.status}</td><td class="c-own">${row.owner || '—'}</td></tr>
`;
