import type { Report } from '../../config/doctor-check';
import { asnOf, countryOf } from '../../domain/network/geo-record';
import { type GeoPaths, openGeoDatabase } from '../../runtime/geo-databases';

const dayMs = 86_400_000;
/** Addresses change hands, so an old database names the wrong operator. */
const oldDays = 90;

const picks = { asn: asnOf, country: countryOf } as const;

/** Whether the databases of `geo` can be read, have what they are for, and are recent. */
export async function checkGeo(paths: GeoPaths, report: Report, now = Date.now()): Promise<void> {
  for (const key of ['asn', 'country'] as const) {
    const path = paths[key];
    if (!path) continue;
    const about = { name: `geo.${key}`, topic: 'address-databases', optional: true };
    try {
      const database = await openGeoDatabase(path);
      const hasRecords = ['1.1.1.1', '8.8.8.8', '9.9.9.9'].some((ip) => picks[key](database.get(ip)));
      const days = Math.floor((now - database.metadata.buildEpoch.getTime()) / dayMs);
      const says = `${database.metadata.databaseType}, ${days} days old`;
      if (!hasRecords)
        report({
          ...about,
          ok: false,
          says: `${says}: it has no ${key} for well-known addresses`,
          fix: `set geo.${key} to a database of that kind`,
        });
      else report({ ...about, ok: days <= oldDays, says, fix: 'download the current database' });
    } catch (error) {
      report({
        ...about,
        ok: false,
        says: (error as Error).message,
        fix: `correct geo.${key} in RUNWATCH_CONFIG`,
      });
    }
  }
}
