import { z } from 'zod';
import { defaultPoints } from '../domain/alerts/score';
import { type PolicyFile, policySchema } from './policy-file';
import type { AnySurfaceSettings } from './surface-settings';

/** Descriptions of RUNWATCH_CONFIG's keys. */
const descriptions: Record<keyof PolicyFile, string> = {
  url: 'the console’s URL, for links in Slack, tickets and locks (default: `http://HOST:PORT`)',
  locale:
    'a language tag such as `en-GB` (`en-US`): its language selects the texts in chat (`en` is shipped), the whole tag the format of numbers and dates',
  responders:
    'who may run which actions, and in which subscriptions: Slack user ids, Teams/Entra object ids, e-mail addresses, `*@domain`, `slack-group:ID`, `entra-group:ID`, `*`; added to `RUNWATCH_RESPONDERS`',
  fourEyes:
    'actions (ids as in `runwatch respond`) that a second, different responder must approve within 15 minutes (`restore`)',
  fetchScript:
    '`on` offers *Fetch script*, which runs a fixed, read-only script as root or SYSTEM on a machine; it needs a role of its own and always two people (off)',
  environments:
    'environment names by tag or subscription; an alert that scores below `alertFrom` goes into the digest and is not posted',
  workingHours: 'usual working hours; their `zone` also applies to the digest and the activity page',
  detections:
    'techniques to turn on or off, by id; [detections.md](detections.md) has all of them with their defaults, and `runwatch detections list` those of this configuration',
  techniques:
    'custom techniques: operations, descriptions, score, ATT&CK ids, and examples for `runwatch detections test`',
  routes:
    'where alerts go: the first route that matches and names a channel for the surface (`runwatch routes test` shows which). All conditions must match, those on a machine the same one; `*` matches any text. `technique` is an id (`runwatch detections list`), `managementGroup` the id or name of any group above the subscription, and `hours` contains the alert’s start. A message stays in the channel it was first posted to',
  reminders:
    'minutes until a reminder for a new alert, by severity (critical 5, high 15, medium 60, low 0), or for an assigned alert without activity (`sleeping` 480); 0 disables it',
  sla: 'targets from the alert to its first response (`acknowledge`), to containment (`contain`) and to its end (`close`), by severity: `5m`, `2h`, `1d` or minutes, up to `30d`; `acknowledge` replaces the minutes in `reminders`, and one reminder follows each other target that is missed',
  ask: 'minutes a caller has to answer (30), and the answers that close the alert (none)',
  accessReview: '`monthly`: posts an access review of each subscription on the first of each month',
  exceptions: 'the maximum duration of an exception in days (365)',
  audit:
    'copies of the audit log: a JSON-lines `file` on the host that delivers alerts, and a `webhook` that receives each entry by POST; if `archive` is set, entries older than a year move from Redis to files in that folder',
  sentinel:
    'where alerts and the audit log are sent for Microsoft Sentinel: the ingestion `endpoint` and the immutable id of the data collection `rule` ([sentinel.md](sentinel.md))',
  heartbeat:
    'a `url` to request each minute while Runwatch is healthy, for a dead man’s switch; no requests while it can’t read events or send alerts',
  score: 'points per reason, overriding the defaults below',
  escalation:
    'PagerDuty’s `routingKey` (`url` for a compatible service) and the `callbackSecret` of its webhook, a ticket through `webhook` with its `callback` and `update` ([tickets.md](tickets.md)), a `sentinel` workspace, a dedicated `channel`; reminders escalate to `slack` or `teams` and mention the user group `mention`',
  geo: "MMDB files, such as GeoLite2-ASN.mmdb, that tell the network operator and the country of the caller's address; read again each hour",
  webhooks:
    'URLs that get changes as signed POSTs, described in [webhooks.md](webhooks.md): `events` selects them (all that the format can describe), `when` selects alerts as in `routes`, `previousSecret` still signs while a secret is changed, and `allowPrivate` permits http and addresses of the host’s own networks',
  watchlist: 'callers and machines whose alerts score higher',
};

/** Generates docs/configuration.md: the variables from .env.example, and every key of the file. */
export function configurationDoc(envExample: string, surfaces: readonly AnySurfaceSettings[]): string {
  const schema = z.toJSONSchema(policySchema(surfaces), { io: 'input' }) as Schema;
  const own = Object.assign({}, ...surfaces.map(({ keys }) => keys)) as NonNullable<
    AnySurfaceSettings['keys']
  >;
  const keys = Object.entries(schema.properties ?? {}).map(
    ([name, value]) =>
      `| \`${name}\` | ${own[name]?.description ?? descriptions[name as keyof PolicyFile]} | \`${shape(value)}\` |`,
  );
  const points = Object.entries(defaultPoints).map(([name, value]) => `| \`${name}\` | ${value} |`);
  return `<!-- Generated by \`node scripts/schema.mjs\`; a test checks it against the code. -->

# Configuration

\`runwatch config\` prints the effective configuration. If any value is invalid, Runwatch does not start and lists every fault. Secrets are never
printed, and each can be read from a file: \`NAME_FILE\`.

## Variables

\`\`\`sh
${envExample.trim()}
\`\`\`

## RUNWATCH_CONFIG

A YAML file. Every key is optional; an unknown key is an error.

Its texts can refer to secrets: \`\${NAME}\` is the value of that variable, or the content of the file that \`NAME_FILE\` names.
\`\${NAME_FILE}\` is always the file's content. Such a value has 6 to 16,384 characters, is treated as a secret and is never printed.
A reference to something unset is an error.

\`\`\`yaml
escalation:
  routingKey: \${PAGERDUTY_KEY}
  webhook:
    url: https://tickets.contoso.example/api
    headers: {Authorization: "Bearer \${TICKETS_TOKEN_FILE}"}
\`\`\`

| key | meaning | value |
| --- | --- | --- |
${keys.join('\n')}

## Points per reason

| reason | points |
| --- | --- |
${points.join('\n')}
`;
}

interface Schema {
  type?: string;
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  items?: Schema;
  anyOf?: Schema[];
  enum?: unknown[];
  const?: unknown;
}

/** A short form of a schema, such as {who: [text], may: …}. */
function shape({
  type,
  properties,
  additionalProperties,
  items,
  anyOf,
  enum: values,
  const: only,
}: Schema): string {
  if (only !== undefined) return String(only);
  if (values) return values.length > 8 ? `${values.slice(0, 4).join(', ')}, …` : values.join(', ');
  if (anyOf) return [...new Set(anyOf.map(shape))].join(' or ');
  if (properties)
    return `{${Object.entries(properties)
      .map(([name, value]) => `${name}: ${shape(value)}`)
      .join(', ')}}`;
  if (type === 'object')
    return `{NAME: ${typeof additionalProperties === 'object' ? shape(additionalProperties) : 'anything'}}`;
  if (type === 'array') return `[${items ? shape(items) : 'anything'}]`;
  return (
    { string: 'text', integer: 'number', number: 'number', boolean: 'true or false' }[type ?? ''] ??
    'anything'
  );
}
