import type { EscalationPlace, TicketState } from '../domain/alerts/triage';
import { plainLine } from '../domain/text/plain-text';
import { phrase, t, translate } from '../domain/text/translate';
import type { Inline } from './inline';

/** The place of an incident: linked if its link can be trusted, otherwise with the link as text. */
export function placeWords({ where, link, url, state }: EscalationPlace): Inline {
  const name = plainLine(where, 80);
  if (state === 'opened') return url ? { text: name, link: url } : `${name} ${plainLine(link, 200)}`.trim();
  return `${name}: ${state === 'failed' ? t`not opened` : t`being opened`}`;
}

/** The place with the last known state of its incident, and what the place could not be told. */
export function placeLine(place: EscalationPlace): Inline[] {
  const { remote, notTold } = place;
  return [
    placeWords(place),
    ...(remote ? [`: ${remoteWords(remote)}`] : []),
    ...(notTold ? [' · ', { alarm: t`not told` }, `: ${notToldWords(notTold)}`] : []),
  ];
}

const stateNames: Record<TicketState, string> = {
  open: phrase('open'),
  acknowledged: phrase('acknowledged'),
  closed: phrase('closed'),
};

export const remoteWords = ({ state, by }: NonNullable<EscalationPlace['remote']>): string =>
  by ? t`${translate(stateNames[state])} by ${plainLine(by, 80)}` : translate(stateNames[state]);

const notToldWords = ({ reason, retrying }: NonNullable<EscalationPlace['notTold']>): string =>
  retrying ? t`${plainLine(reason, 200)}, retrying` : plainLine(reason, 200);
