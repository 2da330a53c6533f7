import type { Connection, GuestLogs, GuestRecord, Logon, ProcessStart } from '../../domain/evidence/guest';
import type { Failure, Window } from '../../domain/evidence/reading';
import { is } from '../../domain/resources/resource-id';
import { memoize } from '../../runtime/memoize';
import { failureOf } from '../connection/azure-error';
import { guestTables } from './guest-tables';
import { kql } from './kql';
import { text } from './row-fields';
import type { Row, TableReader } from './table-reader';

/** Defender reports each device at least daily. */
const deviceInfoMs = 7 * 86_400_000;
const deviceCacheMs = 10 * 60_000;
const maxDevices = 10;

export interface GuestAnswer extends GuestLogs {
  failed: Failure[];
}

/**
 * Reads a machine's own logs from a workspace. A record belongs to the machine if Azure wrote the machine's
 * resource id to it, or if Defender reports its device as this Azure resource and as no other. Names are not
 * compared: two machines may share one.
 */
export function createGuestLogs(reader: TableReader, now: () => number) {
  /** Ids of the devices that Defender reports as this machine alone. A copied disk keeps its device id. */
  async function readDevices(workspaceId: string, machineId: string): Promise<string[]> {
    const to = new Date(now());
    const span = { from: new Date(to.getTime() - deviceInfoMs), to };
    const columns = kql`TimeGenerated, DeviceId, AzureResourceId`;
    const query = { table: 'DeviceInfo', ...span, columns, order: kql`TimeGenerated desc` };
    const steps = [kql`summarize TimeGenerated = max(TimeGenerated) by DeviceId, AzureResourceId`];
    const own = await reader.read(workspaceId, {
      ...query,
      steps,
      where: [kql`AzureResourceId =~ ${machineId}`],
    });
    const ids = [...new Set(devicesIn(own.rows, machineId))].slice(0, maxDevices);
    if (ids.length === 0) return [];
    const all = await reader.read(workspaceId, {
      ...query,
      steps,
      where: [kql`DeviceId in~ (${ids})`, kql`isnotempty(AzureResourceId)`],
    });
    const shared = new Set(
      all.rows
        .filter(({ AzureResourceId }) => !is(asText(AzureResourceId), machineId))
        .map(({ DeviceId }) => asText(DeviceId).toLowerCase()),
    );
    return all.cut ? [] : ids.filter((id) => !shared.has(id));
  }

  const devicesOf = memoize(
    deviceCacheMs,
    5000,
    (key) => {
      const [workspaceId = '', machineId = ''] = key.split(' ', 2);
      return readDevices(workspaceId, machineId);
    },
    now,
  );

  /** Process starts, logons and connections of a machine. A table that can't be read is listed as failed. */
  async function read(workspaceId: string, machineId: string, window: Window): Promise<GuestAnswer> {
    const known = await reader.tables(workspaceId);
    const wanted = guestTables.filter(({ table }) => known.has(table));
    const failed: Failure[] = [];
    const devices =
      known.has('DeviceInfo') && wanted.some(({ owner }) => owner === 'DeviceId')
        ? await devicesOf(`${workspaceId} ${machineId.toLowerCase()}`).catch((error: Error) => {
            failed.push(failureOf('DeviceInfo', error));
            return [];
          })
        : [];
    const span = { from: new Date(window.from), to: new Date(window.to) };
    const answers = await Promise.all(
      wanted.map(async ({ table, owner, where, steps, columns, order, read: readRow }) => {
        const owners = owner === 'DeviceId' ? devices : [machineId.toLowerCase()];
        if (owners.length === 0) return { records: [], cut: false, table };
        try {
          const { rows, cut } = await reader.read(workspaceId, {
            table,
            ...span,
            where: [
              owner === 'DeviceId' ? kql`DeviceId in~ (${owners})` : kql`_ResourceId =~ ${machineId}`,
              ...where,
            ],
            steps,
            columns,
            order,
          });
          const records = rows
            .filter((row) => owners.includes(asText(row[owner]).toLowerCase()))
            .flatMap((row) => readRow(row) ?? [])
            .filter(({ at }) => at >= span.from.toISOString() && at < span.to.toISOString());
          return { records, cut, table };
        } catch (error) {
          failed.push(failureOf(table, error));
          return { records: [], cut: false, table };
        }
      }),
    );
    return { ...gather(answers), failed };
  }

  return { read };
}

const asText = (value: unknown) => text(2000).parse(value);

const devicesIn = (rows: readonly Row[], machineId: string): string[] =>
  rows
    .filter(({ AzureResourceId }) => is(asText(AzureResourceId), machineId))
    .map(({ DeviceId }) => asText(DeviceId).toLowerCase())
    .filter((id) => id !== '');

function gather(
  answers: readonly { records: readonly GuestRecord[]; cut: boolean; table: string }[],
): GuestLogs {
  const records = answers
    .flatMap((answer) => answer.records)
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const of = <T>(kind: GuestRecord['kind']) =>
    records.filter((record) => record.kind === kind).map(({ kind: _, ...rest }) => rest as T);
  return {
    starts: of<ProcessStart>('process'),
    logons: of<Logon>('logon'),
    connections: of<Connection>('connection'),
    tables: answers.filter((answer) => answer.records.length > 0).map(({ table }) => table),
    cut: answers.some(({ cut }) => cut),
  };
}
