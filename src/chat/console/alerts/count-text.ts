import { numberText } from '../../../domain/text/translate';
import type { Count } from './read-alerts';

/** "1,234", or "5,000+" if it is not known exactly. */
export const countText = (count: Count): string =>
  typeof count === 'number' ? numberText(count) : `${numberText(leastOf(count))}+`;

export const leastOf = (count: Count): number => Number(String(count).replace('at least ', ''));
