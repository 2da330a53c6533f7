import { z } from 'zod';

/** Texts that people fill in, bounded. */
export const shortText = z.string().max(500);
export const longText = z.string().max(2000);

/** Some of a list, joined by commas, as forms send what is ticked. */
export const someOf = (known: readonly string[]) =>
  z.string().refine((given) => given.split(',').every((item) => item === '' || known.includes(item)));

export const aChoice = z.strictObject({ choice: z.string().min(1).max(200) });
export const anException = z.strictObject({ exceptionId: z.string().min(1).max(120) });
export const anApproval = z.strictObject({ approvalId: z.string().min(1).max(120).optional() });
