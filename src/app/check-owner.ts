import { setTimeout as delay } from 'node:timers/promises';
import { plainLine } from '../domain/text/plain-text';
import { t } from '../domain/text/translate';
import { within } from '../runtime/within';
import type { Store } from '../store/store';

export interface OwnerDeps {
  store: Pick<Store, 'owner'>;
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
const tenantTimeoutMs = 1500;
/** A credential that stays unavailable is asked less and less often, ms. */
const firstRecheckMs = 10_000;
const lastRecheckMs = 600_000;

/**
 * Whether this Redis belongs to this bot. Two bots would post each other's alerts. Processes of one bot have the same
 * tenant. One with another RUNWATCH_SECRET does not act, and says so; see secret-check.ts.
 */
export async function checkOwner({ store, tenantId }: OwnerDeps): Promise<OwnerCheck> {
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
