import { setTimeout } from 'node:timers/promises';
import type { Azure } from '../azure/azure';
import { accessPathsFor } from '../domain/access/resolve-access';
import { summarize } from '../domain/alerts/alert';
import type { AlertView } from '../domain/measures/alert-view';
import { alertActions } from './registry';

/** Permissions that the bot lacks, by action id. */
export type MissingPermissions = Readonly<Record<string, readonly string[]>>;

/** Whoever opens a dialog waits for this, and Slack allows three seconds for all of it, ms. */
const limitMs = 1000;

/** What the bot lacks for each action on an alert's first machine; null if that can't be told in a second. */
export const missingPermissions = (
  view: AlertView,
  azure: Pick<Azure, 'botId' | 'assignmentsOf' | 'roleDefinitions' | 'directory'>,
): Promise<MissingPermissions | null> =>
  Promise.race([read(view, azure).catch(() => null), setTimeout(limitMs, null, { ref: false })]);

async function read(
  { alert }: AlertView,
  azure: Parameters<typeof missingPermissions>[1],
): Promise<MissingPermissions | null> {
  const { target } = summarize(alert);
  const botId = await azure.botId();
  if (!botId || !target.subscriptionId) return null;
  const [assignments, definitions] = await Promise.all([
    azure.assignmentsOf(botId, target.subscriptionId),
    azure.roleDefinitions(`/subscriptions/${target.subscriptionId}`),
  ]);
  if (assignments.length === 0) return null;
  const isGranted = (action: string) =>
    accessPathsFor({ action, scope: target.id, principals: null }, assignments, definitions).ways.length > 0;
  return Object.fromEntries(
    alertActions().map(({ id, permissions, optIn, graph = [] }) => [
      id,
      [
        // What is optional has a role of its own, maybe of another identity. `doctor` checks that one.
        ...permissions.filter((action) => !optIn && !isGranted(action)),
        ...(azure.directory.permitted ? [] : graph.map((name) => `${name} (Microsoft Graph)`)),
      ],
    ]),
  );
}
