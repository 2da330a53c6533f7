import type { Azure } from '../../azure/azure';
import type { AzureError } from '../../azure/connection/azure-error';
import { evidenceTables } from '../../azure/log/evidence-logs';
import type { Report } from '../../config/doctor-check';

const kinds = {
  guest: {
    name: 'logs of machines',
    topic: 'logs-of-machines',
    fix: 'send one of these to the workspace: Defender XDR’s device tables with DeviceInfo, Windows security events, Sysmon, or Syslog',
  },
  signIns: {
    name: 'sign-in logs',
    topic: 'sign-in-logs',
    fix: 'send Entra’s sign-in and audit logs to the workspace: Entra admin center, Diagnostic settings',
  },
} as const;

/** Which tables of the workspace tell what happened on a machine and how a caller signed in. */
export async function checkLogTables(
  { evidence }: Pick<Azure, 'evidence'>,
  workspaceId: string,
  report: Report,
): Promise<void> {
  const role = `runwatch manifest azure-role --role log-reader --subscription ID > role.json && az role definition create --role-definition role.json && az role assignment create --assignee BOT --role "Runwatch log reader" --scope WORKSPACE`;
  try {
    const states = await evidence.check(workspaceId);
    for (const [kind, { name, topic, fix }] of Object.entries(kinds)) {
      const own = states.filter(({ table }) => evidenceTables[kind as keyof typeof kinds].includes(table));
      const inState = (state: string) => own.filter((one) => one.state === state).map(({ table }) => table);
      const readable = inState('readable');
      const empty = inState('no records');
      const linked = readable.includes('DeviceInfo') || !readable.some((table) => table.startsWith('Device'));
      const useful = readable.filter((table) => table !== 'DeviceInfo');
      report({
        name,
        topic,
        ok: useful.length > 0 && linked,
        optional: true,
        says: [
          useful.length > 0 ? `read: ${useful.join(', ')}` : 'none can be read',
          ...(linked ? [] : ['without DeviceInfo, Defender’s devices can’t be told apart']),
          ...(empty.length > 0 ? [`no records in a week: ${empty.join(', ')}`] : []),
        ].join('; '),
        fix,
      });
    }
    for (const { table, why } of states.filter(({ state }) => state === 'unreadable'))
      report({
        name: `log table ${table}`,
        topic: 'log-tables',
        ok: false,
        optional: true,
        says: why ?? '',
        fix: role,
      });
  } catch (error) {
    const { message } = error as AzureError;
    report({ name: 'log tables', topic: 'log-tables', ok: false, optional: true, says: message, fix: role });
  }
}
