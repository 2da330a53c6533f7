import { z } from 'zod';
import type { Action } from '../actions/action';
import { t } from '../domain/text/translate';

const nothing = z.strictObject({});

/** Parses a press's input with its action's schema. Unknown fields are refused. */
export function readInput(
  action: Action,
  input: unknown,
): { input: Record<string, unknown> } | { refused: string } {
  const parsed = (action.input ?? nothing).safeParse(input ?? {});
  if (parsed.success) return { input: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.');
  return {
    refused: t`The input is invalid${where ? ` (${where.slice(0, 60)})` : ''}: ${issue?.message ?? t`unreadable`}.`,
  };
}

const presserSchema = z.strictObject({
  surface: z.string().regex(/^[a-z][a-z0-9-]{0,18}$/),
  id: z.string().min(1).max(200),
  name: z.string().max(500),
  email: z.string().max(320).optional(),
  team: z.string().max(50).optional(),
  objectId: z.string().max(100).optional(),
  tenant: z.string().max(100).optional(),
  issuer: z.string().max(300).optional(),
  client: z.string().max(200).optional(),
});

/** The schema of a job in the respond queue. Anything else is refused. */
export const pressSchema = z.strictObject({
  pressId: z.string().min(1).max(200),
  alertId: z.string().max(200),
  action: z.string().max(50),
  by: presserSchema,
  at: z.iso.datetime(),
  input: z.record(z.string(), z.unknown()).optional(),
  replyTo: z
    .strictObject({
      surface: z.string().max(20),
      channel: z.string().max(500),
      user: z.string().max(200),
    })
    .optional(),
  target: z.string().max(2000).nullable().optional(),
  signature: z.string().max(100).optional(),
});
