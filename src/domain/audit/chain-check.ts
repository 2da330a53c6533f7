import { z } from 'zod';

const checkSchema = z.object({
  /** When the check ended, RFC 3339. */
  at: z.string(),
  /** Entries that are as they were written, up to the first that is not. */
  entries: z.number(),
  /** Number of the last of them; 0 without one. */
  sequence: z.number(),
  /** The newest entry that any check found sound. Later checks must find it again. */
  anchor: z.object({ sequence: z.number(), hash: z.string(), at: z.string() }),
  /** Older entries in the archive, which a check of Redis does not read. */
  archived: z.number(),
  fault: z
    .object({
      /** The number of the first wrong or missing entry; null if it has none. */
      sequence: z.number().nullable(),
      /** When the entry says it was written; null if it is missing. */
      at: z.string().nullable(),
      /** Continues "Entry 7 can't be relied on:". */
      why: z.string().max(500),
    })
    .nullable(),
});

/** The result of checking the audit log in Redis. */
export type ChainCheck = z.output<typeof checkSchema>;

/** The last check and, while one runs, how far it is. */
export interface ChainState {
  last: ChainCheck | null;
  running: { entries: number; of: number } | null;
  /** Number of the newest entry now. */
  newest: number;
}

/** Reads a stored check; null if it is not one. */
export const readChainCheck = (doc: unknown): ChainCheck | null => checkSchema.safeParse(doc).data ?? null;
