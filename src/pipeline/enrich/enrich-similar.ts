import type { Alert } from '../../domain/alerts/alert';
import type { LikeClosed } from '../../domain/alerts/facts';
import { likeClosedFrom, likenessKey, likenessOf } from '../../domain/alerts/similar';
import { phrase } from '../../domain/text/translate';
import type { Store } from '../../store/store';
import type { Part } from './enrichment-part';

const dayMs = 86_400_000;

/** Whether people closed alerts like this one as harmless. */
export const similar: Part = {
  what: phrase('similar alerts'),
  ask: async (alert, { store }) => ({ likeClosed: await likeClosed(alert, store) }),
};

/** Alerts like this one that were closed as benign or expected since 90 days before it, if there are three. */
export async function likeClosed(
  alert: Alert,
  { alerts }: Pick<Store, 'alerts'>,
): Promise<LikeClosed | null> {
  const likeness = likenessOf(alert);
  if (!likeness) return null;
  const closes = await alerts.harmlessCloses(likenessKey(likeness), Date.parse(alert.raisedAt) - 90 * dayMs);
  return likeClosedFrom(closes.filter(({ alertId }) => alertId !== alert.id));
}
