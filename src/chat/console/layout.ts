import { numberText, phrase, t, textLanguage, translate } from '../../domain/text/translate';
import { dataBlock, type Html, html } from './html';
import { scriptTexts } from './script-texts';

const pages = [
  ['alerts', '/console', phrase('Alerts')],
  ['exceptions', '/console/exceptions', phrase('Exceptions')],
  ['activity', '/console/activity', phrase('Activity')],
  ['audit', '/console/audit', phrase('Audit log')],
  ['health', '/console/health', phrase('System health')],
] as const;
export type PageName = (typeof pages)[number][0];
/** A page's own module in assets/. */
export type PageScript = 'list' | 'alert' | 'exceptions' | 'activity' | 'audit' | 'health';

/** What every page shows around its content. */
export interface Shell {
  current: PageName;
  /** Display name of who reads. */
  viewer: string;
  /** Who is signed in, with a button to sign out; null for the local user and the console token. */
  account?: Html | null;
  /** Number of open alerts. */
  open: number;
  /** The demo's chat, beside the page. */
  pane?: Html | false | undefined;
  /** Answer to the press that opened the page, without JavaScript. */
  outcome?: string | null;
}

export function page(title: string, body: Html, shell: Shell, script: PageScript = 'list'): string {
  return `<!doctype html>${
    html`<html lang="${textLanguage()}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} · Runwatch</title>
<link rel="icon" href="/console/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/console/assets/console.css">
${dataBlock('texts', scriptTexts())}
<script type="module" src="/console/assets/${script}.mjs"></script>${shell.pane && paneAssets}
</head>
<body>
<a class="skip" href="#main">${t`Skip to content`}</a>
${bar(shell)}
<main id="main" tabindex="-1">
${shell.outcome && html`<p class="outcome" role="status">${shell.outcome}</p>`}${body}
</main>
${shell.pane}<div id="toasts" class="toasts" role="status" aria-live="polite"></div>
<dialog id="sheet" aria-labelledby="sheet-title"></dialog>
</body>
</html>`.text
  }`;
}

const paneAssets = html`
<link rel="stylesheet" href="/console/demo/assets/demo.css">
<script type="module" src="/console/demo/assets/pane.mjs"></script>`;

const bar = ({ current, viewer, account, open, pane }: Shell): Html =>
  html`<header class="top"><strong class="brand">Runwatch</strong><nav aria-label="${t`Pages`}">${pages.map(
    ([name, href, label]) =>
      html`<a href="${href}"${name === current && html` aria-current="page"`}>${translate(label)}${name === 'alerts' && html` <span class="num" id="open-count">${numberText(open)}</span><span class="unseen">${t` open`}</span>`}</a>`,
  )}</nav><button type="button" class="live" id="live" hidden>${t`Live`}</button>${pane && html`<a class="to-pane" href="#slack">Slack</a>`}${account ?? html`<span class="viewer">${translate(viewer)}</span>`}</header>`;
