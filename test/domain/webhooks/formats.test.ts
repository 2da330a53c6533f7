import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { join } from 'node:path';
import Ajv from 'ajv/dist/2020';
import { z } from 'zod';
import { type Alert, newAlert } from '../../../src/domain/alerts/alert';
import { type Execution, executionFrom } from '../../../src/domain/techniques/execution';
import { ecsAlert } from '../../../src/domain/webhooks/ecs-alert';
import { ocsfFinding } from '../../../src/domain/webhooks/ocsf-finding';
import { webhookBody, webhookBodySchema } from '../../../src/domain/webhooks/webhook-body';
import {
  maxListed,
  type WebhookMessage,
  type WebhookSubject,
  webhookEvents,
} from '../../../src/domain/webhooks/webhook-event';
import { event, vm } from '../../support/event';
import { openPublished } from '../../support/json-schema';

const by = { surface: 'slack', id: 'U0SAM0000', name: 'Sam' };
const dana = {
  id: '11111111-2222-4333-8444-555555555555',
  name: 'dana@contoso.example',
  upn: 'dana@contoso.example',
  type: 'User' as const,
  ip: '203.0.113.24',
  appId: null,
};
const executionOn = (machine: number, more = {}) =>
  executionFrom(
    event({
      id: `e${machine}`,
      correlationId: `c${machine}`,
      resourceId: `${vm}-${machine}`,
      caller: dana,
      ...more,
    }),
  ) as Execution;

const one = newAlert('RW-1', [executionOn(1, { status: 'succeeded' })], '2026-11-20T22:15:00.000Z');
const burst = newAlert(
  'RW-2',
  Array.from({ length: 80 }, (_, i) =>
    executionOn(i, { caller: { ...dana, id: null, upn: null, ip: null } }),
  ),
  '2026-11-20T22:15:00.000Z',
);
const closed: Alert = {
  ...one,
  state: 'closed',
  closedAs: 'true positive',
  severity: 'critical',
  score: 97.5,
  assignee: by,
  technique: 'vm-ssh',
  reasons: [{ id: 'technique', points: 47, text: 'Runs a command\u202e as root' }],
  facts: {
    runs: {
      [one.executions[0]?.key ?? '']: { script: 's1', output: null, exitCode: 0, redacted: [], final: true },
    },
    scripts: {
      s1: { text: 'id', sha256: 'a'.repeat(64), parameters: [], runAs: null, redacted: [], traits: [] },
    },
  },
};
const refused = newAlert('RW-3', [executionOn(1, { status: 'failed', refused: true })], one.raisedAt);
const sub = newAlert('RW-4', [{ ...executionOn(1), technique: 'arc-ssh' }], one.raisedAt);

const at = Date.parse('2026-11-20T22:16:00Z');
const link = 'https://runwatch.contoso.example/console/alerts/RW-1';
const about = (subject: WebhookSubject, type: WebhookMessage['event'] = 'alert.raised'): WebhookMessage => ({
  event: type,
  at,
  subject,
});
const alertMessages = [
  about({ kind: 'alert', alert: one, link: null }),
  about({ kind: 'alert', alert: burst, link }, 'alert.changed'),
  about({ kind: 'alert', alert: closed, link }, 'alert.closed'),
  about({ kind: 'alert', alert: refused, link: null }),
  about({ kind: 'alert', alert: sub, link: null }),
];
const test0 = about({ kind: 'test' }, 'webhook.test');
const exception = {
  id: 'ex-1',
  match: { caller: 'patch@contoso.example' },
  reason: 'Patching',
  owner: 'dana',
  expires: '2027-01-01T00:00:00Z',
};
const otherMessages = [
  about(
    {
      kind: 'measure',
      measure: {
        id: 'M-1',
        kind: 'isolation',
        target: vm,
        name: 'vm-1',
        subjects: [],
        rev: 3,
        state: 'in force',
        way: 'do',
        action: 'isolate',
        by,
        at: one.raisedAt,
        changedAt: one.raisedAt,
        press: 'p',
        alerts: ['RW-1'],
        before: { secret: 'not for others' },
        steps: [],
        says: 'Isolated',
        signature: 's',
      },
    },
    'measure.changed',
  ),
  about({ kind: 'exception', id: 'ex-1', exception }, 'exception.changed'),
  about({ kind: 'exception', id: 'ex-1', exception: null }, 'exception.changed'),
  about({ kind: 'notice', id: 'notice-1', text: 'x'.repeat(5000) }, 'notice.posted'),
];

const json = (file: string) => JSON.parse(readFileSync(join(__dirname, '../../..', file), 'utf8'));

