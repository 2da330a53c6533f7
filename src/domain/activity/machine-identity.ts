import { is, parseResourceId } from '../resources/resource-id';
import { plainLine } from '../text/plain-text';
import { t } from '../text/translate';
import type { Caller } from './activity-event';

type Holder = Pick<Caller, 'managedIdentityResource'>;

/** The id of the resource whose own identity called, in lower case. Null for others: several resources share those. */
export function identityHolderOf({ managedIdentityResource = '' }: Holder): string | null {
  const parsed = parseResourceId(managedIdentityResource);
  if (!parsed?.chain[0] || is(parsed.provider, 'Microsoft.ManagedIdentity')) return null;
  return managedIdentityResource.toLowerCase().replace(/\/+$/, '');
}

/** "vm-pay-01’s identity"; null unless Azure says which resource it belongs to. */
export function identityName(caller: Holder): string | null {
  if (!identityHolderOf(caller)) return null;
  const chain = parseResourceId(caller.managedIdentityResource ?? '')?.chain ?? [];
  return t`${plainLine(chain.map(({ name }) => name).join('/'), 80)}’s identity`;
}

/** Ids, in lower case, of what has the identity that a command on this machine can use: itself, or its scale set. */
export function holdersOn(machineId: string): string[] {
  const id = machineId.toLowerCase();
  const set = /^(.+\/virtualmachinescalesets\/[^/]+)\/virtualmachines\/[^/]+$/.exec(id)?.[1];
  return set ? [id, set] : [id];
}
