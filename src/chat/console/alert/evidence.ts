import type { Alert } from '../../../domain/alerts/alert';
import type { ScriptFacts } from '../../../domain/alerts/facts';
import { runFactsOf, type UsedScript, usedScripts } from '../../../domain/alerts/join-facts';
import { plainBlock, plainLine } from '../../../domain/text/plain-text';
import { counted, t, translate } from '../../../domain/text/translate';
import {
  fetchedLine,
  shownDigest,
  type UnassignedScript,
  unassignedScripts,
  unreadLine,
} from '../../fetched-scripts';
import { type Html, html } from '../html';
import { lineHtml, timeHtml } from '../inline-html';

/** All of a script is shown, up to what a page can hold. */
const maxScript = 100_000;
const maxScripts = 20;
const maxOutput = 20_000;
const maxOutputs = 5;

/** Each script with its suspicious lines marked, and what the commands printed. */
export function evidenceHtml(alert: Alert): Html | false {
  const used = usedScripts(alert);
  const known = used.filter(({ script }) => script.text);
  const outputs = outputsOf(alert);
  const unassigned = unassignedScripts(alert);
  if (known.length === 0 && outputs.length === 0 && unassigned.length === 0) return false;
  return html`${known.slice(0, maxScripts).map((one) => scriptHtml(one, used.length > 1))}${known.length > maxScripts && html`<p class="muted">${counted(known.length - maxScripts, '# more script is not shown.', '# more scripts are not shown.')}</p>`}${unassigned.map(unassignedHtml)}${outputs.map(
    ({ title, text }) => html`<h2>${title}</h2><pre tabindex="0">${plainBlock(text, maxOutput)}</pre>`,
  )}`;
}

function scriptHtml({ script, executions }: UsedScript, several: boolean): Html {
  const count = several
    ? executions.length === 1
      ? t`, once`
      : counted(executions.length, ', # time', ', # times')
    : '';
  return bodyHtml(t`Script${count}`, script);
}

/** A script from the machine that can't be assigned to a command, and its output. */
function unassignedHtml({ title, at, script, output, why }: UnassignedScript): Html {
  if (!script) return html`<h2>${title}</h2><p class="muted">${timeHtml(at)} · ${unreadLine(why ?? '')}</p>`;
  return html`${bodyHtml(title, script)}${output !== null && html`<pre tabindex="0">${plainBlock(output, maxOutput)}</pre>`}`;
}

function bodyHtml(title: string, script: ScriptFacts): Html {
  const { runAs, parameters, redacted, traits, fetched } = script;
  const sha256 = shownDigest(script);
  const flagged = new Map<number, string[]>();
  for (const { line, name } of traits) flagged.set(line, [...(flagged.get(line) ?? []), translate(name)]);
  const about = [
    runAs ? t`runs as ${plainLine(runAs, 40)}` : '',
    parameters.length > 0
      ? t`parameters ${parameters
          .slice(0, 5)
          .map((one) => plainLine(one, 80))
          .join(', ')}`
      : '',
    redacted.length > 0 ? t`${redacted.join(', ')} redacted` : '',
    sha256 ? t`SHA-256 ${sha256}` : '',
  ].filter(Boolean);
  const lines = plainBlock(script.text, maxScript).split('\n');
  return html`<h2>${title}</h2>${fetched && html`<p class="muted">${lineHtml(fetchedLine(fetched))}</p>`}${
    traits.length > 0 &&
    html`<ul class="flags">${traits.map(({ name, line }) => html`<li><strong>${capitalized(plainLine(translate(name), 120))}</strong> <span class="muted">${t`line ${String(line)}`}</span></li>`)}</ul>`
  }<pre tabindex="0" class="script"><code>${lines.map((line, i) => codeLine(line, i + 1, flagged.get(i + 1)))}</code></pre>${about.length > 0 && html`<p class="muted hash">${about.join(' · ')}</p>`}`;
}

const capitalized = (text: string) => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** A flagged line is marked, with its kind as text. Others are plain text, because scripts can be long. */
const codeLine = (line: string, number: number, flags: string[] | undefined): Html =>
  flags
    ? html`<mark title="${t`Line ${String(number)}: ${flags.join(', ')}`}">${line}<span class="unseen">${t` (flagged: ${flags.join(', ')})`}</span></mark>`
    : html`${line}
`;

function outputsOf(alert: Alert): { title: string; text: string }[] {
  const found = alert.executions.flatMap((execution) => {
    const run = runFactsOf(alert, execution);
    if (!run?.output) return [];
    const code = run.exitCode === null ? '' : t`, exit code ${String(run.exitCode)}`;
    const on = alert.executions.length > 1 ? t` on ${plainLine(execution.target.name, 64)}` : '';
    return [{ title: t`Output${on}${code}`, text: run.output }];
  });
  return found.slice(0, maxOutputs);
}
