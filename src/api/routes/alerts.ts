import { z } from 'zod';
import type { AlertQuery } from '../../domain/alerts/alert-query';
import { lists } from '../../domain/alerts/facets';
import { severities } from '../../domain/alerts/severity';
import type { AlertView } from '../../domain/measures/alert-view';
import { shortDigest } from '../../domain/text/short-digest';
import type { ApiDeps } from '../api-deps';
import { pageOf, pageQuery, placeOf, wrapCursor } from '../page';
import { Problem } from '../problem';
import { defineRoute, ok } from '../route';
import { alertOf, alertSchema } from '../schemas/alert';
import { alertSummaryOf, alertSummarySchema, states } from '../schemas/alert-summary';
import { pastTime, some } from '../schemas/common';
import { executionOf, executionSchema } from '../schemas/execution';

export const alertId = z
  .string()
  .regex(/^[\w-]{1,60}$/)
  .describe('Id of an alert');

/** @throws {Problem} if there is no such alert */
export async function viewOf(id: string, { getView }: ApiDeps): Promise<AlertView> {
  const view = await getView(id);
  if (!view) throw new Problem('not-found', 'No alert has this id. It may have expired.');
  return view;
}

const text = z.string().min(1).max(200);

const filters = {
  list: some(z.enum(lists)).describe('Default: `open` and `closed`'),
  severity: some(z.enum(severities)),
  state: some(z.enum(states)),
  technique: some(text),
  environment: text.optional(),
  subscription: text.optional().describe('Its id'),
  caller: text
    .optional()
    .describe('Object id, or what identifies a caller without one. `q` finds names and UPNs'),
  assignee: text.optional().describe('Name, email address or id of the person that it is assigned to'),
  machine: z.string().min(1).max(600).optional().describe('Its resource id'),
  address: some(z.string().max(45)).describe('IP addresses of callers'),
  sha256: some(z.string().regex(/^[0-9a-f]{64}$/i)).describe('Digests of scripts'),
  q: text.optional().describe('Words that names, addresses, ids or hashes of the alert begin with'),
  raisedAfter: pastTime.optional().describe('Raised at this time or later'),
  raisedBefore: pastTime.optional(),
  sort: z.enum(['newest', 'oldest', 'severity']).default('newest'),
};
type Filters = z.output<z.ZodObject<typeof filters>>;

const queryOf = (given: Filters): AlertQuery => ({
  lists: given.list ?? ['open', 'closed'],
  severities: given.severity,
  states: given.state,
  techniques: given.technique,
  environment: given.environment,
  assignee: given.assignee,
  subscription: given.subscription,
  callers: given.caller === undefined ? undefined : [shortDigest(given.caller.toLowerCase())],
  machines: given.machine === undefined ? undefined : [shortDigest(given.machine.toLowerCase())],
  addresses: given.address,
  scripts: given.sha256?.map((hash) => hash.toLowerCase()),
  text: given.q,
  after: given.raisedAfter === undefined ? undefined : Date.parse(given.raisedAfter),
  before: given.raisedBefore === undefined ? undefined : Date.parse(given.raisedBefore),
  sort: given.sort,
});

const listAlerts = defineRoute({
  method: 'get',
  path: '/alerts',
  operationId: 'listAlerts',
  isSearch: true,
  tag: 'Alerts',
  summary: 'List alerts',
  description:
    'Alerts that match all filters, newest first. A page may have fewer alerts than `limit` although `next` is not null.',
  scope: 'Alerts.Read',
  query: { ...filters, ...pageQuery },
  problems: ['invalid-cursor'],
  answer: {
    status: 200,
    description: 'A page of alerts.',
    schema: pageOf(alertSummarySchema).extend({
      total: z.object({
        count: z.int(),
        isExact: z.boolean().describe('Otherwise there are at least so many'),
      }),
    }),
  },
  handle: async ({ query }, { searchAlerts }) => {
    const { limit, cursor: _, ...given } = query;
    const found = await searchAlerts(queryOf(given), { limit, cursor: placeOf(query) });
    const count = Number(String(found.total).replace('at least ', ''));
    return ok({
      items: found.alerts.map(alertSummaryOf),
      next: wrapCursor(query, found.next),
      total: { count, isExact: typeof found.total === 'number' },
    });
  },
});

const getAlert = defineRoute({
  method: 'get',
  path: '/alerts/{id}',
  operationId: 'getAlert',
  tag: 'Alerts',
  summary: 'Get an alert',
  description: 'An alert with its commands, facts, measures, approvals and timeline.',
  scope: 'Alerts.Read',
  params: { id: alertId },
  answer: { status: 200, description: 'The alert.', schema: alertSchema },
  handle: async ({ params }, deps) => ok(alertOf(await viewOf(params.id, deps), deps.linkTo(params.id))),
});

const listExecutions = defineRoute({
  method: 'get',
  path: '/alerts/{id}/executions',
  operationId: 'listExecutions',
  tag: 'Alerts',
  summary: 'List the commands of an alert',
  description: 'Each command on each machine, in order of their start. A burst may have a thousand.',
  scope: 'Alerts.Read',
  params: { id: alertId },
  query: pageQuery,
  problems: ['invalid-cursor'],
  answer: { status: 200, description: 'A page of commands.', schema: pageOf(executionSchema) },
  handle: async ({ params, query }, deps) => {
    const { alert } = await viewOf(params.id, deps);
    const place = placeOf(query);
    const at = alert.executions.findIndex(({ key }) => key === place);
    const shown = alert.executions.slice(at + 1, at + 1 + query.limit);
    const isLast = at + 1 + shown.length >= alert.executions.length;
    return ok({
      items: shown.map((one) => executionOf(alert, one)),
      next: wrapCursor(query, isLast ? null : (shown.at(-1)?.key ?? null)),
    });
  },
});

export const alertRoutes = [listAlerts, getAlert, listExecutions];
