import { upnOf } from '../activity/activity-event';
import { type Alert, summarize } from '../alerts/alert';
import { usedScripts } from '../alerts/join-facts';
import { plainLine } from '../text/plain-text';
import { maxListed, type WebhookMessage } from './webhook-event';

const version = '9.4.0';

/**
 * An alert in the Elastic Common Schema. Null for messages that are not about an alert.
 * @see https://www.elastic.co/docs/reference/ecs/ecs-field-reference
 */
export function ecsAlert({ event, at, subject }: WebhookMessage): object | null {
  const base = { '@timestamp': new Date(at).toISOString(), ecs: { version } };
  const origin = { module: 'runwatch', provider: 'runwatch', dataset: 'runwatch.alert', action: event };
  if (subject.kind === 'alert') return { ...base, ...alertOf(subject.alert, subject.link, origin) };
  if (subject.kind !== 'test') return null;
  return { ...base, message: 'A test from Runwatch', event: { kind: 'event', type: ['info'], ...origin } };
}

function alertOf(alert: Alert, link: string | null, origin: object): object {
  const { technique, caller, executions, refused, status, startedAt, lastEventAt } = summarize(alert);
  const upn = upnOf(caller);
  const name = plainLine(caller.name, 200);
  const targets = [
    ...new Map(executions.map(({ target }) => [target.id.toLowerCase(), target])).values(),
  ].slice(0, maxListed);
  const [only, ...others] = targets;
  const [subscription, ...more] = new Set(executions.map(({ target }) => target.subscriptionId));
  const isOne = only !== undefined && others.length === 0;
  const hashes = [...new Set(usedScripts(alert).flatMap(({ script }) => script.sha256 ?? []))];
  return {
    message: plainLine(`${technique.title}: ${name}`, 300),
    event: {
      kind: 'alert',
      category: ['intrusion_detection'],
      type: [refused ? 'denied' : 'info'],
      outcome: refused || status === 'failed' ? 'failure' : status === 'succeeded' ? 'success' : 'unknown',
      ...origin,
      id: alert.id,
      sequence: alert.rev,
      severity: Math.round(alert.score),
      risk_score: alert.score,
      created: alert.raisedAt,
      start: startedAt,
      end: lastEventAt,
      reason: alert.reasons
        .slice(0, maxListed)
        .map(({ text }) => plainLine(text, 300))
        .join('; '),
      ...(link ? { url: link } : {}),
    },
    rule: { id: technique.id, name: technique.title, ruleset: 'runwatch' },
    ...(technique.mitre.length > 0 ? { threat: threatOf(technique.mitre) } : {}),
    user: { name, ...(caller.id ? { id: caller.id } : {}), ...(upn ? { email: upn } : {}) },
    ...(caller.ip ? { source: { ip: caller.ip, address: caller.ip } } : {}),
    cloud: {
      provider: 'azure',
      ...(subscription && more.length === 0 ? { account: { id: subscription } } : {}),
      ...(isOne ? { instance: { id: only.id, name: only.name } } : {}),
    },
    ...(isOne ? { host: { name: only.name, id: only.id } } : {}),
    related: {
      user: [...new Set([name, caller.id, upn].filter((one): one is string => Boolean(one)))],
      hosts: [...new Set(targets.map((target) => target.name))],
      ...(caller.ip ? { ip: [caller.ip] } : {}),
      ...(hashes.length > 0 ? { hash: hashes.slice(0, maxListed) } : {}),
    },
    labels: {
      state: alert.state,
      severity: alert.severity,
      ...(alert.closedAs ? { closed_as: alert.closedAs } : {}),
    },
  };
}

function threatOf(ids: readonly string[]) {
  const techniques = [...new Set(ids.map((id) => id.split('.')[0]))];
  const subtechniques = ids.filter((id) => id.includes('.'));
  return {
    framework: 'MITRE ATT&CK',
    technique: {
      id: techniques,
      ...(subtechniques.length > 0 ? { subtechnique: { id: subtechniques } } : {}),
    },
  };
}
