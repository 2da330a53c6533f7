import type { Azure } from '../../azure/azure';
import { AzureError } from '../../azure/connection/azure-error';
import type { Report } from '../../config/doctor-check';
import { accessPathsFor } from '../../domain/access/resolve-access';
import { managementGroupsAction, responderActions, watcherActions } from '../manifest';

export async function checkSubscription(
  azure: Azure,
  id: string,
  botId: string | null,
  report: Report,
): Promise<void> {
  const to = new Date();
  const window = {
    subscriptionId: id,
    from: new Date(to.getTime() - 3_600_000).toISOString(),
    to: to.toISOString(),
  };
  try {
    for await (const page of azure.readLog(window)) {
      report({
        name: `activity log of ${id}`,
        topic: 'activity-log',
        ok: true,
        says: `readable, ${page.records.length}${page.more ? ' and more' : ''} events in the last hour`,
      });
      reportLag(id, page.records, report);
      break;
    }
  } catch (error) {
    report({
      name: `activity log of ${id}`,
      topic: 'activity-log',
      ok: false,
      says: (error as Error).message,
      fix: (error as AzureError).remedy,
    });
  }
  if (!botId) {
    report({
      name: `permissions on ${id}`,
      topic: 'permissions-unknown',
      ok: false,
      optional: true,
      says: "the token has no object ID, so the bot's roles can't be checked",
    });
    return;
  }
  try {
    const scope = `/subscriptions/${id}`;
    const [assignments, definitions] = await Promise.all([
      azure.assignmentsOf(botId, id),
      azure.roleDefinitions(scope),
    ]);
    for (const [actions, optional] of [
      [watcherActions().filter((action) => action !== managementGroupsAction), false],
      [responderActions(), true],
    ] as const) {
      for (const action of actions) {
        const { ways } = accessPathsFor({ action, scope, principals: null }, assignments, definitions);
        const through = ways[0]?.role.name;
        report({
          name: `${action} on ${id}`,
          topic: optional ? 'responder-permission' : 'watcher-permission',
          ok: through !== undefined,
          optional,
          says: through
            ? `through ${through}`
            : optional
              ? 'missing: actions that need it will fail'
              : 'missing',
          fix: `runwatch manifest azure-role --role ${optional ? 'responder' : 'watcher'} --subscription ${id} > role.json && az role definition create --role-definition role.json && az role assignment create --assignee ${botId} --role "Runwatch ${optional ? 'responder' : 'watcher'}" --scope ${scope}`,
        });
      }
    }
  } catch (error) {
    report({
      name: `permissions on ${id}`,
      topic: 'permissions-unknown',
      ok: false,
      says: (error as Error).message,
      fix: error instanceof AzureError ? error.remedy : '',
    });
  }
}

/** Reports how late events reach the log, from the timestamps of the last hour's events. */
function reportLag(id: string, records: readonly unknown[], report: Report): void {
  const lags = records
    .map((record) => record as { eventTimestamp?: string | Date; submissionTimestamp?: string | Date })
    .map((r) => new Date(r.submissionTimestamp ?? '').getTime() - new Date(r.eventTimestamp ?? '').getTime())
    .filter((ms) => ms >= 0)
    .sort((a, b) => a - b);
  const worst = lags.at(-1);
  if (worst === undefined) return;
  const minutes = (ms: number) => `${(ms / 60_000).toFixed(1)} min`;
  report({
    name: `log lag of ${id}`,
    topic: 'log-lag',
    ok: worst < 20 * 60_000,
    optional: true,
    says: `events reach the log after ${minutes(lags[Math.floor(lags.length / 2)] ?? worst)} (median), ${minutes(worst)} at most`,
    fix: 'set RUNWATCH_LOOKBACK_MINUTES above the maximum, so that late events are read',
  });
}
