/** How {@link mrkdwnToHtml} shows what Slack shows by who reads it, and when. */
export interface Reader {
  /** Current time, ms. */
  now: number;
  /** IANA zone of the reader. */
  zone: string;
  /** Display names by id of user, channel or group. */
  names?: Readonly<Record<string, string>>;
}

const entities: Record<string, string> = { '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };

/** Escapes text for HTML. */
export const escapeText = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/[<>"']/g, (character) => entities[character] ?? character);

/** Escapes text in which `&`, `<` and `>` are escaped already, as in mrkdwn. */
const escapeRest = (text: string): string =>
  text
    .replace(/&(?!(?:amp|lt|gt);)/g, '&amp;')
    .replace(/[<>"']/g, (character) => entities[character] ?? character);

const emoji: Record<string, string> = {
  white_check_mark: '✅',
  warning: '⚠️',
  lock: '🔒',
  eyes: '👀',
  x: '❌',
  rotating_light: '🚨',
  hourglass_flowing_sand: '⏳',
};

/** Converts Slack's mrkdwn to HTML. @see https://docs.slack.dev/messaging/formatting-message-text */
export function mrkdwnToHtml(text: string, reader: Reader): string {
  const kept: string[] = [];
  const keep = (html: string) => `\ue000${kept.push(html) - 1}\ue001`;
  const marked = text
    .replace(/[\ue000\ue001]/g, '')
    .replace(/```\n?([\s\S]*?)```/g, (_, code) => keep(`<pre>${escapeRest(code)}</pre>`))
    .replace(/(?<!\u200b)`([^`\n]+)`/g, (_, code) => keep(`<code>${escapeRest(code)}</code>`))
    .replace(/<([^<>\n]+)>/g, (_, token) => keep(tokenToHtml(token, reader)));
  const formatted = escapeRest(marked)
    .replace(/:([a-z_]+):/g, (whole, name) => emoji[name] ?? whole)
    .replace(/(^|[^\w*\u200b])\*([^*\n]+)\*(?![\w*])/g, '$1<b>$2</b>')
    .replace(/(^|[^\w_\u200b])_([^_\n]+)_(?![\w_])/g, '$1<i>$2</i>')
    .replace(/(^|[^\w~\u200b])~([^~\n]+)~(?![\w~])/g, '$1<s>$2</s>')
    .replace(/\n/g, '<br>');
  return formatted
    .replace(/\ue000(\d+)\ue001/g, (_, index) => kept[Number(index)] ?? '')
    .replace(/<\/pre><br>/g, '</pre>');
}

/** What is between `<` and `>`: a link, a mention or a date. */
function tokenToHtml(token: string, reader: Reader): string {
  const [target = '', label] = token.split('|', 2);
  const mention = (name: string) => `<span class="mention">${escapeRest(name)}</span>`;
  if (target.startsWith('!date^')) return escapeText(dateOf(target, label ?? '', reader));
  if (/^[@#]/.test(target))
    return mention(`${target[0]}${label ?? reader.names?.[target.slice(1)] ?? target.slice(1)}`);
  if (target.startsWith('!subteam^')) {
    const group = target.slice('!subteam^'.length);
    return mention(label ?? `@${reader.names?.[group] ?? group}`);
  }
  if (target.startsWith('!')) return mention(`@${target.slice(1)}`);
  if (!/^(https?:|mailto:)/.test(target)) return escapeRest(label ?? target);
  return `<a href="${escapeRest(target)}" rel="noreferrer">${escapeRest(label ?? target)}</a>`;
}

/** `!date^SECONDS^FORMAT`, in the reader's zone. */
function dateOf(target: string, fallback: string, { now, zone }: Reader): string {
  const [, seconds = '', format = ''] = target.split('^');
  const at = Number(seconds) * 1000;
  if (!Number.isFinite(at)) return fallback;
  const show = (options: Intl.DateTimeFormatOptions, when = at) =>
    new Intl.DateTimeFormat('en-US', { timeZone: zone, ...options }).format(when);
  const day: Intl.DateTimeFormatOptions = { month: 'short', day: 'numeric', year: 'numeric' };
  const days = Math.round((Date.parse(show(day)) - Date.parse(show(day, now))) / 86_400_000);
  const pretty = { '0': 'Today', '-1': 'Yesterday', '1': 'Tomorrow' }[String(days)] ?? show(day);
  const time: Intl.DateTimeFormatOptions = { hour: 'numeric', minute: '2-digit' };
  return format
    .replace(/\{date\w*pretty\}/g, pretty)
    .replace(/\{date\w*\}/g, show(day))
    .replace(/\{time_secs\}/g, show({ ...time, second: '2-digit' }))
    .replace(/\{time\}/g, show(time));
}
