import { z } from 'zod';
import { exceptionInputSchema } from '../../actions/triage/add-exception';
import { closeReasons } from '../../domain/alerts/alert';
import { type Exception, isLive } from '../../domain/exceptions/exception';
import { matchSchema } from '../../domain/exceptions/exceptions-file';
import { matchWords } from '../../domain/exceptions/match-words';
import type { ApiDeps } from '../api-deps';
import { pageById, pageOf, pageQuery } from '../page';
import { Problem } from '../problem';
import { pressSchema, requestPress } from '../request-press';
import { defineRoute, ok } from '../route';
import { time } from '../schemas/common';

const matchAnswer = matchSchema.meta({ id: 'Match', description: 'All conditions must match.' });

const exceptionSchema = z
  .object({
    id: z.string(),
    match: matchAnswer,
    conditions: z.string().describe('The conditions as text'),
    reason: z.string(),
    owner: z.string(),
    expires: time,
    isActive: z.boolean(),
    review: z.string().nullable(),
    ticket: z.string().nullable(),
    silenceCritical: z.boolean().describe('It also suppresses critical alerts'),
    createdBy: z.string().nullable(),
    createdAt: z.string().nullable(),
    from: z
      .object({ alertId: z.string(), closedAs: z.enum(closeReasons) })
      .nullable()
      .describe('The closed alert that it was added from'),
    suppressed: z.int().nullable().describe('How many alerts it suppressed; null in lists'),
  })
  .meta({ id: 'Exception', description: 'A documented reason not to alert.' });

const exceptionOf = (
  exception: Exception,
  now: number,
  suppressed: number | null,
): z.output<typeof exceptionSchema> => ({
  id: exception.id,
  match: exception.match,
  conditions: matchWords(exception.match),
  reason: exception.reason,
  owner: exception.owner,
  expires: exception.expires,
  isActive: isLive(exception, new Date(now).toISOString()),
  review: exception.review ?? null,
  ticket: exception.ticket ?? null,
  silenceCritical: exception.silenceCritical ?? false,
  createdBy: exception.createdBy ?? null,
  createdAt: exception.createdAt ?? null,
  from: exception.from ? { alertId: exception.from.alertId, closedAs: exception.from.closedAs } : null,
  suppressed,
});

const exceptionId = z
  .string()
  .regex(/^[\w.@:-]{1,100}$/)
  .describe('Id of an exception');

async function found(id: string, { exceptions }: ApiDeps): Promise<Exception> {
  const exception = await exceptions.get(id);
  if (!exception) throw new Problem('not-found', 'No exception has this id.');
  return exception;
}

const location = 'Where to read what became of it.';

const listExceptions = defineRoute({
  method: 'get',
  path: '/exceptions',
  operationId: 'listExceptions',
  tag: 'Exceptions',
  summary: 'List exceptions',
  description: 'Exceptions in order of their ids, expired ones too.',
  scope: 'Alerts.Read',
  query: pageQuery,
  problems: ['invalid-cursor'],
  answer: { status: 200, description: 'A page of exceptions.', schema: pageOf(exceptionSchema) },
  handle: async ({ query }, { exceptions, now }) => {
    const { items, next } = pageById(await exceptions.list(), query);
    return ok({ items: items.map((one) => exceptionOf(one, now(), null)), next });
  },
});

const getException = defineRoute({
  method: 'get',
  path: '/exceptions/{id}',
  operationId: 'getException',
  tag: 'Exceptions',
  summary: 'Get an exception',
  description: 'An exception, with how many alerts it suppressed.',
  scope: 'Alerts.Read',
  params: { id: exceptionId },
  answer: { status: 200, description: 'The exception.', schema: exceptionSchema },
  handle: async ({ params }, deps) => {
    const exception = await found(params.id, deps);
    return ok(exceptionOf(exception, deps.now(), await deps.exceptions.usesOf(exception.id)));
  },
});

const addException = defineRoute({
  method: 'post',
  path: '/exceptions',
  operationId: 'addException',
  tag: 'Exceptions',
  summary: 'Add an exception',
  description:
    'Requests a new exception. One that is too broad needs the approval of another person. The action `add_exception` of an alert also closes the alert if the exception covers it.',
  scope: 'Alerts.Act',
  body: exceptionInputSchema.meta({
    id: 'ExceptionRequest',
    examples: [
      {
        match: { caller: 'patch-bot@contoso.example', target: 'vm-web-*' },
        reason: 'Monthly patching, runs from the pipeline',
        owner: 'dana.reyes@contoso.example',
        expires: '2027-01-31',
      },
    ],
  }),
  isIdempotent: true,
  answer: { status: 202, description: 'The exception is requested.', schema: pressSchema, location },
  handle: ({ body, caller, idempotencyKey }, deps) => {
    const asked = { alertId: '', action: 'create_exception', input: body, caller, idempotencyKey };
    return requestPress(asked, async () => {}, deps);
  },
});

const expireException = defineRoute({
  method: 'delete',
  path: '/exceptions/{id}',
  operationId: 'expireException',
  tag: 'Exceptions',
  summary: 'End an exception',
  description: 'Requests that an exception no longer applies.',
  scope: 'Alerts.Act',
  params: { id: exceptionId },
  isIdempotent: true,
  answer: { status: 202, description: 'Its end is requested.', schema: pressSchema, location },
  handle: ({ params, caller, idempotencyKey }, deps) => {
    const input = { exceptionId: params.id };
    const asked = { alertId: '', action: 'remove_exception', input, caller, idempotencyKey };
    return requestPress(asked, async () => void (await found(params.id, deps)), deps);
  },
});

export const exceptionRoutes = [listExceptions, getException, addException, expireException];
