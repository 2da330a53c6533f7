import { type Alert, summarize } from '../../../domain/alerts/alert';
import { leadScript } from '../../../domain/alerts/join-facts';
import { oddTexts } from '../../../domain/alerts/stands-out';
import { plainLine } from '../../../domain/text/plain-text';
import { t, translate } from '../../../domain/text/translate';
import { sentenceOf, severityName } from '../../sentence';
import { type Html, html } from '../html';

/** A summary for tickets. Names are escaped, so that none becomes markup. */
export function markdownOf(alert: Alert): string {
  const { caller, startedAt } = summarize(alert);
  const hash = leadScript(alert)?.sha256;
  const odd = oddTexts(alert);
  return [
    `**${severityName(alert)} ${alert.score}: ${escaped(sentenceOf(alert))}** (${alert.id})`,
    '',
    t`- Time: ${startedAt}`,
    t`- Caller: ${escaped(plainLine(caller.name, 120))}${caller.ip ? t`, IP ${escaped(plainLine(caller.ip, 45))}` : ''}`,
    ...(odd.length > 0 ? [t`- Why it stands out: ${escaped(odd.slice(0, 5).join('; '))}`] : []),
    ...(hash ? [t`- Script SHA-256: ${hash}`] : []),
    t`- Status: ${translate(alert.state)}${alert.assignee ? `, ${escaped(plainLine(alert.assignee.name, 80))}` : ''}`,
  ].join('\n');
}

const escaped = (text: string) => text.replace(/[\\`*_{}[\]()#+!|<>@~-]/g, '\\$&');

/** Buttons that copy; they appear with JavaScript. */
export function copyHtml(alert: Alert): Html {
  const { caller } = summarize(alert);
  const hash = leadScript(alert)?.sha256;
  const items: [string, string][] = [
    [t`Alert ID`, alert.id],
    ...(caller.ip ? [[t`IP address`, plainLine(caller.ip, 45)] as [string, string]] : []),
    ...(hash ? [[t`Script hash`, hash] as [string, string]] : []),
    [t`Markdown summary`, markdownOf(alert)],
  ];
  return html`<h2>${t`Copy`}</h2><div class="row">${items.map(([label, text]) => html`<button type="button" class="btn" data-copy="${text}">${label}</button>`)}</div>`;
}
