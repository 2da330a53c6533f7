import { Refusal } from '../alerts/transitions';
import { type Opened, openers } from './incidents';
import { measure } from './measure';
import type { Response } from './response';

/** Opens an incident wherever RUNWATCH_CONFIG's `escalation` says; each place is noted once it has one. */
export const escalate: Response = {
  action: 'escalate',
  title: 'Escalate',
  needs: 'triage',
  permissions: ['Microsoft.SecurityInsights/incidents/read', 'Microsoft.SecurityInsights/incidents/write'],
  run: async (alert, press, deps) => {
    if (alert.pressesDone.includes(press.pressId)) return null;
    const { escalation } = deps.config.policy;
    if (alert.measures.escalation)
      throw new Refusal(`It is already escalated, by ${alert.measures.escalation.by.name}.`);
    const opened: Opened[] = [];
    for (const open of openers) {
      const incident = escalation ? await open(alert, escalation, deps) : null;
      if (incident) opened.push(incident);
    }
    if (opened.length === 0)
      throw new Refusal('Nothing is set to escalate to: set escalation in RUNWATCH_CONFIG.');
    await measure(press, deps, () => ({ escalation: { at: press.at, by: press.by, opened } }));
    return null;
  },
};
