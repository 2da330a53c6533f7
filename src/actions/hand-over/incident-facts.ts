import type { PolicyFile } from '../../config/config';
import { type Alert, summarize } from '../../domain/alerts/alert';
import { plainLine } from '../../domain/text/plain-text';
import { t } from '../../domain/text/translate';
import type { ActionDeps } from '../action';

export type Escalation = NonNullable<PolicyFile['escalation']>;

/** The facts that every incident includes. */
export function about(alert: Alert, { linkTo }: ActionDeps) {
  const { technique, target, caller, startedAt } = summarize(alert);
  return {
    id: alert.id,
    title: plainLine(t`${technique.title} on ${target.name} by ${caller.name} (${alert.id})`, 250),
    severity: alert.severity,
    score: alert.score,
    caller: plainLine(caller.name, 200),
    target: target.id,
    startedAt,
    reasons: alert.reasons.map((reason) => plainLine(reason.text, 200)),
    link: linkTo(alert.id) ?? '',
  };
}
export type About = ReturnType<typeof about>;

/** The event that opens an incident in PagerDuty. The key prevents duplicates. */
export function pageFor(alert: Alert, key: string, { routingKey }: Escalation, deps: ActionDeps) {
  const { title, severity, target, startedAt, score, reasons, link } = about(alert, deps);
  return {
    routing_key: routingKey,
    event_action: 'trigger',
    dedup_key: key,
    links: link ? [{ href: link, text: alert.id }] : [],
    payload: {
      summary: title,
      source: target,
      severity: { critical: 'critical', high: 'error', medium: 'warning', low: 'info' }[severity],
      timestamp: startedAt,
      custom_details: { score, reasons },
    },
  };
}
