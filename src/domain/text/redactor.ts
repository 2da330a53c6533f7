/**
 * Removes our own secrets from everything printed, logged or shown. Secrets in other people's scripts are
 * found by pattern in redact.ts.
 */

/** Shorter texts are too common in ordinary words. */
const minSecretLength = 6;
export const redacted = '[redacted]';

const hidden = new Set<string>();

const entity: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
/**
 * The escaped forms in HTML, Slack's mrkdwn and card Markdown. They mirror the escaping in chat/, which
 * redacts last.
 */
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

/**
 * Registers secrets. From then on they are redacted as plain text, URL-encoded, inside JSON and escaped for
 * chat.
 */
export function hideSecrets(secrets: Iterable<string>): void {
  for (const secret of secrets) {
    if (secret.length < minSecretLength) continue;
    const inJson = JSON.stringify(secret).slice(1, -1);
    for (const form of [secret, inJson, ...escapes.map((write) => write(secret))]) {
      hidden.add(form);
      hidden.add(encodeURIComponent(form));
    }
  }
}

/** Removes all registered secrets from the text. */
export function redactSecrets(text: string): string {
  let out = text;
  for (const secret of hidden) if (out.includes(secret)) out = out.replaceAll(secret, redacted);
  return out;
}

/** The credentials in a URL: user, password, query values and long path segments, such as in webhooks. */
export function secretsOfUrl(text: string): string[] {
  const login = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)@/i.exec(text)?.[1];
  const password = login?.includes(':') ? login.slice(login.indexOf(':') + 1) : login;
  const parts = password ? [password, decoded(password)] : [];
  if (!URL.canParse(text)) return login === undefined ? parts : [text, ...parts];
  const url = new URL(text);
  const query = [...url.searchParams.values()];
  const path = url.pathname.split('/').filter((part) => part.length >= 16);
  return [...parts, ...query, ...path, ...(login === undefined && !url.search ? [] : [text])].filter(
    (part) => part.length >= minSecretLength,
  );
}

/** A URL that is safe to show, without credentials or query. */
export function shownUrl(text: string): string {
  const bare = text.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, '$1').replace(/[?#].*$/s, '');
  return bare
    .split('/')
    .map((part, index) => (index > 2 && part.length >= 16 ? redacted : part))
    .join('/');
}

export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
