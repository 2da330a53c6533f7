import type { GuestRecord } from '../../domain/evidence/guest';
import { fileName, whole } from './row-fields';

const entities: Record<string, string> = { lt: '<', gt: '>', quot: '"', apos: "'", amp: '&' };
const decoded = (xml: string) =>
  xml.replace(/&(lt|gt|quot|apos|amp);/g, (_, name: string) => entities[name] ?? '');

/** `<Data Name="Image">/usr/bin/curl</Data>`, by name. */
function fieldsOf(xml: string): ReadonlyMap<string, string> {
  const pairs = xml.matchAll(/<Data Name="([A-Za-z]{1,40})">([^<]{0,4000})<\/Data>/g);
  return new Map([...pairs].map(([, name = '', value = '']) => [name, decoded(value)]));
}

/** A process start (event 1) or a connection (event 3) of Sysmon, for Windows or Linux. */
export function sysmonRecord(
  at: string,
  table: string,
  eventId: number | null,
  xml: string,
): GuestRecord | null {
  const fields = fieldsOf(xml);
  const of = (name: string) => fields.get(name) ?? '';
  const image = fileName(of('Image')).slice(0, 260);
  if (image === '') return null;
  if (eventId === 1)
    return {
      kind: 'process',
      at,
      table,
      pid: whole.parse(of('ProcessId')),
      name: image,
      commandLine: of('CommandLine').slice(0, 2000),
      parentPid: whole.parse(of('ParentProcessId')),
      parentName: fileName(of('ParentImage')).slice(0, 260),
      parentCommandLine: of('ParentCommandLine').slice(0, 2000),
      account: of('User').slice(0, 260),
    };
  if (eventId !== 3) return null;
  return {
    kind: 'connection',
    at,
    table,
    process: image,
    pid: whole.parse(of('ProcessId')),
    remote: (of('DestinationHostname').replace(/^-$/, '') || of('DestinationIp')).slice(0, 260),
    port: whole.parse(of('DestinationPort')),
    direction: of('Initiated') === 'false' ? 'in' : 'out',
    failed: false,
  };
}
