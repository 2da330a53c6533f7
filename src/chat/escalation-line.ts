import type { EscalationPlace } from '../domain/alerts/triage';
import { plainLine } from '../domain/text/plain-text';
import { t } from '../domain/text/translate';
import type { Inline } from './inline';

/** The place of an incident: linked if its link can be trusted, otherwise with the link as text. */
export function placeWords({ where, link, url, state }: EscalationPlace): Inline {
  const name = plainLine(where, 80);
  if (state === 'opened') return url ? { text: name, link: url } : `${name} ${plainLine(link, 200)}`.trim();
  return `${name}: ${state === 'failed' ? t`not opened` : t`being opened`}`;
}
