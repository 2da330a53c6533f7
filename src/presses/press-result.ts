import type { PressJob } from '../actions/action';
import { auditOf } from '../actions/audit-of';
import type { PressResult } from '../store/press-results';
import type { PerformDeps } from './perform-deps';

/** Stores the result of a press and sends it to the presser. */
export async function note(press: PressJob, result: PressResult, deps: PerformDeps): Promise<void> {
  logPress(press, result.result, deps);
  deps.metrics.presses.inc({ action: press.action, result: result.result });
  if (result.text) await deps.replyPrivately(press, result.text);
  await deps.store.pressResults.note(press.pressId, result);
}

/** Surfaces that are not chats. Any other name may come from a forged job, and must not become a metric's label. */
const known = new Set(['console', 'api', 'cli', 'runwatch', 'ticket']);

/** Logs one line per press, to match with the audit log. */
export function logPress(press: PressJob, result: string, { log, metrics, now, store }: PerformDeps): void {
  const { alertId, action, pressId, by, at } = press;
  log.info({ alertId, action, pressId, by: by.id, surface: by.surface, result }, 'a press');
  const surface = known.has(by.surface) || store.surfaces.includes(by.surface) ? by.surface : 'unknown';
  metrics.pressSeconds.observe({ surface }, Math.max(0, (now() - Date.parse(at)) / 1000));
}

export async function refuse(press: PressJob, text: string, deps: PerformDeps): Promise<void> {
  const alert = await deps.store.alerts.get(press.alertId);
  await deps.store.audit.append([auditOf(press, alert, 'refused', text)], press.pressId);
  await note(press, { result: 'refused', text }, deps);
}
