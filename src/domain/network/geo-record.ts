import { z } from 'zod';

/** An autonomous system: the network operator that an address belongs to. */
export interface AutonomousSystem {
  number: number;
  name: string;
}

const maxNumber = 4_294_967_295;

/** MaxMind and DB-IP: `autonomous_system_number`. IPinfo: `asn: "AS64500"`. */
const asnSchema = z.union([
  z
    .object({
      autonomous_system_number: z.number().int().min(1).max(maxNumber),
      autonomous_system_organization: z.string().max(500).nullish(),
    })
    .transform((record) => ({
      number: record.autonomous_system_number,
      name: record.autonomous_system_organization ?? '',
    })),
  z
    .object({ asn: z.string().regex(/^AS[1-9]\d{0,9}$/i), as_name: z.string().max(500).nullish() })
    .transform((record) => ({ number: Number(record.asn.slice(2)), name: record.as_name ?? '' })),
]);

const code = z.string().regex(/^[A-Z]{2}$/);
/** MaxMind and DB-IP: `country.iso_code`. IPinfo: `country_code`. */
const countrySchema = z.union([
  z.object({ country: z.object({ iso_code: code }) }).transform((record) => record.country.iso_code),
  z.object({ country_code: code }).transform((record) => record.country_code),
]);

/** The network operator in a database's record; null if the record has none. */
export const asnOf = (record: unknown): AutonomousSystem | null => asnSchema.safeParse(record).data ?? null;

/** The country in a database's record, as an ISO 3166-1 code such as "DE"; null if the record has none. */
export const countryOf = (record: unknown): string | null => countrySchema.safeParse(record).data ?? null;
