import { AzureError, failureOf } from '../../azure/connection/azure-error';
import { type Alert, summarize } from '../../domain/alerts/alert';
import {
  completeAfterMs,
  dueAt,
  type Failure,
  losesTables,
  readingOf,
  type Window,
} from '../../domain/evidence/reading';
import type { SignIn, UserRisk } from '../../domain/evidence/sign-ins';
import { guid } from '../../domain/text/guid';
import { redact } from '../../domain/text/redact';
import { phrase } from '../../domain/text/translate';
import type { EnrichDeps, Part } from './enrichment-part';

/** How long before the first command sign-ins are read, ms. */
const beforeMs = 6 * 3_600_000;
const keptSignIns = 15;
const keptChanges = 10;

/** The caller's sign-ins, changes of the account, and what Identity Protection says. */
export const signIns: Part = {
  what: phrase('sign-ins'),
  endsInTime: true,
  ask: async (alert, deps, late) => {
    const { azure, workspaceId } = deps;
    const due = signInsDueAt(alert, deps);
    const now = azure.clock.now();
    if (!workspaceId || due === null || due > now) return {};
    const { caller, startedAt } = summarize(alert);
    const id = guid(caller.id ?? '') ?? '';
    const before = alert.facts.signIns;
    const window = windowOf(alert);
    const isPerson = caller.type === 'User' || caller.type === 'Unknown';
    const failed: Failure[] = [];
    const attempt = async <T>(what: string, work: Promise<T>): Promise<T | null> => {
      try {
        return await Promise.race([work, late]);
      } catch (error) {
        failed.push(failureOf(what, error));
        return null;
      }
    };
    const asked = { id, appId: caller.type === 'User' ? null : caller.appId, kind: kinds[caller.type] };
    const [found, risk] = await Promise.all([
      attempt(signIns.what, azure.evidence.signIns(workspaceId, asked, window)),
      attempt(phrase('Identity Protection'), isPerson ? riskOf(id, deps) : Promise.resolve(null)),
    ]);
    failed.push(...(found?.failed ?? []));
    const logs = found && losesTables(before?.tables ?? [], found.failed) ? null : found;
    const changes = logs
      ? await Promise.all(
          logs.changes
            .slice(0, keptChanges)
            .map(async (one) => ({ ...one, reason: await redacted(one.reason) })),
        )
      : (before?.changes ?? []);
    const merged = logs ? alike(logs.signIns) : [];
    return {
      signIns: {
        ...readingOf(window, completeAt(startedAt), failed, now, before),
        signIns: logs ? merged.slice(0, keptSignIns) : (before?.signIns ?? []),
        changes,
        risk: risk ?? (failed.length > 0 ? (before?.risk ?? null) : null),
        tables: logs?.tables ?? before?.tables ?? [],
        cut: logs ? logs.cut || merged.length > keptSignIns : (before?.cut ?? false),
      },
    };
  },
};

const kinds = {
  User: 'person',
  ServicePrincipal: 'application',
  ManagedIdentity: 'identity',
  Unknown: null,
} as const;

const windowOf = (alert: Alert): Window => {
  const { startedAt } = summarize(alert);
  const from = new Date(Date.parse(startedAt) - beforeMs).toISOString();
  return { from, to: new Date(Date.parse(startedAt)).toISOString() };
};

const completeAt = (startedAt: string) => Date.parse(startedAt) + completeAfterMs;

/** When sign-ins are to be read, ms; null if never: without a workspace, or if the caller has no object id. */
export function signInsDueAt(alert: Alert, { workspaceId }: Pick<EnrichDeps, 'workspaceId'>): number | null {
  const { caller, startedAt } = summarize(alert);
  if (!workspaceId || !guid(caller.id ?? '')) return null;
  return dueAt(alert.facts.signIns, windowOf(alert), completeAt(startedAt));
}

/** Null without the permission, which `doctor` reports, or without a license. */
async function riskOf(id: string, { azure }: EnrichDeps): Promise<UserRisk | null> {
  if (!azure.directory.permitted) return null;
  return azure.userRisk(id).catch((error: unknown) => {
    if (error instanceof AzureError && (error.statusCode === 401 || error.statusCode === 403)) return null;
    throw error;
  });
}

const redacted = async (text: string) => (text ? (await redact(text)).text : '');

/** Equal sign-ins as one, with the time of the latest. The riskiest come first where not all are kept. */
function alike(all: readonly SignIn[]): SignIn[] {
  const kept = new Map<string, SignIn>();
  for (const one of all) {
    const { at: _at, count: _count, ...rest } = one;
    const key = JSON.stringify(rest);
    const known = kept.get(key);
    if (known) known.count++;
    else kept.set(key, { ...one });
  }
  const found = [...kept.values()];
  const risky = found.filter(({ risk }) => risk !== 'none');
  const chosen = new Set([...risky, ...found].slice(0, keptSignIns));
  return [...found.filter((one) => chosen.has(one)), ...found.filter((one) => !chosen.has(one))];
}
