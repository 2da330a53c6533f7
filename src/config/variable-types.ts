import { z } from 'zod';

/** A number within bounds. */
export const number = (min: number, max: number, whole = true) =>
  z
    .string()
    .trim()
    .transform(Number)
    .pipe(whole ? z.number().int().min(min).max(max) : z.number().min(min).max(max))
    .meta({ expected: `a ${whole ? 'whole ' : ''}number from ${min} to ${max}` });

/** A token with a known prefix. */
export const starts = (prefix: string) =>
  z
    .string()
    .startsWith(prefix)
    .meta({ expected: `a token that starts with ${prefix}` });
