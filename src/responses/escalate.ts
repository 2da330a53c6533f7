import { summarize } from '../alerts/alert';
import { plainLine } from '../alerts/plain-text';
import { Refusal } from '../alerts/transitions';
import { measure } from './measure';
import type { Response } from './response';

/** Opens an incident by PagerDuty's Events v2, or whatever takes its format; the alert's id keeps it one. */
export const escalate: Response = {
  action: 'escalate',
  title: 'Escalate',
  needs: 'triage',
  permissions: [],
  run: async (alert, press, deps) => {
    if (!deps.escalation)
      throw new Refusal(
        'Nothing is set to escalate to: set escalation.url and escalation.routingKey in RUNWATCH_CONFIG.',
      );
    if (alert.measures.escalation)
      throw new Refusal(`It is already escalated, by ${alert.measures.escalation.by.name}.`);
    const { technique, target, caller, startedAt } = summarize(alert);
    const severity = { critical: 'critical', high: 'error', medium: 'warning', low: 'info' }[alert.severity];
    const response = await fetch(deps.escalation.url, {
      method: 'POST',
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        routing_key: deps.escalation.routingKey,
        event_action: 'trigger',
        dedup_key: alert.id,
        payload: {
          summary: plainLine(`${technique.title} on ${target.name} by ${caller.name} (${alert.id})`, 1000),
          source: target.id,
          severity,
          timestamp: startedAt,
          custom_details: { score: alert.score, reasons: alert.reasons.map((reason) => reason.text) },
        },
      }),
    });
    if (!response.ok) throw new Error(`the incident system answered ${response.status}`);
    await measure(press, deps, () => ({ escalation: { at: press.at, by: press.by, link: '' } }));
    return null;
  },
};
