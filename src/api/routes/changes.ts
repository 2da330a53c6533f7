import { z } from 'zod';
import { changeKinds } from '../../domain/change';
import { followChanges } from '../follow-changes';
import { Problem } from '../problem';
import { defineRoute } from '../route';
import { time } from '../schemas/common';

const cursor = z.string().regex(/^\d{1,15}-\d{1,15}$/);

export const changeSchema = z
  .object({
    id: z.string().describe('Its place in the order of changes'),
    kind: z.enum(changeKinds).exclude(['notice.posted']),
    resource: z.string().describe('Id of the alert, measure, approval or exception'),
    revision: z.int().describe('Of the resource; 0 for an exception'),
    at: time,
  })
  .meta({
    id: 'Change',
    description: 'The data of an event `change`. Read what changed by its id.',
    examples: [
      {
        id: '1795680131000-0',
        kind: 'alert.raised',
        resource: 'RW-4K7M2Q9X1B',
        revision: 3,
        at: '2026-11-26T08:02:11.000Z',
      },
    ],
  });

const follow = defineRoute({
  method: 'get',
  path: '/changes',
  operationId: 'followChanges',
  tag: 'Changes',
  summary: 'Follow changes',
  description:
    'Server-sent events: `change`, with the id to continue after, and `lost` when older changes are gone, so that lists have to be read again. Without `after` and `Last-Event-ID` it begins with the next change. A stream ends after five minutes or with the token, whichever is first: connect again with `Last-Event-ID`.',
  scope: 'Alerts.Read',
  query: { after: cursor.optional().describe('The id of a change') },
  problems: ['too-many-requests'],
  answer: {
    status: 200,
    description: 'A stream of events. The schema is that of the data of a `change`.',
    schema: changeSchema,
    type: 'text/event-stream',
  },
  handle: async ({ query, caller, lastEventId, response }, deps) => {
    const begun = await followChanges(lastEventId ?? query.after ?? null, caller, response, deps);
    if (!begun)
      throw new Problem('too-many-requests', 'Too many streams are open. Close another one first.', {
        headers: { 'retry-after': '30' },
      });
    return null;
  },
});

export const changeRoutes = [follow];
