/**
 * The one place that keeps our own secrets out of what is printed, logged or shown. What strangers' scripts may hold is
 * found by its form instead, in alerts/redact.ts.
 */

/** Shorter texts stand in ordinary words too often. */
const shortest = 6;
export const redacted = '[redacted]';

const hidden = new Set<string>();

const entity: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/** As HTML, Slack's mrkdwn and a card's Markdown write a text. What each escapes stands in chat/, which redacts last. */
const escapes: ((text: string) => string)[] = [
  (text) => text.replace(/[&<>"']/g, (character) => entity[character] ?? character),
  (text) => text.replace(/[&<>]/g, (character) => entity[character] ?? character),
  (text) =>
    text
      .replace(/[&<>]/g, (character) => entity[character] ?? character)
      .replace(/[*~`]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, '\u200b$&'),
  (text) => text.replace(/[\\`*_[\]()#~<>|]/g, '\\$&'),
  (text) => JSON.stringify(text.replace(/[\\`*_[\]()#~<>|]/g, '\\$&')).slice(1, -1),
];

/** From now on none of these texts leaves this process, as it is, URL-encoded or inside JSON. */
export function hideSecrets(secrets: Iterable<string>): void {
  for (const secret of secrets) {
    if (secret.length < shortest) continue;
    const inJson = JSON.stringify(secret).slice(1, -1);
    for (const form of [secret, inJson, ...escapes.map((write) => write(secret))]) {
      hidden.add(form);
      hidden.add(encodeURIComponent(form));
    }
  }
}

/** The text without any of our secrets. */
export function redactSecrets(text: string): string {
  let out = text;
  for (const secret of hidden) if (out.includes(secret)) out = out.replaceAll(secret, redacted);
  return out;
}

/** The parts of a URL that let somebody in: its user, password and query, and what a webhook's path ends with. */
export function secretsOfUrl(text: string): string[] {
  const login = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(text)?.[1];
  const password = login?.includes(':') ? login.slice(login.indexOf(':') + 1) : login;
  const parts = password ? [password, decoded(password)] : [];
  if (!URL.canParse(text)) return login === undefined ? parts : [text, ...parts];
  const url = new URL(text);
  const query = [...url.searchParams.values()];
  const path = url.pathname.split('/').filter((part) => part.length >= 16);
  return [...parts, ...query, ...path, ...(login === undefined && !url.search ? [] : [text])].filter(
    (part) => part.length >= shortest,
  );
}

/** A URL as it may be shown: where it leads, without who logs in and with what. */
export function shownUrl(text: string): string {
  const bare = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1').replace(/[?#].*$/s, '');
  return bare
    .split('/')
    .map((part, index) => (index > 2 && part.length >= 16 ? redacted : part))
    .join('/');
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
