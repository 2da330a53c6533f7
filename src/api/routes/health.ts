import { z } from 'zod';
import type { HealthReport } from '../../domain/system-health/health-report';
import { defineRoute, ok } from '../route';
import { time } from '../schemas/common';

const healthSchema = z
  .object({
    at: time,
    problems: z.array(
      z.object({ id: z.string(), kind: z.string(), text: z.string(), since: time.nullable() }),
    ),
    subscriptions: z.array(
      z.object({
        id: z.string(),
        name: z.string(),
        lastPollAt: time.nullable().describe('When Azure last answered'),
        readTo: time.nullable().describe('Everything logged before was read'),
        isBehind: z.boolean(),
        error: z.string().nullable(),
        historyDays: z.int(),
      }),
    ),
    surfaces: z.array(
      z.object({
        name: z.string(),
        waiting: z.int().describe('Messages that wait to be sent'),
        acceptedAt: time.nullable().describe('When it last accepted a message'),
        error: z.string().nullable(),
      }),
    ),
    queues: z.array(
      z.object({
        name: z.string(),
        waiting: z.int(),
        active: z.int(),
        delayed: z.int(),
        failed: z.int(),
        oldestSeconds: z.number(),
      }),
    ),
    unreadable: z
      .int()
      .describe('Records of the log that could not be understood, of the last thousand kept'),
    lackingPermissions: z.array(z.object({ subscription: z.string(), actions: z.array(z.string()) })),
  })
  .meta({ id: 'Health', description: 'How Runwatch works, of all its processes.' });

const healthOf = (report: HealthReport): z.output<typeof healthSchema> => ({
  at: report.at,
  problems: report.problems.map(({ id, kind, says, since }) => ({ id, kind, text: says, since })),
  subscriptions: report.subscriptions.map(({ id, name, lastPollAt, readTo, error, historyDays }) => ({
    id,
    name,
    lastPollAt,
    readTo,
    isBehind: lastPollAt === null || Date.parse(report.at) - Date.parse(lastPollAt) > report.staleAfterMs,
    error,
    historyDays,
  })),
  surfaces: report.surfaces.map(({ name, waiting, acceptedAt, error }) => ({
    name,
    waiting,
    acceptedAt,
    error,
  })),
  queues: report.queues.map(({ name, waiting, active, delayed, failed, oldestSeconds }) => ({
    name,
    waiting,
    active,
    delayed,
    failed,
    oldestSeconds,
  })),
  unreadable: report.unreadable,
  lackingPermissions: report.permissions.lacking.map(({ subscription, actions }) => ({
    subscription,
    actions,
  })),
});

const getHealth = defineRoute({
  method: 'get',
  path: '/health',
  operationId: 'getHealth',
  tag: 'Health',
  summary: 'Get the health of Runwatch',
  description: 'What the console’s health page shows. `/healthz` and `/readyz` need no token.',
  scope: 'Alerts.Read',
  answer: { status: 200, description: 'The report.', schema: healthSchema },
  handle: async (_, { health }) => ok(healthOf(await health())),
});

export const healthRoutes = [getHealth];
