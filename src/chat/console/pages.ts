import { t } from '../../domain/text/translate';
import { type Html, html } from './html';

/** Events that the demo can trigger. */
export interface Panel {
  choices: readonly { name: string; says: string }[];
  play: (name: string) => void;
}

/** The demo's panel. Each button triggers an event in the simulated tenant. */
export const panelHtml = (choices: Panel['choices'], csrf: string): Html =>
  html`<details class="demo"><summary>${t`Trigger a demo event`}</summary><div class="choices">${choices.map(
    ({ name, says }) =>
      html`<form method="post" action="/console/play/${name}"><input type="hidden" name="csrf" value="${csrf}"><button type="submit" class="btn" data-play="${name}" title="${says}">${says}</button></form>`,
  )}</div></details>`;
