import type { Alert } from '../domain/alerts/alert';
import { likeClosedOf, likeClosedText } from '../domain/alerts/similar';
import { t } from '../domain/text/translate';
import type { Inline } from './inline';

/** "Like 3 alerts closed as benign (last RW-1 on …): add an exception?" Null if there are no such alerts. */
export function likeClosedLine(alert: Alert): Inline[] | null {
  const like = likeClosedOf(alert);
  if (!like || alert.state === 'closed') return null;
  return [
    t`${likeClosedText(like)} (last ${like.alertIds[0] ?? ''} on `,
    { time: like.lastAt },
    t`): add an exception?`,
  ];
}
