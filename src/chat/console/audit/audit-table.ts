import type { AuditEntry } from '../../../domain/audit/audit-chain';
import type { FoundEntry } from '../../../domain/audit/search-entries';
import { plainLine } from '../../../domain/text/plain-text';
import { phrase, secondsText, t, translate } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import { personName, sourceOf } from '../people';
import { actionName } from './action-names';
import { measureOf, objectOf } from './audit-object';
import type { Result } from './query';

export const resultNames: Readonly<Record<Result, string>> = {
  done: phrase('Done'),
  started: phrase('Started'),
  asked: phrase('Waiting for approval'),
  refused: phrase('Refused'),
  failed: phrase('Failed'),
};

const styles: Readonly<Record<Result, string>> = {
  done: 'ok',
  started: 'accent',
  asked: 'medium',
  refused: 'high',
  failed: 'critical',
};

const columns = [
  ['c-at', phrase('When')],
  ['c-who', phrase('Who')],
  ['c-did', phrase('Action')],
  ['c-on', phrase('Object')],
  ['c-result', phrase('Result')],
  ['c-alert', phrase('Alert')],
] as const;

/** @param names of measures' targets by measure id */
export const auditTable = (rows: readonly FoundEntry[], names: ReadonlyMap<string, string>): Html =>
  html`<table class="list audit" aria-label="${t`Audit log`}"><thead><tr>${columns.map(([name, label]) => html`<th scope="col" class="${name}">${translate(label)}</th>`)}</tr></thead><tbody>
${rows.map(({ id, entry }) => (entry ? rowOf(entry, names) : unreadable(id)))}</tbody></table>`;

function rowOf(entry: AuditEntry, names: ReadonlyMap<string, string>): Html {
  const { at, by, action, result, alertId, sequence } = entry;
  const object = objectOf(entry, names.get(measureOf(entry) ?? ''));
  const number = sequence && t`entry ${String(sequence)}`;
  return html`<tr><td class="c-at num"><time datetime="${at}">${timeOf(at)}</time>${number && html`<span class="sub">${number}</span>`}</td><td class="c-who"><strong>${personName(by)}</strong><span class="sub">${by.email ? `${plainLine(by.email, 120)} · ` : ''}${sourceOf(by)}</span></td><td class="c-did">${plainLine(actionName(action), 80)}</td><td class="c-on">${object && html`${object.name}<span class="sub id"${object.id && html` title="${object.id}"`}>${object.kind}${object.id && ` · ${object.id}`}</span>`}</td><td class="c-result"><span class="pill ${styles[result]}">${translate(resultNames[result])}</span>${reasonOf(entry)}</td><td class="c-alert">${alertId && html`<a href="/console/alerts/${encodeURIComponent(alertId)}">${plainLine(alertId, 60)}</a>`}</td></tr>
`;
}

/** "Nov 26, 2026, 14:05:09 UTC" */
export const timeOf = (at: string): string =>
  Number.isNaN(Date.parse(at)) ? plainLine(at, 40) : t`${secondsText(at)} UTC`;

function reasonOf({ why, details }: AuditEntry): Html | false {
  const approver = (details?.approvedBy as { name?: unknown } | undefined)?.name;
  const lines = [
    why && plainLine(why, 400),
    typeof approver === 'string' && t`Approved by ${plainLine(approver, 80)}`,
  ].filter(Boolean);
  return lines.length > 0 && html`<span class="sub">${lines.join(' · ')}</span>`;
}

const unreadable = (id: string): Html =>
  html`<tr><td colspan="6"><strong class="fault">${t`This entry can’t be read. Something other than Runwatch wrote it.`}</strong><span class="sub">${id}</span></td></tr>
`;
