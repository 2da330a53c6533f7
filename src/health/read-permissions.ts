import { setTimeout } from 'node:timers/promises';
import { allActions } from '../actions/registry';
import type { Azure } from '../azure/azure';
import { accessPathsFor } from '../domain/access/resolve-access';
import type { PermissionReport } from '../domain/system-health/health-report';
import { translate } from '../domain/text/translate';

type Reader = Pick<Azure, 'botId' | 'assignmentsOf' | 'roleDefinitions'>;

/** More would cost too many requests to Azure for a page. */
const maxSubscriptions = 5;
/** Whoever opens the page waits for this, ms. Azure's answers are cached for the next time. */
const limitMs = 1500;

/** What Runwatch's identity may not do in the first few subscriptions, as far as Azure says so in time. */
export async function readPermissions(
  subscriptions: readonly { id: string; name: string }[],
  azure: Reader,
): Promise<PermissionReport> {
  const some = subscriptions.slice(0, maxSubscriptions);
  const found = await Promise.all(
    some.map(({ id }) =>
      Promise.race([lackingIn(id, azure).catch(() => null), setTimeout(limitMs, null, { ref: false })]),
    ),
  );
  const known = some.flatMap(({ id, name }, index) => {
    const actions = found[index];
    return actions ? [{ subscription: name || id, actions }] : [];
  });
  return { lacking: known.filter(({ actions }) => actions.length > 0), checked: known.length };
}

/** Actions that no role of the identity permits anywhere in the subscription; null if that can't be told. */
async function lackingIn(subscriptionId: string, azure: Reader): Promise<string[] | null> {
  const botId = await azure.botId();
  if (!botId) return null;
  const [assignments, definitions] = await Promise.all([
    azure.assignmentsOf(botId, subscriptionId),
    azure.roleDefinitions(`/subscriptions/${subscriptionId}`),
  ]);
  if (assignments.length === 0) return null;
  const isGranted = (action: string) =>
    assignments.some(
      (assignment) =>
        accessPathsFor({ action, scope: assignment.scope, principals: null }, [assignment], definitions).ways
          .length > 0,
    );
  const granted = new Map<string, boolean>();
  for (const permission of allActions().flatMap(({ permissions }) => permissions))
    if (!granted.has(permission)) granted.set(permission, isGranted(permission));
  const names = allActions()
    .filter(({ permissions }) => permissions.some((one) => !granted.get(one)))
    .map(({ name }) => translate(name));
  return [...new Set(names)];
}
