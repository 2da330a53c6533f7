import { z } from 'zod';

/**
 * Fields of a row of Log Analytics. Columns are missing, empty or of another type in some workspaces, so only
 * the time and the owner are required.
 */
export const time = z
  .union([z.date(), z.string().max(64)])
  .transform((value) => new Date(value))
  .refine((value) => !Number.isNaN(value.getTime()))
  .transform((value) => value.toISOString());

/** Also a missing column. */
const any = z.unknown().default(null);

/** A text, cut; empty if it is none. */
export const text = (max: number) =>
  any.transform((value) =>
    typeof value === 'string' ? value.slice(0, max) : typeof value === 'number' ? String(value) : '',
  );

/** A number, also in decimal or hexadecimal text; null if it is none. */
export const whole = any.transform((value): number | null => {
  const number =
    typeof value === 'string' && /^(0x[0-9a-f]{1,8}|\d{1,10})$/i.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? number : null;
});

/** An object or list, also as JSON text; null if it is none. */
export const json = any.transform((value): unknown => {
  if (typeof value !== 'string') return typeof value === 'object' ? value : null;
  try {
    return JSON.parse(value.slice(0, 100_000));
  } catch {
    return null;
  }
});

/** A file's name without its folder. */
export const fileName = (path: string): string => path.split(/[\\/]/).at(-1) ?? '';
