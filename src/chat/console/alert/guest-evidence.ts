import type { Alert } from '../../../domain/alerts/alert';
import type { GuestEvidence, ProcessOrigin, ShownProcess } from '../../../domain/evidence/guest';
import { plainLine } from '../../../domain/text/plain-text';
import { counted, phrase, t, translate } from '../../../domain/text/translate';
import {
  connectionText,
  type Guest,
  guestsOf,
  logonText,
  nothingLogged,
  processCount,
} from '../../guest-lines';
import { type Html, html, tHtml } from '../html';
import { clockHtml, lineHtml, timeHtml } from '../inline-html';

/** What the machines' own logs have around the commands; false if none was read. */
export function guestHtml(alert: Alert): Html | false {
  const guests = guestsOf(alert);
  if (guests.length === 0) return false;
  return html`<h2>${t`Guest evidence`}</h2>${guests.map((guest) => machineHtml(guest, guests.length > 1))}`;
}

function machineHtml({ name, guest }: Guest, several: boolean): Html {
  const { logons, connections, tables, redacted, from, to, readAt, final } = guest;
  const title = several && html`<h3>${name}</h3>`;
  const state = final
    ? tHtml`Read ${timeHtml(readAt)}.`
    : tHtml`Read ${timeHtml(readAt)}; more logs may arrive.`;
  if (tables.length === 0)
    return html`${title}<p class="muted">${lineHtml(nothingLogged(guest))}. ${state}</p>`;
  const about = html`${tHtml`From ${timeHtml(from)} to ${timeHtml(to)}, in ${tables.map((one) => plainLine(one, 40)).join(', ')}.`} ${state}`;
  const secrets = redacted.length > 0 && html` ${t`Redacted: ${redacted.join(', ')}.`}`;
  return html`${title}<p class="muted">${about}${secrets}</p>
<h3>${t`Processes`} <span class="muted">${processCount(guest)}</span></h3>${processesHtml(guest)}
<h3>${t`Logons`}</h3>${listOf(
    logons.map((one) => [one.at, logonText(one)]),
    guest.counts.logons,
  )}
<h3>${t`Connections`}</h3>${listOf(
    connections.map((one) => [one.at, connectionText(one)]),
    connections.length,
  )}`;
}

function processesHtml({ processes, counts }: GuestEvidence): Html {
  if (processes.length === 0) return html`<p class="muted">${t`none logged`}</p>`;
  const more = counts.processes - processes.length;
  return html`<ul class="tree">${branches(processes)}</ul>${more > 0 && html`<p class="muted">${counted(more, '# more process start is not shown.', '# more process starts are not shown.')}</p>`}`;
}

/** Nested lists: each process holds the list of its children. */
function branches(processes: readonly ShownProcess[]): Html[] {
  const depth = processes[0]?.depth ?? 0;
  const found: Html[] = [];
  for (let i = 0; i < processes.length; ) {
    let end = i + 1;
    while (end < processes.length && (processes[end]?.depth ?? 0) > depth) end++;
    const [own, ...below] = processes.slice(i, end);
    if (own)
      found.push(html`<li>${processHtml(own)}${below.length > 0 && html`<ul>${branches(below)}</ul>`}</li>`);
    i = end;
  }
  return found;
}

const origins: Readonly<Record<ProcessOrigin, string>> = {
  command: phrase('command from Azure'),
  agent: phrase('guest agent'),
  other: '',
};

function processHtml({ at, name, commandLine, account, parent, depth, origin }: ShownProcess): Html {
  const by =
    depth === 0 && parent !== '' && html` <span class="muted">${t`by ${plainLine(parent, 60)}`}</span>`;
  const mark =
    depth === 0 &&
    origin !== 'other' &&
    html`<span class="pill ${origin === 'command' ? 'critical' : 'low'}">${translate(origins[origin])}</span> `;
  return html`<span class="num muted">${clockHtml(at)}</span> ${mark}<code>${plainLine(commandLine || name, 400)}</code>${account && html` <span class="muted">${t`as ${plainLine(account, 60)}`}</span>`}${by}`;
}

function listOf(rows: readonly (readonly [at: string, text: string])[], count: number): Html {
  if (rows.length === 0) return html`<p class="muted">${t`none logged`}</p>`;
  const more = count - rows.length;
  return html`<ul class="plain">${rows.map(([at, text]) => html`<li><span class="num muted">${clockHtml(at)}</span> ${text}</li>`)}</ul>${more > 0 && html`<p class="muted">${counted(more, '# more is not shown.', '# more are not shown.')}</p>`}`;
}
