import type { GuestRecord } from '../../domain/evidence/guest';
import { sysmonRecord } from './read-sysmon';
import { fileName } from './row-fields';

const accepted = /^Accepted (\S{1,40}) for (\S{1,64}) from (\S{1,64}) port \d{1,5}/;
/** The last address is sshd's: whoever fails to log on chooses the name before it. */
const refused =
  /^Failed (\S{1,40}) for (?:invalid user )?(.{1,200}) from (\S{1,64}) port \d{1,5}(?: ssh2)?(?:: .{0,200})?$/;
const sudo = /^\s{0,8}(\S{1,64}) : .{0,400}?USER=(\S{1,64}) ; .{0,400}?COMMAND=(.{1,2000})$/s;
const sysmonEvent = /<EventID>(\d{1,3})<\/EventID>/;

/** A line of sshd or sudo, or an event of Sysmon for Linux. Null for other lines. */
export function syslogRecord(at: string, program: string, message: string): GuestRecord | null {
  const table = 'Syslog';
  if (program === 'sysmon')
    return sysmonRecord(at, table, Number(sysmonEvent.exec(message)?.[1] ?? 0), message);
  if (program === 'sudo') {
    const [, , account = '', commandLine = ''] = sudo.exec(message) ?? [];
    if (!commandLine) return null;
    const [file = ''] = commandLine.split(' ', 1);
    const parent = { parentPid: null, parentName: 'sudo', parentCommandLine: '' };
    return { kind: 'process', at, table, pid: null, name: fileName(file), commandLine, account, ...parent };
  }
  const [, how = '', account = '', from = ''] = accepted.exec(message) ?? refused.exec(message) ?? [];
  return how ? { kind: 'logon', at, table, account, how, from, failed: !accepted.test(message) } : null;
}
