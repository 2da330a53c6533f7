import type { Alert } from '../domain/alerts/alert';
import type { Triage } from '../domain/alerts/triage';

interface OldMeasures {
  asked?: Triage['asked'];
  quickException?: Triage['quickException'];
  notes?: Triage['notes'];
  watch?: Triage['watch'];
  escalation?: { at: string; by: Alert['assignee']; opened: { where: string; link: string }[] } | null;
}

/**
 * Parses a stored alert into this version's format. Measures from versions before 0.2 stay on the alert
 * until `actions/migrate-measures.ts` converts them.
 */
export function readAlert(doc: string): Alert {
  const alert = JSON.parse(doc) as Alert & { measures?: OldMeasures };
  if (alert.triage) return alert;
  const { asked, quickException, notes, watch, escalation } = alert.measures ?? {};
  const triage = {
    ...(asked ? { asked } : {}),
    ...(quickException ? { quickException } : {}),
    ...(notes ? { notes } : {}),
    ...(watch ? { watch } : {}),
    ...(escalation
      ? {
          escalation: {
            at: escalation.at,
            by: escalation.by,
            places: escalation.opened.map(({ where, link }) => ({
              id: placeIds[where] ?? 'webhook',
              where,
              link,
              state: 'opened',
            })),
          },
        }
      : {}),
  } as Triage;
  return { ...alert, triage };
}

const placeIds: Record<string, string> = {
  PagerDuty: 'pagerduty',
  'Microsoft Sentinel': 'sentinel',
  'a channel of its own': 'channel',
};
