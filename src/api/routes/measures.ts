import { z } from 'zod';
import { pageById, pageOf, pageQuery } from '../page';
import { Problem } from '../problem';
import { defineRoute, ok } from '../route';
import { approvalOf, approvalSchema, measureOf, measureSchema } from '../schemas/measure';

const id = z.string().regex(/^[AM]-[0-9A-Z]{1,40}$/);

const listMeasures = defineRoute({
  method: 'get',
  path: '/measures',
  operationId: 'listMeasures',
  tag: 'Measures',
  summary: 'List the measures in force',
  description:
    'Measures that are in force, in progress or failed, in order of their ids. Actions on alerts of their targets undo them.',
  scope: 'Alerts.Read',
  query: pageQuery,
  problems: ['invalid-cursor'],
  answer: { status: 200, description: 'A page of measures.', schema: pageOf(measureSchema) },
  handle: async ({ query }, { measures }) => {
    const { items, next } = pageById(await measures.list(), query);
    return ok({ items: items.map(measureOf), next });
  },
});

const getMeasure = defineRoute({
  method: 'get',
  path: '/measures/{id}',
  operationId: 'getMeasure',
  tag: 'Measures',
  summary: 'Get a measure',
  description: 'A measure, also one that was undone.',
  scope: 'Alerts.Read',
  params: { id: id.describe('Id of a measure') },
  answer: { status: 200, description: 'The measure.', schema: measureSchema },
  handle: async ({ params }, { measures }) => {
    const measure = params.id.startsWith('M-') ? await measures.get(params.id) : null;
    if (!measure) throw new Problem('not-found', 'No measure has this id.');
    return ok(measureOf(measure));
  },
});

const listApprovals = defineRoute({
  method: 'get',
  path: '/approvals',
  operationId: 'listApprovals',
  tag: 'Approvals',
  summary: 'List the pending requests',
  description: 'Requests that wait for approval or are being carried out, in order of their ids.',
  scope: 'Alerts.Read',
  query: pageQuery,
  problems: ['invalid-cursor'],
  answer: { status: 200, description: 'A page of requests.', schema: pageOf(approvalSchema) },
  handle: async ({ query }, { approvals }) => {
    const { items, next } = pageById(await approvals.list(), query);
    return ok({ items: items.map(approvalOf), next });
  },
});

const getApproval = defineRoute({
  method: 'get',
  path: '/approvals/{id}',
  operationId: 'getApproval',
  tag: 'Approvals',
  summary: 'Get a request',
  description: 'A request, also one that was decided.',
  scope: 'Alerts.Read',
  params: { id: id.describe('Id of a request') },
  answer: { status: 200, description: 'The request.', schema: approvalSchema },
  handle: async ({ params }, { approvals }) => {
    const approval = params.id.startsWith('A-') ? await approvals.get(params.id) : null;
    if (!approval) throw new Problem('not-found', 'No request has this id.');
    return ok(approvalOf(approval));
  },
});

export const measureRoutes = [listMeasures, getMeasure, listApprovals, getApproval];
