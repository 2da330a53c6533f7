import type { Alert, ClosedAs } from '../alerts/alert';
import { lastChange } from '../alerts/transitions';
import { plainLine } from '../text/plain-text';
import { t, translate } from '../text/translate';

/** The closed alert that an exception was added from. */
export interface ExceptionOrigin {
  alertId: string;
  closedAs: ClosedAs;
  /** What was noted when it was closed. */
  note?: string | undefined;
}

/** Longest note, characters. */
export const maxOriginNote = 2000;

/** The origin of an exception added from this alert; null while it is open. */
export function originOf(alert: Alert): ExceptionOrigin | null {
  if (!alert.closedAs) return null;
  const note = lastChange(alert, 'closed')?.note?.trim().slice(0, maxOriginNote);
  return { alertId: alert.id, closedAs: alert.closedAs, ...(note ? { note } : {}) };
}

/** "RW-1, closed as benign: patch window" */
export const originText = ({ alertId, closedAs, note }: ExceptionOrigin): string =>
  t`${plainLine(alertId, 40)}, closed as ${translate(closedAs)}${note ? `: ${plainLine(note, 200)}` : ''}`;
