/**
 * An ARM id as part of a request's path. Ids come from logs, from people and from Azure's answers: one that would lead to
 * another path, or begin a query, is refused.
 */
export function pathOf(id: string): string {
  const parts = id.split('/').filter((part) => part !== '');
  for (const part of parts)
    if (/^\.{1,2}$/.test(part) || /[?#%\\\u0000-\u001f]/.test(part))
      throw new Error(`refused to ask Azure for ${JSON.stringify(id.slice(0, 200))}: it is no ARM id`);
  return `/${parts.map(encodeURIComponent).join('/')}`;
}

/** The SDK writes /{scope}/providers by itself and takes the scope as it is: a slash of ours before it would make two. */
export const inPath = (scope: string): string => {
  pathOf(scope);
  return scope.replace(/^\/+/, '');
};

/** A scope's subscription; the clients want one even where the scope has none, and it is not part of the request then. */
export const subscriptionOf = (scope: string): string =>
  /\/subscriptions\/([0-9a-f-]{36})(?:\/|$)/i.exec(scope)?.[1] ?? '00000000-0000-0000-0000-000000000000';
