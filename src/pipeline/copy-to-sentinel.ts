import type { Azure } from '../azure/azure';
import type { AzureError } from '../azure/connection/azure-error';
import { type IngestionTarget, maxIngestionBytes } from '../azure/log/logs-ingestion';
import type { Change } from '../domain/change';
import { type AlertSource, alertsTable } from '../domain/sentinel/alerts-table';
import { auditTable } from '../domain/sentinel/audit-table';
import { coreJson, rowJson, type SentinelTable } from '../domain/sentinel/sentinel-table';
import { plainLine } from '../domain/text/plain-text';
import type { Log } from '../runtime/log';
import type { Metrics } from '../runtime/metrics';
import { rejectedRows } from '../store/health-store';
import type { Store } from '../store/store';
import { type OutgoingRow, type RowSender, sendRows } from './send-rows';

export interface SentinelDeps {
  azure: Pick<Azure, 'sendLogs'>;
  store: Pick<Store, 'alerts' | 'audit' | 'deliveries' | 'feed' | 'health'>;
  metrics: Pick<Metrics, 'sentinelRows'>;
  log: Log;
  linkTo: (alertId: string) => string | null;
  /** Azure's time, ms. */
  now: () => number;
}

/** An alert of many machines may have megabytes in Redis, so few are read at once. */
const batchSize = 100;
/** The rest follows at the next run, so that a process that stops need not wait long. */
const maxBatches = 20;
/** After a failure, nothing is sent for this long unless Azure says for how long, ms. */
const pauseMs = 30_000;
const maxPauseMs = 15 * 60_000;
const channel = 'sentinel';

/** The name of a rule among the places that the audit log is copied to. A new rule gets everything again. */
export const sentinelPlace = ({ rule }: Pick<IngestionTarget, 'rule'>): string => `sentinel ${rule}`;

/**
 * Sends changed alerts and new audit entries to the tables of Microsoft Sentinel. What was sent is stored once Azure has
 * accepted it, so a crash sends rows again, with the same ids, and loses none. The tables fail independently.
 */
export async function copyToSentinel(target: IngestionTarget, deps: SentinelDeps): Promise<void> {
  const { store, now } = deps;
  if ((await store.deliveries.pausedUntil(channel)) > now()) return;
  await noteHealth('alerts', () => sendAlerts(target, deps), deps);
  await noteHealth('audit', () => sendAudit(target, deps), deps);
}

async function noteHealth(
  table: string,
  send: () => Promise<void>,
  { store, log, now }: SentinelDeps,
): Promise<void> {
  try {
    await send();
    await store.health.note(`sentinel ${table}`, null, now());
  } catch (error) {
    const { message, remedy = '', retryAfterMs = 0 } = error as Partial<AzureError> & Error;
    log.warn({ error, table }, 'could not send to Microsoft Sentinel; retrying');
    // Azure's messages are long, and what to do must not be cut.
    const shown = [plainLine(message, 180), remedy].filter(Boolean).join('; ');
    await store.health.note(`sentinel ${table}`, shown, now());
    await store.deliveries.pauseUntil(channel, now() + Math.min(retryAfterMs || pauseMs, maxPauseMs));
  }
}

async function sendAlerts(target: IngestionTarget, deps: SentinelDeps): Promise<void> {
  const { feed } = deps.store;
  const reader = sentinelPlace(target);
  for (let batch = 0; batch < maxBatches; batch++) {
    const cursor = await feed.cursorOf(reader);
    if (cursor === null) {
      await sendAllAlerts(target, deps);
      continue;
    }
    const { changes, next, lost } = await feed.after(cursor, batchSize);
    if (lost) {
      await sendAllAlerts(target, deps);
      continue;
    }
    if (next === cursor) return;
    const last = lastOfEach(changes);
    const alerts = await deps.store.alerts.getMany(last.map(({ id }) => id));
    const rows = last.flatMap((change, index) => {
      const alert = alerts[index];
      if (!alert) return [];
      const { cursor: changeId, kind, at } = change;
      const source = { alert, change: kind, changeId, at, link: deps.linkTo(alert.id), now: deps.now() };
      return alertRow(source, () => feed.setCursor(reader, changeId));
    });
    await sendRows(rows, senderTo(target, alertsTable, deps));
    await feed.setCursor(reader, next);
  }
}

/** The last change of each alert, in order. Each row is the alert as it is now, so earlier ones would be the same. */
function lastOfEach(changes: readonly Change[]): Change[] {
  const isLast = (change: Change, index: number) =>
    !changes.slice(index + 1).some(({ kind, id }) => id === change.id && kind.startsWith('alert.'));
  return changes.filter((change, index) => change.kind.startsWith('alert.') && isLast(change, index));
}

/**
 * Sends every shown alert once: at first, and if changes were removed before they were sent. It continues after a crash
 * with the alerts that are not sent yet, newest first.
 */
async function sendAllAlerts(target: IngestionTarget, deps: SentinelDeps): Promise<void> {
  const { feed, alerts } = deps.store;
  const reader = sentinelPlace(target);
  const progress = `${reader} all`;
  const [next = await feed.newest(), before = ''] = (await feed.cursorOf(progress))?.split(' ') ?? [];
  for await (const page of alerts.since(0)) {
    const left = page.filter(({ announced, raisedAt }) => announced && (before === '' || raisedAt <= before));
    const rows = left.map((alert) => {
      const at = Date.parse(alert.updatedAt);
      const source = { alert, change: 'alert.resent', changeId: next, at, link: deps.linkTo(alert.id) };
      return alertRow({ ...source, now: deps.now() }, () =>
        feed.setCursor(progress, `${next} ${alert.raisedAt}`),
      );
    });
    await sendRows(rows, senderTo(target, alertsTable, deps));
  }
  await feed.setCursor(reader, next);
  await feed.forgetCursor(progress);
}

const alertRow = (source: AlertSource, arrived: OutgoingRow['arrived']): OutgoingRow => ({
  name: `alert ${source.alert.id}`,
  json: rowJson(alertsTable, source),
  coreJson: (why) => coreJson(alertsTable, source, why),
  arrived,
});

async function sendAudit(target: IngestionTarget, deps: SentinelDeps): Promise<void> {
  const { audit } = deps.store;
  const place = sentinelPlace(target);
  for (let batch = 0; batch < maxBatches; batch++) {
    const entries = await audit.after(await audit.copiedTo(place), batchSize);
    if (entries.length === 0) return;
    const rows = entries.map(({ id, entry }): OutgoingRow => {
      const source = { entry, now: deps.now() };
      return {
        name: `audit entry ${entry.sequence ?? id}`,
        json: rowJson(auditTable, source),
        coreJson: (why) => coreJson(auditTable, source, why),
        arrived: () => audit.setCopiedTo(place, id),
      };
    });
    await sendRows(rows, senderTo(target, auditTable, deps));
  }
}

function senderTo<Source>(
  target: IngestionTarget,
  { name }: SentinelTable<Source>,
  { azure, store, metrics, log, now }: SentinelDeps,
): RowSender {
  return {
    post: (rows) => azure.sendLogs(target, `Custom-${name}`, rows),
    maxBytes: maxIngestionBytes,
    onSent: (rows) => metrics.sentinelRows.inc({ table: name, result: 'sent' }, rows),
    onReduced: async (row, why) => {
      metrics.sentinelRows.inc({ table: name, result: 'reduced' });
      log.error(
        { table: name, row: row.name, why },
        'Azure refused a row for Sentinel; sent its ids instead',
      );
      await store.health.note(rejectedRows, `${row.name}: ${why}`, now());
    },
  };
}
