import type { Inline } from '../inline';
import { textBar } from '../text-bar';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/**
 * Escapes text so that Slack shows it verbatim: no control sequences (<!channel>, <@U1>, <url|text>), and a
 * zero-width space breaks formatting marks and emoji.
 * @see https://docs.slack.dev/messaging/formatting-message-text
 */
export function escapeMrkdwn(text: string): string {
  if (!/[&<>*~`_:@]/.test(text)) return text;
  return text
    .replace(/[&<>]/g, (character) => entities[character] ?? character)
    .replace(/[*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\u200b$&')
    .replace(/:(?=[a-z0-9_+'-]+:)/gi, ':\u200b')
    .replace(/@(?=(?:here|channel|everyone)\b)/gi, '@\u200b');
}

export const dateFormat = '{date_short_pretty} {time_secs}';

/** For clients that can't show a time in the reader's time zone. */
export const utcText = (iso: string): string =>
  `${new Date(iso).toISOString().slice(0, 19).replace('T', ' ')} UTC`;

/** A time in the reader's time zone. */
const dateToken = (iso: string) =>
  `<!date^${Math.floor(Date.parse(iso) / 1000)}^${dateFormat}|${utcText(iso)}>`;

/** Slack ends a link's address at these characters. */
const linkTarget = (url: string) => url.replace(/[<>|\s]/g, encodeURIComponent);

export const toMrkdwn = (line: readonly Inline[]): string =>
  line
    .map((part) => {
      if (typeof part === 'string') return escapeMrkdwn(part);
      if ('bold' in part) return `*${escapeMrkdwn(part.bold)}*`;
      if ('alarm' in part) return `⚠️ *${escapeMrkdwn(part.alarm)}*`;
      if ('code' in part) return `\`${escapeMrkdwn(part.code.replace(/`/g, "'"))}\``;
      if ('bar' in part) return textBar(part.bar);
      if ('link' in part) return `<${linkTarget(part.link)}|${escapeMrkdwn(part.text)}>`;
      return dateToken(part.time);
    })
    .join('');
