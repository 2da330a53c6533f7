import { AzureError } from '../../azure/connection/azure-error';
import type { Alert } from '../../domain/alerts/alert';
import type { Facts, Missing } from '../../domain/alerts/facts';
import { access } from './enrich-access';
import { who } from './enrich-caller';
import { history } from './enrich-history';
import { machine } from './enrich-machine';
import { script } from './enrich-script';
import { timeline } from './enrich-timeline';
import type { EnrichDeps, Part } from './enrichment-part';

/** After this long, the alert is sent even if some enrichment is still pending, ms. */
export const enrichmentLimitMs = 5000;

const parts: readonly Part[] = [access, who, machine, script];

/** Runs all parts in parallel. A part that fails or times out is listed in `missing`. */
export async function enrich(alert: Alert, deps: EnrichDeps, limitMs = enrichmentLimitMs): Promise<Facts> {
  const missing: Missing[] = [];
  const askAll = (asked: readonly Part[], about: Alert) =>
    withDeadline(limitMs, (late) =>
      asked.map(async ({ what, ask }) => {
        try {
          return await Promise.race([ask(about, deps), late]);
        } catch (error) {
          const final = error instanceof AzureError && error.statusCode === 404;
          missing.push({ what, why: (error as Error).message, ...(final ? { final } : {}) });
          return {};
        }
      }),
    );
  const found = await askAll(parts, alert);
  const facts: Facts = Object.assign({}, alert.facts, ...found);
  const around = await askAll([history, timeline], { ...alert, facts });
  return Object.assign({}, facts, ...around, { missing });
}

/** Updates only the timeline in the known facts. Sends no request to Azure. */
export const refreshTimeline = async (alert: Alert, deps: EnrichDeps): Promise<Facts> => ({
  ...alert.facts,
  ...(await timeline.ask(alert, deps)),
});

async function withDeadline<T>(ms: number, work: (late: Promise<never>) => Promise<T>[]): Promise<T[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.all(work(late));
  } finally {
    clearTimeout(timer);
  }
}
