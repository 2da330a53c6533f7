import { z } from 'zod';
import { exceptionSchema } from '../alerts/exceptions-file';
import type { ActionId } from '../config';

const short = z.string().max(500);
const long = z.string().max(2000);
const choice = z.strictObject({ choice: z.string().min(1).max(200) });
const aboutException = z.strictObject({ exceptionId: z.string().min(1).max(120) });
const nothing = z.strictObject({});

const alsoDone = ['lock', 'detach_ip', 'restart', 'deallocate'];
const watched = ['caller', 'machine', 'script'];
/** Some of a list, joined by commas, as forms send what is ticked. */
const someOf = (known: readonly string[]) =>
  z.string().refine((given) => given.split(',').every((item) => item === '' || known.includes(item)));

/** What each action takes from whoever presses it; an action that is not named takes nothing. */
const schemas: Partial<Record<ActionId, z.ZodType<Record<string, unknown>>>> = {
  assign_to: z.strictObject({ person: short.min(1) }),
  add_note: z.strictObject({ text: long.min(1), link: short.optional() }),
  add_exception: exceptionSchema.omit({ id: true, createdBy: true, createdAt: true }),
  quick_exception: choice,
  revoke_listed: choice,
  restore_listed: choice,
  extend_exception: aboutException,
  keep_exception: aboutException,
  remove_exception: aboutException,
  isolate: z.strictObject({ keep: short.optional() }),
  isolate_with: z.strictObject({ also: someOf(alsoDone).optional(), keep: short.optional() }),
  restore: z.strictObject({ snapshot: short.optional(), disks: z.enum(['system', 'all']).optional() }),
  watch: z.strictObject({ who: someOf(watched).optional(), days: short.optional() }),
  close: z.strictObject({
    as: z.enum(['true positive', 'benign', 'expected']).optional(),
    note: long.optional(),
  }),
  answer: z.strictObject({
    answer: z.enum(['yes', 'no', 'automation']),
    note: z.string().max(500).optional(),
  }),
  escalate: z.strictObject({ why: short.optional() }),
  approve: aboutException,
  decline: aboutException,
};

/** A press's input, read by its action's own schema: what the action does not ask for is refused. */
export function readInput(
  action: ActionId,
  input: unknown,
): { input: Record<string, unknown> } | { refused: string } {
  const parsed = (schemas[action] ?? nothing).safeParse(input ?? {});
  if (parsed.success) return { input: parsed.data };
  const [issue] = parsed.error.issues;
  const where = issue?.path.join('.');
  return {
    refused: `That was not understood${where ? ` (${where.slice(0, 60)})` : ''}: ${issue?.message ?? 'unreadable'}.`,
  };
}

const presserSchema = z.strictObject({
  surface: z.enum(['slack', 'teams', 'console', 'cli', 'runwatch']),
  id: z.string().min(1).max(200),
  name: z.string().max(500),
  email: z.string().max(320).optional(),
  team: z.string().max(50).optional(),
  objectId: z.string().max(100).optional(),
});

/** A job of the respond queue as it must look; what else stands there is nobody's press. */
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
