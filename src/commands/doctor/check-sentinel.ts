import type { Azure } from '../../azure/azure';
import type { AzureError } from '../../azure/connection/azure-error';
import type { IngestionTarget } from '../../azure/log/logs-ingestion';
import type { Report } from '../../config/doctor-check';
import { alertsTable } from '../../domain/sentinel/alerts-table';
import { auditTable } from '../../domain/sentinel/audit-table';

/** Sends no rows to each table, which needs the same rule and permission as rows do. */
export async function checkSentinel(
  { sendLogs }: Pick<Azure, 'sendLogs'>,
  target: IngestionTarget,
  report: Report,
): Promise<void> {
  for (const { name } of [alertsTable, auditTable]) {
    const about = { name: `sentinel ${name}`, topic: 'sentinel' };
    try {
      await sendLogs(target, `Custom-${name}`, '[]');
      report({ ...about, ok: true, says: `${target.rule} accepts rows` });
    } catch (error) {
      const { message, remedy } = error as AzureError;
      report({ ...about, ok: false, says: message, fix: remedy });
    }
  }
}
