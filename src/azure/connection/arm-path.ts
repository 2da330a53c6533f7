/**
 * An ARM id as a request path. Ids come from logs, people, and Azure. An id that would change the path or
 * start a query is rejected.
 */
export function pathOf(id: string): string {
  const parts = id.split('/').filter((part) => part !== '');
  for (const part of parts)
    if (/^\.{1,2}$/.test(part) || /[?#%\\\u0000-\u001f]/.test(part))
      throw new Error(`refused to call Azure with ${JSON.stringify(id.slice(0, 200))}: not an ARM id`);
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** The SDK builds /{scope}/providers itself, so a leading slash in the scope would be doubled. */
export const inPath = (scope: string): string => {
  pathOf(scope);
  return scope.replace(/^\/+/, '');
};

/** A scope's subscription. The clients require one even if the scope has none; the request then omits it. */
export const subscriptionOf = (scope: string): string =>
  /\/subscriptions\/([0-9a-f-]{36})(?:\/|$)/i.exec(scope)?.[1] ?? '00000000-0000-0000-0000-000000000000';
