/** The SDK writes /{scope}/providers: a slash of ours before it would make two. */
export const inPath = (scope: string): string => scope.replace(/^\/+/, '');

/** A scope's subscription; the clients want one even where the scope has none, and it is not part of the request then. */
export const subscriptionOf = (scope: string): string =>
  /\/subscriptions\/([^/]+)/i.exec(scope)?.[1] ?? '00000000-0000-0000-0000-000000000000';
