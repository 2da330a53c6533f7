import { type Alert, summarize } from '../domain/alerts/alert';
import type { AuditDraft } from '../domain/audit/audit-chain';
import type { PressJob } from './action';

export function auditOf(
  press: PressJob,
  alert: Alert | null,
  result: AuditDraft['result'],
  why: string | null = null,
  details?: Record<string, unknown>,
): AuditDraft {
  return {
    at: press.at,
    by: press.by,
    action: press.action,
    alertId: press.alertId || null,
    object: alert ? summarize(alert).target.id : null,
    result,
    why,
    ...(details ? { details } : {}),
  };
}
