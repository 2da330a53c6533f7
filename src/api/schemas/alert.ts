import { z } from 'zod';
import { type TimelineEvent, timelineOf } from '../../chat/timeline';
import type { Alert } from '../../domain/alerts/alert';
import { rowOf } from '../../domain/alerts/alert-row';
import type { AlertView } from '../../domain/measures/alert-view';
import { plainLine } from '../../domain/text/plain-text';
import { translate } from '../../domain/text/translate';
import { alertSummaryOf, alertSummarySchema, states } from './alert-summary';
import { actorOf, actorSchema, time } from './common';
import { executionOf, executionSchema, grantOf, nullableGrant } from './execution';
import { approvalOf, approvalSchema, measureOf, measureSchema } from './measure';

/** Executions, machines, scripts, timeline entries and notes of an alert that its answer has at most. */
export const shownParts = 100;

const accessSchema = z
  .object({
    grant: nullableGrant,
    source: z.enum(['log', 'resolved', 'unknown']).describe('resolved: inferred from role assignments'),
    group: z.string().nullable().describe('The group that grants it'),
    assignedBy: z.string().nullable(),
    deniedBy: z.string().nullable().describe('Name of the deny assignment that blocked the caller'),
    alsoCan: z.array(z.string()).describe('Other sensitive permissions, as text'),
  })
  .meta({ id: 'Access', description: 'How the caller was allowed to do it.' });

const machineSchema = z
  .object({
    id: z.string().describe('Resource id in lower case'),
    os: z.string().nullable(),
    power: z.string().nullable(),
    environment: z.string().nullable(),
    tags: z.record(z.string(), z.string()),
    publicIps: z.array(z.string()),
    openPorts: z
      .array(z.string())
      .nullable()
      .describe('Management ports reachable from the internet; null if unknown'),
  })
  .meta({ id: 'Machine' });

const scriptSchema = z
  .object({
    id: z.string(),
    text: z.string().nullable().describe('Secrets are redacted; null if Azure does not store it'),
    sha256: z.string().nullable().describe('Of the normalized script before redaction'),
    parameters: z.array(z.string()),
    runAs: z.string().nullable(),
    redacted: z.array(z.string()).describe('Kinds of secrets that were redacted'),
    traits: z
      .array(z.object({ name: z.string(), line: z.int(), text: z.string() }))
      .describe('Suspicious behavior'),
    fromMachine: z.boolean().describe('It was read from the machine, where it could have been changed'),
  })
  .meta({ id: 'Script' });

const personFactsSchema = z
  .object({
    name: z.string().nullable(),
    jobTitle: z.string().nullable(),
    enabled: z.boolean().nullable(),
    guest: z.boolean(),
    owners: z.array(z.string()),
    application: z.string().nullable(),
    signIn: z.string().nullable().describe('How they signed in'),
  })
  .meta({ id: 'CallerFacts' });

const timelineSchema = z
  .object({
    at: time,
    source: z.enum(['Azure', 'This alert', 'Machine log', 'Runwatch', 'People', 'Note']),
    text: z.string(),
  })
  .meta({ id: 'TimelineEntry' });

export const alertSchema = alertSummarySchema
  .omit({ reasons: true })
  .extend({
    reasons: z.array(z.object({ points: z.number(), text: z.string() })),
    assignee: actorSchema.nullable(),
    executionCount: z.int(),
    executions: z
      .array(executionSchema)
      .describe(`The first ${shownParts}. The rest is at /alerts/{id}/executions`),
    scripts: z.array(scriptSchema),
    access: accessSchema.nullable(),
    callerFacts: personFactsSchema.nullable(),
    machineFacts: z.array(machineSchema),
    missing: z
      .array(z.object({ what: z.string(), why: z.string() }))
      .describe('What could not be read, and why'),
    history: z.array(
      z.object({
        to: z.enum(states),
        by: actorSchema,
        at: time,
        note: z.string().nullable(),
      }),
    ),
    notes: z.array(z.object({ at: time, by: actorSchema, text: z.string(), link: z.string().nullable() })),
    measures: z.array(measureSchema),
    approvals: z.array(approvalSchema),
    timeline: z.array(timelineSchema).describe(`The last ${shownParts} entries, oldest first`),
    link: z.string().nullable().describe('Its page in the console'),
  })
  .meta({ id: 'Alert', description: 'An alert with everything known about it.' });

type AlertAnswer = z.output<typeof alertSchema>;

export function alertOf(view: AlertView, link: string | null): AlertAnswer {
  const { alert, measures, approvals } = view;
  const { facts, triage } = alert;
  return {
    ...alertSummaryOf(rowOf(alert)),
    reasons: alert.reasons.map(({ points, text }) => ({ points, text })),
    assignee: alert.assignee ? actorOf(alert.assignee) : null,
    executionCount: alert.executions.length,
    executions: alert.executions.slice(0, shownParts).map((one) => executionOf(alert, one)),
    ...factsOf(facts),
    history: alert.history.slice(-shownParts).map(({ to, by, at, note }) => ({
      to,
      by: actorOf(by),
      at,
      note: note ?? null,
    })),
    notes: (triage.notes ?? []).slice(-shownParts).map(({ at, by, text, link: to }) => ({
      at,
      by: actorOf(by),
      text,
      link: to ?? null,
    })),
    measures: measures.slice(-shownParts).map(measureOf),
    approvals: approvals.slice(-shownParts).map(approvalOf),
    timeline: timelineOf(view).slice(-shownParts).map(timelineEntryOf),
    link,
  };
}

function factsOf({ access, who, machines = {}, scripts = {}, missing = [] }: Alert['facts']) {
  return {
    access: access
      ? {
          grant: grantOf(access.grant),
          source: access.source,
          group: access.group?.name ?? null,
          assignedBy: access.assignedBy,
          deniedBy: access.deniedBy ?? null,
          alsoCan: access.alsoCan,
        }
      : null,
    callerFacts: who
      ? {
          name: who.name,
          jobTitle: who.jobTitle,
          enabled: who.enabled,
          guest: who.guest,
          owners: who.owners,
          application: who.application,
          signIn: who.signIn,
        }
      : null,
    machineFacts: Object.entries(machines)
      .slice(0, shownParts)
      .map(([id, { os, power, environment, tags, publicIps, openPorts }]) => ({
        id,
        os,
        power,
        environment,
        tags,
        publicIps,
        openPorts,
      })),
    scripts: Object.entries(scripts)
      .slice(0, shownParts)
      .map(([id, script]) => ({
        id,
        text: script.text,
        sha256: script.sha256,
        parameters: script.parameters,
        runAs: script.runAs,
        redacted: script.redacted,
        traits: script.traits.map(({ name, line, text }) => ({ name: translate(name), line, text })),
        fromMachine: script.fetched !== undefined,
      })),
    missing: missing.map(({ what, why }) => ({ what: translate(what), why: translate(why) })),
  };
}

const timelineEntryOf = ({ at, source, line }: TimelineEvent): z.output<typeof timelineSchema> => ({
  at: new Date(at).toISOString(),
  source,
  text: plainLine(line.map(textOf).join(''), 1000),
});

type Part = TimelineEvent['line'][number];

function textOf(part: Part): string {
  if (typeof part === 'string') return part;
  if ('bar' in part) return '';
  if ('bold' in part) return part.bold;
  if ('alarm' in part) return part.alarm;
  if ('code' in part) return part.code;
  return 'time' in part ? part.time : part.text;
}
