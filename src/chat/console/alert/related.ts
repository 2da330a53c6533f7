import { type Alert, summarize } from '../../../domain/alerts/alert';
import { callerName } from '../../../domain/alerts/caller-name';
import { leadScript } from '../../../domain/alerts/join-facts';
import { plainLine } from '../../../domain/text/plain-text';
import { numberText, t } from '../../../domain/text/translate';
import { severityName, whereOf } from '../../sentence';
import type { RelatedAlerts } from '../alerts/read-alerts';
import { statusText } from '../alerts/table-row';
import { type Html, html, tHtml } from '../html';
import { ageHtml } from '../inline-html';

const shown = 3;

/** Other alerts by the caller, on the machine and with the script. */
export function relatedHtml(alert: Alert, related: RelatedAlerts, now: number): Html {
  const { caller, target, machines } = summarize(alert);
  const hash = leadScript(alert)?.sha256;
  const lists: [string, Alert[], string][] = [
    [t`By ${callerName(alert, 40)}`, related.caller, caller.name],
    [machines > 1 ? t`On these machines` : t`On ${plainLine(target.name, 40)}`, related.machine, target.name],
    [t`Same script`, related.script, hash ?? ''],
  ];
  const found = lists.filter(([, alerts]) => alerts.length > 0);
  return html`<h2>${t`Related alerts`}</h2>${found.length === 0 && html`<p class="muted">${t`None with the same caller, machine or script.`}</p>`}${found.map(
    ([title, alerts, search]) =>
      html`<h3>${title} <span class="muted num">${numberText(alerts.length)}</span></h3><ul class="plain">${alerts.slice(0, shown).map((one) => item(one, now))}</ul>${alerts.length > shown && search && html`<p><a href="/console?q=${encodeURIComponent(search.slice(0, 200))}">${t`All of them`}</a></p>`}`,
  )}`;
}

const item = (alert: Alert, now: number): Html =>
  html`<li><a href="/console/alerts/${alert.id}">${t`${summarize(alert).technique.title} on ${whereOf(alert)}`}</a><span class="sub">${severityName(alert)} ${alert.score} · ${statusText(alert)} · ${tHtml`${ageHtml(alert.raisedAt, now)} ago`}</span></li>`;
