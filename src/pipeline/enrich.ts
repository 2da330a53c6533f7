import { type Alert, summarize } from '../alerts/alert';
import type { AccessWay, Facts, Missing } from '../alerts/facts';
import { covers } from '../alerts/resource-id';
import { grants } from '../alerts/roles';
import type { Azure } from '../azure/azure';

/** An alert goes out after this long, whatever is still being asked. */
export const enrichmentLimitMs = 5000;

export interface EnrichDeps {
  azure: Pick<Azure, 'assignmentsOf' | 'roleDefinitions'>;
}

/** One part of what is found out about an alert. */
interface Part {
  /** In the reader's words, for "… is missing, because". */
  what: string;
  ask: (alert: Alert, deps: EnrichDeps) => Promise<Partial<Facts>>;
}

const parts: Part[] = [{ what: 'role assignments', ask: askAccess }];

/** Asks everything at once; a part that fails or is late is named in `missing`, never waited for longer. */
export async function enrich(alert: Alert, deps: EnrichDeps, limitMs = enrichmentLimitMs): Promise<Facts> {
  const missing: Missing[] = [];
  const found = await Promise.all(
    parts.map(async ({ what, ask }) => {
      try {
        return await within(limitMs, ask(alert, deps));
      } catch (error) {
        missing.push({ what, why: (error as Error).message });
        return {};
      }
    }),
  );
  return { ...Object.assign({}, alert.facts, ...found), missing };
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

async function askAccess(alert: Alert, { azure }: EnrichDeps): Promise<Partial<Facts>> {
  const { caller, target, grantedBy, first } = summarize(alert);
  const known = grantedBy?.assignmentId ? grantedBy : null;
  if (!caller.id || !target.subscriptionId) {
    return { access: { grant: grantedBy, source: grantedBy ? 'log' : 'unknown', ways: [] } };
  }
  const [assignments, definitions] = await Promise.all([
    azure.assignmentsOf(caller.id, target.subscriptionId),
    azure.roleDefinitions(`/subscriptions/${target.subscriptionId}`),
  ]);
  const ways: AccessWay[] = assignments
    .filter((assignment) => covers(assignment.scope, first.resourceId))
    .flatMap((assignment) => {
      const role = definitions.find(
        (definition) => definition.id === assignment.roleDefinitionId.split('/').at(-1),
      );
      if (!role || !grants(role.permissions, first.operation)) return [];
      return [
        {
          role: role.name,
          scope: assignment.scope,
          assignmentId: assignment.name,
          principalId: assignment.principalId,
          principalType: assignment.principalType,
        },
      ];
    });
  if (known) return { access: { grant: known, source: 'log', ways } };
  const way = ways.find((candidate) => candidate.role === grantedBy?.role) ?? ways[0];
  if (!way) return { access: { grant: grantedBy, source: grantedBy ? 'log' : 'unknown', ways } };
  return { access: { grant: way, source: 'resolved', ways } };
}
