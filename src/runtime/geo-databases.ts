import { stat } from 'node:fs/promises';
import { open, type Reader, type Response, validate } from 'maxmind';
import { type AutonomousSystem, asnOf, countryOf } from '../domain/network/geo-record';
import { memoize } from './memoize';

/** Paths of MMDB files. */
export interface GeoPaths {
  asn?: string | undefined;
  country?: string | undefined;
}

/** Answer null for an address that the database does not have, or without a database. Throw if it can't be read. */
export interface GeoDatabases {
  asn: (ip: string) => Promise<AutonomousSystem | null>;
  /** ISO 3166-1 code. */
  country: (ip: string) => Promise<string | null>;
}

/** A file is read again after this long, because such databases are updated weekly, ms. */
const reopenMs = 3_600_000;
/** The largest databases of these kinds have about 100 MB. */
const maxBytes = 256 * 1024 * 1024;

/** Reads an MMDB file into memory. Throws with the path if it can't be read. */
export async function openGeoDatabase(path: string): Promise<Reader<Response>> {
  try {
    const { size } = await stat(path);
    if (size > maxBytes) throw new Error(`it has more than ${maxBytes / 1024 / 1024} MB`);
    return await open(path);
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}

/** Databases of network operators and countries, which are kept in memory. */
export function createGeoDatabases(paths: GeoPaths = {}, now: () => number = Date.now): GeoDatabases {
  const opened = memoize(reopenMs, 2, openGeoDatabase, now);
  const read = async <T>(path: string | undefined, ip: string, pick: (record: unknown) => T | null) => {
    if (!path) return null;
    const database = await opened(path);
    return validate(ip) ? pick(database.get(ip)) : null;
  };
  return { asn: (ip) => read(paths.asn, ip, asnOf), country: (ip) => read(paths.country, ip, countryOf) };
}
