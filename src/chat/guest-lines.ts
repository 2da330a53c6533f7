import { type Alert, summarize } from '../domain/alerts/alert';
import type { GuestEvidence, Logon, ShownConnection } from '../domain/evidence/guest';
import { plainLine } from '../domain/text/plain-text';
import { counted, t } from '../domain/text/translate';
import { type Inline, joined } from './inline';

/** A machine of the alert whose logs were read. */
export interface Guest {
  name: string;
  guest: GuestEvidence;
}

/** Machines whose logs were read at least once, in the order of the commands. */
export function guestsOf(alert: Alert): Guest[] {
  const names = new Map(
    summarize(alert).executions.map(({ target }) => [target.id.toLowerCase(), plainLine(target.name, 64)]),
  );
  return [...names].flatMap(([id, name]) => {
    const guest = alert.facts.guest?.[id];
    return guest && (guest.tables.length > 0 || guest.failed.length === 0) ? [{ name, guest }] : [];
  });
}

const shown = { processes: 4, logons: 4, connections: 4 };

/** What happened on each machine, in three lines. */
export const guestParts = (alert: Alert): { heading: string; lines: Inline[][] }[] =>
  guestsOf(alert).map(({ name, guest }) => ({
    heading: t`Guest evidence on ${name}`,
    lines: guest.tables.length === 0 ? [nothingLogged(guest)] : threeLines(guest),
  }));

/** No records is not the same as no activity. */
export const nothingLogged = ({ from, to }: GuestEvidence): Inline[] => [
  t`The workspace has no logs of this machine from `,
  { time: from },
  t` to `,
  { time: to },
];

function threeLines(guest: GuestEvidence): Inline[][] {
  const { processes, logons, connections, counts } = guest;
  const line = (label: string, count: string, parts: Inline[][]): Inline[] => [
    { bold: label },
    ': ',
    ...joined([[count], ...parts]),
  ];
  return [
    line(
      t`Processes`,
      processCount(guest),
      processes
        .filter(({ origin }) => origin === 'command')
        .slice(0, shown.processes)
        .map(({ name, commandLine }) => [{ code: plainLine(commandLine || name, 120) }]),
    ),
    line(
      t`Logons`,
      counts.logons === 0 ? t`none logged` : counted(counts.logons, '# logon', '# logons'),
      logons.slice(0, shown.logons).map((logon) => [logonText(logon)]),
    ),
    line(
      t`Connections`,
      counts.connections === 0
        ? t`none logged`
        : counted(counts.connections, '# connection', '# connections'),
      connections.slice(0, shown.connections).map((connection) => [connectionText(connection)]),
    ),
  ];
}

/** "3 by commands from Azure, 42 in all". */
export function processCount({ counts, cut }: GuestEvidence): string {
  if (counts.processes === 0) return t`none logged`;
  const all = cut ? t`more than ${counts.processes} in all` : t`${counts.processes} in all`;
  return `${t`${counts.byCommand} by commands from Azure`}, ${all}`;
}

export function logonText({ account, how, from, failed }: Omit<Logon, 'table'>): string {
  const parts = [
    plainLine(account, 60) || t`unknown account`,
    how ? ` (${plainLine(how, 40)})` : '',
    from ? t` from ${plainLine(from, 64)}` : '',
    failed ? t`, failed` : '',
  ];
  return parts.join('');
}

/** "curl → 198.51.100.7:443, 3 times". */
export function connectionText({ process, remote, port, direction, failed, count }: ShownConnection): string {
  const place = `${plainLine(remote, 120) || t`unknown address`}${port === null ? '' : `:${String(port)}`}`;
  const program = plainLine(process, 60) || t`unknown program`;
  return [
    direction === 'in' ? `${program} ← ${place}` : `${program} → ${place}`,
    failed ? t`, failed` : '',
    count > 1 ? counted(count, ', # time', ', # times') : '',
  ].join('');
}
