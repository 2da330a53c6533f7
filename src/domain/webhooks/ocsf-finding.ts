import { type Caller, upnOf } from '../activity/activity-event';
import { type Alert, type ClosedAs, type StateName, summarize } from '../alerts/alert';
import type { Severity } from '../alerts/severity';
import { plainLine } from '../text/plain-text';
import { maxListed, type WebhookMessage } from './webhook-event';

const version = '1.8.0';
const classUid = 2004;

/** Create, Update, Close. */
const activities: Readonly<Record<string, number>> = {
  'alert.raised': 1,
  'alert.changed': 2,
  'alert.closed': 3,
};
const other = 99;

const severities: Readonly<Record<Severity, readonly [id: number, name: string]>> = {
  low: [2, 'Low'],
  medium: [3, 'Medium'],
  high: [4, 'High'],
  critical: [5, 'Critical'],
};

const states: Readonly<Record<StateName, readonly [id: number, name: string]>> = {
  new: [1, 'New'],
  acknowledged: [2, 'In Progress'],
  investigating: [2, 'In Progress'],
  contained: [2, 'In Progress'],
  closed: [4, 'Resolved'],
};

const verdicts: Readonly<Record<ClosedAs, readonly [id: number, name: string]>> = {
  'true positive': [2, 'True Positive'],
  benign: [5, 'Benign'],
  expected: [5, 'Benign'],
  'handled in a ticket': [9, 'Managed Externally'],
};

/**
 * An alert as an OCSF Detection Finding with the profiles Cloud and Incident. Null for messages that OCSF has no
 * fitting class for.
 * @see https://schema.ocsf.io/1.8.0/classes/detection_finding
 */
export function ocsfFinding({ event, at, subject }: WebhookMessage): object | null {
  if (subject.kind === 'alert') return findingOf(event, at, subject.alert, subject.link);
  if (subject.kind !== 'test') return null;
  return {
    ...classification(event),
    ...timed(at),
    severity_id: 1,
    severity: 'Informational',
    is_alert: false,
    message: 'A test from Runwatch',
    finding_info: { uid: 'test', title: 'A test from Runwatch' },
    cloud: { provider: 'Azure' },
    metadata: metadataOf('test', event, at),
  };
}

function classification(event: string) {
  const activity = activities[event] ?? other;
  return {
    class_uid: classUid,
    class_name: 'Detection Finding',
    category_uid: 2,
    category_name: 'Findings',
    activity_id: activity,
    type_uid: classUid * 100 + activity,
    ...(activity === other ? { activity_name: event } : {}),
  };
}

const timed = (at: number) => ({ time: at });

const metadataOf = (uid: string, event: string, at: number) => ({
  version,
  uid,
  event_code: event,
  modified_time: at,
  profiles: ['cloud', 'incident'],
  product: { name: 'Runwatch', vendor_name: 'Runwatch' },
});

function findingOf(event: string, at: number, alert: Alert, link: string | null): object {
  const { technique, caller, executions, first, startedAt, lastEventAt, about } = summarize(alert);
  const [severityId, severity] = severities[alert.severity];
  const [statusId, status] = states[alert.state];
  const verdict = alert.closedAs && verdicts[alert.closedAs];
  const title = plainLine(`${technique.title}: ${caller.name}`, 300);
  const subscriptions = [...new Set(executions.map(({ target }) => target.subscriptionId))];
  const targets = new Map(executions.map(({ target }) => [target.id.toLowerCase(), target]));
  return {
    ...classification(event),
    ...timed(Date.parse(alert.raisedAt)),
    severity_id: severityId,
    severity,
    status_id: statusId,
    status,
    is_alert: event === 'alert.raised',
    risk_score: Math.round(alert.score),
    message: title,
    count: about.length,
    start_time: Date.parse(startedAt),
    end_time: Date.parse(lastEventAt),
    ...(link ? { src_url: link } : {}),
    ...(verdict ? { verdict_id: verdict[0], verdict: verdict[1] } : {}),
    ...(alert.assignee ? { assignee: { name: plainLine(alert.assignee.name, 200) } } : {}),
    finding_info: {
      uid: alert.id,
      title,
      desc: alert.reasons
        .slice(0, maxListed)
        .map(({ text }) => plainLine(text, 300))
        .join('; '),
      created_time: Date.parse(alert.raisedAt),
      modified_time: Date.parse(alert.updatedAt),
      first_seen_time: Date.parse(startedAt),
      last_seen_time: Date.parse(lastEventAt),
      analytic: { type_id: 1, type: 'Rule', uid: technique.id, name: technique.title },
      attacks: technique.mitre.map(attackOf),
      ...(link ? { src_url: link } : {}),
    },
    cloud: {
      provider: 'Azure',
      ...(subscriptions.length === 1 ? { account: { uid: subscriptions[0] } } : {}),
    },
    resources: [...targets.values()].slice(0, maxListed).map(({ id, name, type, resourceGroup }) => ({
      uid: id,
      name,
      type,
      provider: 'Azure',
      group: { name: resourceGroup },
    })),
    evidences: [
      {
        actor: { user: userOf(caller) },
        api: { operation: first.operation },
        ...(caller.ip ? { src_endpoint: { ip: caller.ip } } : {}),
      },
    ],
    metadata: metadataOf(`${alert.id}.${alert.rev}`, event, at),
  };
}

function attackOf(id: string) {
  const [technique, sub] = id.split('.');
  return {
    technique: { uid: technique },
    ...(sub === undefined ? {} : { sub_technique: { uid: id } }),
  };
}

function userOf(caller: Caller) {
  const upn = upnOf(caller);
  return {
    name: plainLine(caller.name, 200),
    ...(caller.id ? { uid: caller.id } : {}),
    ...(upn ? { email_addr: upn } : {}),
  };
}
