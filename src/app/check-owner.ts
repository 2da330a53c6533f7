import { setTimeout as delay } from 'node:timers/promises';
import { plainLine } from '../domain/text/plain-text';
import { t } from '../domain/text/translate';
import type { Keyring } from '../runtime/keyring';
import { within } from '../runtime/within';
import type { Store } from '../store/store';

export interface OwnerDeps {
  store: Pick<Store, 'secretMatches' | 'secretIsRetired' | 'owner'>;
  keyring: Keyring;
  /** The tenant of our credential; null if it is not known (yet). */
  tenantId: () => Promise<string | null>;
}

export interface OwnerCheck {
  /** Why this Redis belongs to another bot; null if nothing says so. */
  why: string | null;
  /** False while our tenant is not known. */
  isCertain: boolean;
}

/** How long a credential may take to say its tenant before the bot starts without it, ms. */
const tenantTimeoutMs = 5000;
/** A credential that stays unavailable is asked less and less often, ms. */
const firstRecheckMs = 10_000;
const lastRecheckMs = 600_000;

/**
 * Whether this Redis belongs to this bot. Two bots would poll each other's subscriptions and perform each
 * other's actions. Processes of one bot have the same tenant and the same secret; while the secret is replaced,
 * some still have the previous one.
 */
export async function checkOwner({ store, keyring, tenantId }: OwnerDeps): Promise<OwnerCheck> {
  if (!(await store.secretMatches(keyring)) && !(await store.secretIsRetired(keyring)))
    return {
      why: t`RUNWATCH_SECRET: differs from that of the Runwatch that uses this Redis. A second bot needs its own Redis, database (REDIS_URL) or data directory (RUNWATCH_DATA_DIR). To replace the secret of this bot, set RUNWATCH_SECRET_PREVIOUS to the old one`,
      isCertain: true,
    };
  const ours = await within(tenantTimeoutMs, tenantId(), () => new Error('no tenant yet')).catch(() => null);
  if (ours === null) return { why: null, isCertain: false };
  const owner = await store.owner.claimFor(ours);
  if (owner === ours.toLowerCase()) return { why: null, isCertain: true };
  return {
    why: t`This Redis belongs to the Runwatch of tenant ${plainLine(owner, 60)}, and the credential here is of tenant ${plainLine(ours, 60)}. A second bot needs its own Redis, database (REDIS_URL) or data directory (RUNWATCH_DATA_DIR)`,
    isCertain: true,
  };
}

/**
 * Repeats a check that was not certain, because Redis or the credential did not answer.
 * @returns why this Redis belongs to another bot; null if it is ours, or if we stopped
 */
export async function untilCertain(
  first: Promise<OwnerCheck>,
  deps: OwnerDeps,
  stopped: AbortSignal,
): Promise<string | null> {
  let waitMs = firstRecheckMs;
  for (let check = first; !stopped.aborted; check = checkOwner(deps)) {
    const known = await check.catch(() => null);
    if (known?.isCertain) return known.why;
    await delay(waitMs, undefined, { signal: stopped, ref: false }).catch(() => {});
    waitMs = Math.min(2 * waitMs, lastRecheckMs);
  }
  return null;
}
