import { plainLine } from '../text/plain-text';
import { t } from '../text/translate';

/**
 * A scope as text: "subscription 5f3c…", "resource group rg-pay", "vm-pay-01". `named` is the subscription's
 * display name.
 */
export function scopeLabel(scope: string, named: string | null = null): string {
  const clean = plainLine(scope, 300);
  const subscription = /^\/subscriptions\/([^/]+)$/i.exec(clean)?.[1];
  if (subscription) return t`subscription ${named ? plainLine(named, 80) : subscription}`;
  const group = /^\/subscriptions\/[^/]+\/resourceGroups\/([^/]+)$/i.exec(clean)?.[1];
  if (group) return t`resource group ${group}`;
  const management = /managementGroups\/([^/]+)$/i.exec(clean)?.[1];
  if (management) return t`management group ${management}`;
  return clean === '/' ? t`the root of the tenant` : (clean.split('/').at(-1) ?? clean);
}
