import { z } from 'zod';
import { type Alert, closeReasons, summarize } from '../alerts/alert';
import { machineFactsOf, usedScripts } from '../alerts/join-facts';
import { severities } from '../alerts/severity';
import type { Exception } from '../exceptions/exception';
import type { Measure } from '../measures/measure';
import type { Presser } from '../people/person';
import { plainLine } from '../text/plain-text';
import { maxListed, type WebhookMessage, type WebhookSubject } from './webhook-event';

const time = z.string().describe('RFC 3339');
const person = z.object({ name: z.string(), id: z.string(), source: z.string() });

const alertSchema = z.object({
  id: z.string(),
  rev: z.int().describe('Grows with each change: ignore a message whose rev is lower than one you have'),
  state: z.enum(['new', 'acknowledged', 'investigating', 'contained', 'closed']),
  closedAs: z.enum(closeReasons).nullable(),
  severity: z.enum(severities),
  score: z.number(),
  technique: z.object({ id: z.string(), title: z.string(), attack: z.array(z.string()) }),
  caller: z.object({
    id: z.string().nullable(),
    name: z.string(),
    type: z.string(),
    ip: z.string().nullable(),
    appId: z.string().nullable(),
  }),
  executions: z.object({
    total: z.int(),
    succeeded: z.int(),
    failed: z.int(),
    started: z.int(),
    denied: z.int(),
  }),
  machineCount: z.int(),
  machines: z
    .array(
      z.object({
        id: z.string(),
        name: z.string(),
        resourceGroup: z.string(),
        subscriptionId: z.string(),
        environment: z.string().nullable(),
      }),
    )
    .max(maxListed),
  scripts: z.array(z.string()).max(maxListed).describe('SHA-256 of the scripts, before redaction'),
  reasons: z.array(z.object({ points: z.number(), text: z.string() })).max(maxListed),
  assignee: person.nullable(),
  mergedInto: z.string().nullable().describe('The alert that it became part of'),
  startedAt: time,
  lastEventAt: time,
  raisedAt: time,
  updatedAt: time,
  link: z.string().nullable(),
});

const measureSchema = z.object({
  id: z.string(),
  rev: z.int(),
  kind: z.string(),
  target: z.string(),
  name: z.string(),
  state: z.enum(['doing', 'in force', 'done', 'drifted', 'failed', 'undoing', 'undone']),
  action: z.string(),
  by: person,
  approvedBy: person.nullable(),
  alerts: z.array(z.string()).max(maxListed),
  says: z.string(),
  reason: z.string().nullable(),
  at: time,
  changedAt: time,
});

const exceptionSchema = z.object({
  id: z.string(),
  removed: z.boolean(),
  reason: z.string().nullable(),
  owner: z.string().nullable(),
  expires: time.nullable(),
  match: z.record(z.string(), z.unknown()).nullable(),
});

const envelope = <Event extends string, Data extends z.ZodType>(event: Event, data: Data) =>
  z.object({ version: z.literal(1), type: z.literal(event), timestamp: time, data });

/** The body of a webhook in Runwatch's own format; schema/webhook.json is generated from it. */
export const webhookBodySchema = z.discriminatedUnion('type', [
  envelope('alert.raised', alertSchema),
  envelope('alert.changed', alertSchema),
  envelope('alert.closed', alertSchema),
  envelope('measure.changed', measureSchema),
  envelope('exception.changed', exceptionSchema),
  envelope('notice.posted', z.object({ id: z.string(), text: z.string() })),
  envelope('webhook.test', z.object({ text: z.string() })),
]);

/** A message in Runwatch's own format. */
export const webhookBody = ({ event, at, subject }: WebhookMessage) => ({
  version: 1 as const,
  type: event,
  timestamp: new Date(at).toISOString(),
  data: dataOf(subject),
});

function dataOf(subject: WebhookSubject) {
  if (subject.kind === 'alert') return alertData(subject.alert, subject.link);
  if (subject.kind === 'measure') return measureData(subject.measure);
  if (subject.kind === 'exception') return exceptionData(subject.id, subject.exception);
  if (subject.kind === 'notice') return { id: subject.id, text: plainLine(subject.text, 2000) };
  return { text: 'A test from Runwatch' };
}

function alertData(alert: Alert, link: string | null): z.output<typeof alertSchema> {
  const { technique, caller, about, executions, machines, startedAt, lastEventAt } = summarize(alert);
  const counts = { total: about.length, succeeded: 0, failed: 0, started: 0, denied: 0 };
  for (const { refused, status } of about) counts[refused ? 'denied' : status] += 1;
  const byMachine = new Map(executions.map((execution) => [execution.target.id.toLowerCase(), execution]));
  const scripts = usedScripts(alert).flatMap(({ script }) => script.sha256 ?? []);
  return {
    id: alert.id,
    rev: alert.rev,
    state: alert.state,
    closedAs: alert.closedAs,
    severity: alert.severity,
    score: alert.score,
    technique: { id: technique.id, title: technique.title, attack: [...technique.mitre] },
    caller: {
      id: caller.id,
      name: plainLine(caller.name, 200),
      type: caller.type,
      ip: caller.ip,
      appId: caller.appId,
    },
    executions: counts,
    machineCount: machines,
    machines: [...byMachine.values()].slice(0, maxListed).map((execution) => ({
      id: execution.target.id,
      name: execution.target.name,
      resourceGroup: execution.target.resourceGroup,
      subscriptionId: execution.target.subscriptionId,
      environment: machineFactsOf(alert, execution)?.environment ?? null,
    })),
    scripts: [...new Set(scripts)].slice(0, maxListed),
    reasons: alert.reasons
      .slice(0, maxListed)
      .map(({ points, text }) => ({ points, text: plainLine(text, 300) })),
    assignee: alert.assignee && personOf(alert.assignee),
    mergedInto: alert.mergedInto,
    startedAt,
    lastEventAt,
    raisedAt: alert.raisedAt,
    updatedAt: alert.updatedAt,
    link,
  };
}

const measureData = (measure: Measure): z.output<typeof measureSchema> => ({
  id: measure.id,
  rev: measure.rev,
  kind: measure.kind,
  target: measure.target,
  name: plainLine(measure.name, 200),
  state: measure.state,
  action: measure.action,
  by: personOf(measure.by),
  approvedBy: measure.approvedBy ? personOf(measure.approvedBy) : null,
  alerts: measure.alerts.slice(-maxListed),
  says: plainLine(measure.says, 1000),
  reason: measure.reason === undefined ? null : plainLine(measure.reason, 1000),
  at: measure.at,
  changedAt: measure.changedAt,
});

const exceptionData = (id: string, exception: Exception | null): z.output<typeof exceptionSchema> => ({
  id,
  removed: exception === null,
  reason: exception && plainLine(exception.reason, 1000),
  owner: exception && plainLine(exception.owner, 200),
  expires: exception?.expires ?? null,
  match: exception && { ...exception.match },
});

const personOf = ({ name, id, surface }: Presser) => ({ name: plainLine(name, 200), id, source: surface });
