import { type Alert, summarize } from '../../../domain/alerts/alert';
import type { AlertQuery as Search } from '../../../domain/alerts/alert-query';
import type { AlertRow } from '../../../domain/alerts/alert-row';
import { callerName } from '../../../domain/alerts/caller-name';
import { usedScripts } from '../../../domain/alerts/join-facts';
import { callerDigestOf, machineDigestsOf } from '../../../domain/alerts/search-terms';
import { plainLine } from '../../../domain/text/plain-text';
import { t } from '../../../domain/text/translate';
import { countText, leastOf } from '../alerts/count-text';
import type { Count, ReadDeps } from '../alerts/read-alerts';
import { severityText, statusText, titleOf } from '../alerts/table-row';
import { type Html, html, tHtml } from '../html';
import { ageHtml } from '../inline-html';

const shown = 3;

interface Related {
  /** The newest ones. */
  alerts: AlertRow[];
  count: Count;
}

export type RelatedAlerts = Record<'caller' | 'machine' | 'script', Related>;

/** Other kept alerts with the same caller, a machine or a script in common, newest first. */
export async function relatedAlerts(
  alert: Alert,
  { searchAlerts }: Pick<ReadDeps, 'searchAlerts'>,
): Promise<RelatedAlerts> {
  const others = async (query: Search): Promise<Related> => {
    const { alerts, total } = await searchAlerts(query, { limit: shown + 1 });
    const rows = alerts.filter(({ id }) => id !== alert.id);
    // The alert itself is always found, except before it is judged.
    const isFound = alert.ready && typeof total === 'number';
    return { alerts: rows.slice(0, shown), count: isFound ? Math.max(rows.length, total - 1) : total };
  };
  const scripts = usedScripts(alert).flatMap(({ script }) => script.sha256 ?? []);
  const [caller, machine, script] = await Promise.all([
    others({ callers: [callerDigestOf(alert)] }),
    others({ machines: machineDigestsOf(alert) }),
    scripts.length > 0 ? others({ scripts }) : { alerts: [], count: 0 },
  ]);
  return { caller, machine, script };
}

export function relatedHtml(alert: Alert, related: RelatedAlerts, now: number): Html {
  const { caller, target, machines } = summarize(alert);
  const hash = usedScripts(alert)[0]?.script.sha256;
  const found: [string, Related, string][] = [
    [t`By ${callerName(alert, 40)}`, related.caller, caller.name],
    [machines > 1 ? t`On these machines` : t`On ${plainLine(target.name, 40)}`, related.machine, target.name],
    [t`Same script`, related.script, hash ?? ''],
  ];
  const lists = found.filter(([, { alerts }]) => alerts.length > 0);
  return html`<h2>${t`Related alerts`}</h2>${lists.length === 0 && html`<p class="muted">${t`None with the same caller, machine or script.`}</p>`}${lists.map(
    ([title, { alerts, count }, search]) =>
      html`<h3>${title} <span class="muted num">${countText(count)}</span></h3><ul class="plain">${alerts.map((one) => item(one, now))}</ul>${leastOf(count) > alerts.length && search && html`<p><a href="${listOf(search, alerts)}">${t`Search the alerts`}</a></p>`}`,
  )}`;
}

/** The tab where the newest of them is. */
const listOf = (search: string, [first]: readonly AlertRow[]): string => {
  const view = first?.announced === false ? 'suppressed' : first?.state === 'closed' ? 'closed' : 'open';
  return `/console?${new URLSearchParams({ view, q: search.slice(0, 200) })}`;
};

const item = (row: AlertRow, now: number): Html =>
  html`<li><a href="/console/alerts/${row.id}">${titleOf(row)}</a><span class="sub">${severityText(row)} · ${statusText(row)} · ${tHtml`${ageHtml(row.raisedAt, now)} ago`}</span></li>`;
