import type { Severity } from '../../../domain/alerts/severity';

/** Weeks of alerts that the pictures show. */
export const figureWeeks = 12;
/** Of each severity, so many of the newest alerts count for the median. */
export const timedAlerts = 100;

/** How many alerts there are, and how fast they are acknowledged. */
export interface AlertFigures {
  /** Oldest first. The last one is the current week. */
  weeks: {
    /** Its Monday, ms. */
    start: number;
    /** Alerts by severity, suppressed ones too. */
    counts: Record<Severity, number>;
    suppressed: number;
  }[];
  /** Time from raising to acknowledging. */
  acknowledge: Record<
    Severity,
    {
      /** Ms; null if none was acknowledged. */
      median: number | null;
      /** How many were acknowledged. */
      of: number;
      /** Configured target, ms; null without one. */
      target: number | null;
    }
  >;
}
