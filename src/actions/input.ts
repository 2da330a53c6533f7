import { z } from 'zod';

/** User-entered text, limited in length. */
export const shortText = z.string().max(500);
export const longText = z.string().max(2000);

/** Comma-separated values from a list, as forms send checked boxes. */
export const someOf = (known: readonly string[]) =>
  z.string().refine((given) => given.split(',').every((item) => item === '' || known.includes(item)));

export const choiceInput = z.strictObject({ choice: z.string().min(1).max(200) });
export const exceptionInput = z.strictObject({ exceptionId: z.string().min(1).max(120) });
export const approvalInput = z.strictObject({ approvalId: z.string().min(1).max(120).optional() });
