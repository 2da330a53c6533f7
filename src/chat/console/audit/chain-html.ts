import type { ChainCheck, ChainState } from '../../../domain/audit/chain-check';
import { counted, numberText, t } from '../../../domain/text/translate';
import { type Html, html, tHtml } from '../html';
import { timeOf } from './audit-table';
import { type AuditQuery, auditHrefOf } from './query';

const verifyCommand = 'runwatch audit verify';

/** Whether the log is as it was written, as far as it was checked. @param query what to show after a check */
export function chainHtml(state: ChainState, query: AuditQuery, csrf: string): Html {
  const { last, running } = state;
  const isBroken = Boolean(last?.fault);
  return html`<section id="chain" tabindex="-1" class="chain${isBroken && ' broken'}"${running && html` data-running aria-busy="true"`} aria-live="polite" aria-label="${t`State of the log`}"><div>${running ? progress(running) : last ? verdict(last, state) : html`<p><strong>${t`Not checked yet.`}</strong></p>`}${running && isBroken && last && verdict(last, state)}</div>${!running && html`<form method="post" action="/console/audit/check"><input type="hidden" name="csrf" value="${csrf}"><input type="hidden" name="back" value="${auditHrefOf(query).split('?')[1] ?? ''}"><button class="btn" id="check">${last ? t`Check again` : t`Check the log`}</button></form>`}</section>`;
}

const progress = ({ entries, of }: NonNullable<ChainState['running']>): Html =>
  html`<p><strong>${t`Checking…`}</strong> ${t`${entries} of ${of} entries so far.`} <noscript>${t`Reload the page to see the result.`}</noscript></p>`;

const verdict = (last: ChainCheck, { newest }: ChainState): Html =>
  last.fault ? broken(last, last.fault) : verified(last, newest);

function verified(last: ChainCheck, newest: number): Html {
  const { at, sequence, archived } = last;
  const since = Math.max(0, newest - sequence);
  if (sequence === 0 && since === 0)
    return html`<p><strong>${t`The log is empty.`}</strong> ${t`Checked at ${timeOf(at)}.`}</p>`;
  return html`<p><span class="pill ok">${t`Verified`}</span> <strong>${t`Complete and unchanged up to entry ${sequence}, checked at ${timeOf(at)}.`}</strong></p><p class="muted">${t`Each entry is signed and includes the hash of the one before it.`} ${since > 0 && counted(since, '# newer entry has not been checked yet.', '# newer entries have not been checked yet.')} ${archived > 0 && inArchive(archived)}</p>`;
}

const inArchive = (archived: number): Html =>
  html`${counted(archived, '# older entry in the archive was not checked here.', '# older entries in the archive were not checked here.')} ${tHtml`Check with ${html`<code>${verifyCommand}</code>`}.`}`;

const broken = (
  { at, entries }: ChainCheck,
  { sequence, at: wroteAt, why }: NonNullable<ChainCheck['fault']>,
): Html =>
  html`<div role="alert"><h2 class="fault">${sequence === null ? t`The audit log was tampered with or damaged` : t`The audit log is broken at entry ${sequence}`}</h2><p>${sequence === null ? t`What is wrong: ${why}.` : wroteAt ? t`Entry ${numberText(sequence)}, dated ${timeOf(wroteAt)}: ${why}.` : t`Entry ${numberText(sequence)}: ${why}.`} ${counted(entries, '# entry before it is as it was written.', '# entries before it are as they were written.')} ${t`Checked at ${timeOf(at)}.`}</p><p>${tHtml`Don’t rely on what comes after it. Find out who can write to Redis, and compare the log with its copy: ${html`<code>${verifyCommand}</code>`}.`}</p></div>`;
