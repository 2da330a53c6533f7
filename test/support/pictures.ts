import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { renderMessage, renderView, type ShownMessage, slackCss } from '../../src/chat/slack/render-html';

// biome-ignore lint/suspicious/noExplicitAny: a view or card, as sent
type Loose = any;

export interface PictureOptions {
  dark?: boolean;
  /** Opens the overflow menu. */
  open?: boolean;
  /** Width, CSS pixels. */
  width?: number;
}

const slackCaption = 'Rendered locally from Block Kit; not a Slack screenshot';
const teamsCaption = 'Rendered locally by the adaptivecards package; not a Teams screenshot';
const captionCss = `body{margin:0;font-family:Segoe UI,Arial,sans-serif}.caption{font-size:11px;color:#767676;padding:6px 20px}`;
const renderer = () => readFileSync(require.resolve('adaptivecards/dist/adaptivecards.min.js'), 'utf8');

/** Teams' look. @see https://learn.microsoft.com/adaptive-cards/rendering-cards/host-config */
const hostConfig = {
  fontFamily: 'Segoe UI, Arial, sans-serif',
  supportsInteractivity: true,
  spacing: { small: 4, default: 8, medium: 12, large: 16, extraLarge: 24, padding: 16 },
  actions: { maxActions: 6, actionsOrientation: 'horizontal', actionAlignment: 'left', buttonSpacing: 8 },
  factSet: { title: { weight: 'Bolder', wrap: true, maxWidth: 150 }, value: { wrap: true }, spacing: 12 },
  containerStyles: {
    attention: { backgroundColor: '#f9e4e4', foregroundColors: { default: { default: '#a4262c' } } },
    warning: { backgroundColor: '#fbf0d9', foregroundColors: { default: { default: '#835b00' } } },
    good: { backgroundColor: '#e7f2da', foregroundColors: { default: { default: '#237b4b' } } },
    emphasis: { backgroundColor: '#f0f0f0' },
  },
};
const cardCss = `.ac-pushButton{font:600 14px Segoe UI,Arial,sans-serif;height:32px;padding:0 14px;border:1px solid #d1d1d1;border-radius:4px;background:#fff}
.card{margin:0 20px;border:1px solid #e0e0e0;border-radius:6px;overflow:hidden;background:#fff}
.ac-pushButton.style-positive{background:#5b5fc7;border-color:#5b5fc7;color:#fff}.ac-pushButton.style-destructive{color:#c4314b;border-color:#c4314b}`;

/** Writes pictures of messages to test-results/message, as their renderers show them. */
export function createPictures(browser: Browser, now: () => number) {
  const folder = join(__dirname, '../../test-results/message');

  async function shoot(name: string, html: string, { open, width = 720 }: PictureOptions, cards?: Loose) {
    const page = await browser.newPage({ viewport: { width, height: 1100 }, deviceScaleFactor: 1 });
    await page.setContent(html);
    if (open) await page.locator('details.overflow summary').first().click();
    if (cards) {
      await page.addScriptTag({ content: renderer() });
      await page.evaluate(showCard, [cards, hostConfig] as const);
    }
    await page.locator('#picture').screenshot({ path: join(folder, `${name}.png`) });
    await page.close();
  }
  const slackPage = (inner: string, dark = false) =>
    `<style>${captionCss}${slackCss}</style><div id="picture" class="slack${dark ? ' dark' : ''}">${inner}<div class="caption">${slackCaption}</div></div>`;
  const reader = () => ({ now: now(), zone: 'UTC' });

  return {
    message: (name: string, message: ShownMessage, options: PictureOptions = {}) =>
      shoot(name, slackPage(renderMessage(message, reader()), options.dark), options),
    view: (name: string, view: Loose, options: PictureOptions = {}) =>
      shoot(name, slackPage(renderView(view, reader()), options.dark), {
        ...(view.type === 'modal' ? { width: 520 } : {}),
        ...options,
      }),
    card: (name: string, card: Loose, options: PictureOptions = {}) =>
      shoot(
        name,
        `<style>${captionCss}${cardCss}</style><div id="picture" style="background:#f5f5f5;padding:8px 0"><div class="card"></div><div class="caption">${teamsCaption}</div></div>`,
        { width: 800, ...options },
        card,
      ),
  };
}

/** Runs in the page. The package leaves Markdown to its host; this is the part that our cards use. */
function showCard([content, config]: readonly [Loose, Loose]): void {
  const { AdaptiveCards, document } = globalThis as Loose;
  AdaptiveCards.AdaptiveCard.onProcessMarkdown = (text: string, result: Loose) => {
    const safe = text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;');
    const escaped: string[] = [];
    result.outputHtml = safe
      .replace(/\\(&lt;|&gt;|.)/g, (_, character) => `\u0001${escaped.push(character) - 1}\u0002`)
      .replace(/\*\*(.+?)\*\*/g, '<b>$1</b>')
      .replace(/\[(.+?)\]\((https?:[^)]+)\)/g, '<a href="$2">$1</a>')
      .replace(/\u0001(\d+)\u0002/g, (_, index) => escaped[Number(index)] ?? '');
    result.didProcess = true;
  };
  const shown = new AdaptiveCards.AdaptiveCard();
  shown.hostConfig = new AdaptiveCards.HostConfig(config);
  shown.parse(content);
  document.querySelector('.card').appendChild(shown.render());
}
