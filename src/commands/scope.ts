import { CommandError } from './output';

/** A scope as people write it: a subscription's GUID, or any ARM id; the subscription inside it is needed for Azure's lists. */
export function parseScope(text: string): { scope: string; subscriptionId: string } {
  const scope = /^[0-9a-f-]{36}$/i.test(text) ? `/subscriptions/${text}` : text.replace(/\/+$/, '');
  const subscriptionId = /^\/subscriptions\/([0-9a-f-]{36})/i.exec(scope)?.[1];
  if (!subscriptionId) {
    throw new CommandError(
      `--scope: got ${text}, expected a subscription id or an ARM id such as /subscriptions/…/resourceGroups/…`,
      2,
    );
  }
  return { scope, subscriptionId: subscriptionId.toLowerCase() };
}
