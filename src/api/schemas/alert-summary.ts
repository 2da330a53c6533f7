import { z } from 'zod';
import { closeReasons } from '../../domain/alerts/alert';
import type { AlertRow } from '../../domain/alerts/alert-row';
import { severities } from '../../domain/alerts/severity';
import { time } from './common';

export const states = ['new', 'acknowledged', 'investigating', 'contained', 'closed'] as const;
export const verdicts = ['alert', 'suppressed'] as const;
export const callerTypes = ['User', 'ServicePrincipal', 'ManagedIdentity', 'Unknown'] as const;

const exampleSummary = {
  id: 'RW-4K7M2Q9X1B',
  revision: 3,
  raisedAt: '2026-11-26T08:02:11.000Z',
  updatedAt: '2026-11-26T08:02:19.000Z',
  startedAt: '2026-11-26T08:01:02.000Z',
  lastEventAt: '2026-11-26T08:01:07.000Z',
  severity: 'high',
  score: 82,
  technique: 'run-command',
  state: 'new',
  closedAs: null,
  owner: null,
  caller: { name: 'Dana Reyes', identity: 'dana.reyes@contoso.example', type: 'User', ip: '203.0.113.24' },
  account: 'root',
  denied: false,
  outcomes: { succeeded: 1, failed: 0, started: 0, denied: 0 },
  machines: 1,
  machineNames: ['vm-pay-01'],
  environments: ['production'],
  subscriptions: ['5f3c1a52-7d0e-4f0b-9a64-1d2f6b8e9c01'],
  reasons: ['first run on this machine'],
  verdict: 'alert',
  exception: null,
  mergedInto: null,
};

export const alertSummarySchema = z
  .object({
    id: z.string(),
    revision: z.int().describe('Increases with each change of the alert itself'),
    raisedAt: time,
    updatedAt: time,
    startedAt: time.describe('When the first command started'),
    lastEventAt: time,
    severity: z.enum(severities),
    score: z.number().describe('0 to 100'),
    technique: z.string().describe('Id of a technique'),
    state: z.enum(states),
    closedAs: z.enum(closeReasons).nullable(),
    owner: z.string().nullable().describe('Name of the person that it is assigned to'),
    caller: z.object({
      name: z.string(),
      identity: z.string(),
      type: z.enum(callerTypes),
      ip: z.string().nullable(),
    }),
    account: z.string().nullable().describe('The account on the machine that the commands ran as'),
    denied: z.boolean().describe('Azure denied every attempt; nothing ran'),
    outcomes: z
      .object({ succeeded: z.int(), failed: z.int(), started: z.int(), denied: z.int() })
      .describe('How many commands the alert is about'),
    machines: z.int().describe('How many machines the alert is about'),
    machineNames: z.array(z.string()).describe('Up to three'),
    environments: z.array(z.string()).describe('Up to three'),
    subscriptions: z.array(z.string()).describe('Ids, up to three'),
    reasons: z.array(z.string()).describe('The two with the most points'),
    verdict: z.enum(verdicts),
    exception: z.string().nullable().describe('Id of the exception that suppresses it'),
    mergedInto: z.string().nullable().describe('Id of the alert that it became part of'),
  })
  .meta({ id: 'AlertSummary', description: 'An alert as lists have it.', examples: [exampleSummary] });

export type AlertSummary = z.output<typeof alertSummarySchema>;

export const alertSummaryOf = (row: AlertRow): AlertSummary => ({
  id: row.id,
  revision: row.rev,
  raisedAt: row.raisedAt,
  updatedAt: row.updatedAt,
  startedAt: row.startedAt,
  lastEventAt: row.lastEventAt,
  severity: row.severity,
  score: row.score,
  technique: row.technique,
  state: row.state,
  closedAs: row.closedAs,
  owner: row.assignee,
  caller: row.caller,
  account: row.account,
  denied: row.refused,
  outcomes: row.outcomes,
  machines: row.machines,
  machineNames: row.machineNames,
  environments: row.environments.flatMap(({ environment }) => environment ?? []),
  subscriptions: row.subscriptions,
  reasons: row.reasons,
  verdict: row.verdict,
  exception: row.exception,
  mergedInto: row.mergedInto,
});