test('the published schema is generated from the code', () => {
  const generated = z.toJSONSchema(webhookBodySchema, { io: 'input' });
  expect(json('schema/webhook.json')).toMatchObject(JSON.parse(JSON.stringify(generated)));
});

test('our own messages fit the published schema, are short and have no stored secrets', () => {
  const validate = new Ajv({ strict: false }).compile(json('schema/webhook.json'));
  const seen = [...alertMessages, ...otherMessages, test0].map((message) => {
    const body = JSON.parse(JSON.stringify(webhookBody(message)));
    expect({ type: message.event, fits: validate(body), errors: validate.errors }).toMatchObject({
      fits: true,
    });
    expect(JSON.stringify(body).length).toBeLessThan(40_000);
    return body.type;
  });
  expect(new Set(seen)).toEqual(new Set([...webhookEvents, 'webhook.test']));
  expect(JSON.stringify(otherMessages.map(webhookBody))).not.toContain('not for others');
  expect(webhookBody(alertMessages[1] as WebhookMessage).data).toMatchObject({
    machineCount: 80,
    executions: { total: 80, started: 80 },
    machines: { length: maxListed },
  });
});

test('alerts are OCSF Detection Findings', () => {
  const faultsOf = openPublished('ocsf-detection-finding-1.8.0.json');
  for (const message of [...alertMessages, test0])
    expect(faultsOf('', JSON.parse(JSON.stringify(ocsfFinding(message))))).toEqual([]);
  for (const message of otherMessages) expect(ocsfFinding(message)).toBeNull();
  expect(alertMessages.slice(0, 3).map(ocsfFinding)).toMatchObject([
    { class_uid: 2004, activity_id: 1, type_uid: 200401, status_id: 1, is_alert: true },
    { activity_id: 2, type_uid: 200402, finding_info: { uid: 'RW-2', src_url: link }, is_alert: false },
    { activity_id: 3, severity_id: 5, status_id: 4, verdict_id: 2, metadata: { uid: 'RW-1.0' } },
  ]);
  expect(ocsfFinding(alertMessages[4] as WebhookMessage)).toMatchObject({
    finding_info: { attacks: [{ technique: { uid: 'T1021' }, sub_technique: { uid: 'T1021.008' } }] },
  });
});

const types: Record<string, (value: unknown) => boolean> = {
  keyword: (value) => typeof value === 'string',
  constant_keyword: (value) => typeof value === 'string',
  wildcard: (value) => typeof value === 'string',
  match_only_text: (value) => typeof value === 'string',
  long: (value) => Number.isInteger(value),
  float: (value) => typeof value === 'number',
  date: (value) => typeof value === 'string' && !Number.isNaN(Date.parse(value)),
  ip: (value) => isIP(String(value)) > 0,
};
const fields: Record<string, [type: string, normalization?: string]> = json(
  'test/fixtures/published/ecs-fields-9.4.0.json',
);

/** What does not fit the fields that Elastic publishes. */
function ecsFaults(value: unknown, path: string): string[] {
  const [type, normalization] = fields[path] ?? [];
  if (type === 'object')
    return Object.values(value as object).every((one) => typeof one === 'string') ? [] : [path];
  if (type) {
    const isArray = normalization === 'array';
    const values = isArray ? value : [value];
    return Array.isArray(values) && values.length > 0 && values.every(types[type] ?? (() => false))
      ? []
      : [path];
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [path];
  return Object.entries(value).flatMap(([key, inner]) => ecsFaults(inner, path ? `${path}.${key}` : key));
}

test('alerts are documents of the Elastic Common Schema', () => {
  expect(ecsFaults({ event: { kind: 1, nonsense: 'x', category: 'web' } }, '')).toHaveLength(3);
  for (const message of [...alertMessages, test0]) expect(ecsFaults(ecsAlert(message), '')).toEqual([]);
  for (const message of otherMessages) expect(ecsAlert(message)).toBeNull();
  expect(ecsAlert(alertMessages[2] as WebhookMessage)).toMatchObject({
    event: { kind: 'alert', severity: 98, outcome: 'success', url: link },
    user: { email: 'dana@contoso.example' },
    related: { ip: ['203.0.113.24'], hash: ['a'.repeat(64)] },
    cloud: { provider: 'azure', instance: { name: 'vm-1-1' } },
  });
  expect(ecsAlert(alertMessages[3] as WebhookMessage)).toMatchObject({
    event: { type: ['denied'], outcome: 'failure' },
  });
  expect(ecsAlert(alertMessages[4] as WebhookMessage)).toMatchObject({
    threat: { technique: { id: ['T1021'], subtechnique: { id: ['T1021.008'] } } },
  });
});
