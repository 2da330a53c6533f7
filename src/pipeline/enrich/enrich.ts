import type { Alert } from '../../alerts/alert';
import type { Facts, Missing } from '../../alerts/facts';
import { AzureError } from '../../azure/errors';
import { access } from './access';
import { history } from './history';
import { machine } from './machine';
import type { EnrichDeps, Part } from './part';
import { script } from './script';
import { timeline } from './timeline';
import { who } from './who';

/** An alert goes out after this long, whatever is still being asked. */
export const enrichmentLimitMs = 5000;

const parts: readonly Part[] = [access, who, machine, script];

/** Asks everything at once; a part that fails or is late is named in `missing`, never waited for longer. */
export async function enrich(alert: Alert, deps: EnrichDeps, limitMs = enrichmentLimitMs): Promise<Facts> {
  const missing: Missing[] = [];
  const ask = async ({ what, ask }: Part, about: Alert): Promise<Partial<Facts>> => {
    try {
      return await within(limitMs, ask(about, deps));
    } catch (error) {
      const final = error instanceof AzureError && error.statusCode === 404;
      missing.push({ what, why: (error as Error).message, ...(final ? { final } : {}) });
      return {};
    }
  };
  const found = await Promise.all(parts.map((part) => ask(part, alert)));
  const facts: Facts = Object.assign({}, alert.facts, ...found);
  const around = await Promise.all([history, timeline].map((part) => ask(part, { ...alert, facts })));
  return Object.assign({}, facts, ...around, { missing });
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
