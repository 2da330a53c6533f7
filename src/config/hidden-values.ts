import { decoded, secretsOfUrl } from '../domain/text/redactor';
import type { PolicyFile } from './policy-file';
import type { Values } from './variables';

/** Every credential in a configuration, in any field. */
export function secretsOf(
  values: Values & Record<string, unknown>,
  secretNames: Iterable<string>,
  policy: PolicyFile,
): string[] {
  const named = [...secretNames].flatMap((name) => {
    const value = values[name];
    return typeof value === 'string' ? [value] : [];
  });
  const ownUrls = Object.values(values).filter(
    (value): value is string => typeof value === 'string' && /^[a-z][a-z0-9+.-]*:\/\//i.test(value),
  );
  const urls = [
    ...ownUrls,
    policy.url,
    policy.escalation?.url,
    policy.escalation?.webhook?.url,
    policy.escalation?.webhook?.update?.url,
    policy.audit?.webhook,
    policy.heartbeat?.url,
    ...(policy.webhooks ?? []).map(({ url }) => url),
  ].filter((url) => url !== undefined);
  const key = /SharedAccessKey=([^;]+)/i.exec(values.EVENT_HUB_CONNECTION_STRING ?? '')?.[1];
  const { escalation } = policy;
  return [
    ...named,
    ...urls.flatMap(secretsOfUrl),
    ...(key ? [key] : []),
    ...[escalation?.routingKey, escalation?.callbackSecret, escalation?.webhook?.callback?.secret].filter(
      (secret) => secret !== undefined,
    ),
    ...(policy.webhooks ?? []).flatMap(({ secret, previousSecret }) => [secret, previousSecret ?? secret]),
    ...Object.entries(escalation?.webhook?.headers ?? {}).flatMap(credentialsOfHeader),
    ...credentialsIn(escalation?.webhook?.body),
    ...credentialsIn(escalation?.webhook?.update?.body),
  ];
}

/** Names of headers and fields that hold credentials. */
const credential = /(token|secret|passw|pwd|key|auth|credential|cookie|sig(nature)?)/i;
/** A value of this length counts as a credential regardless of its name. */
const longValue = 24;

function credentialsOfHeader([name, value]: [string, string]): string[] {
  if (!credential.test(name) && value.length < longValue) return [];
  const [scheme, rest] = value.split(/\s+/, 2);
  return rest && /^(basic|bearer|token|apikey|splunk|genie\w*)$/i.test(scheme ?? '')
    ? [value, rest]
    : [value];
}

/** The values of `name=value,…`, percent-encoded and decoded, also without a scheme such as Bearer. */
export function secretsOfPairs(text = ''): string[] {
  const values = text.split(',').map((pair) => pair.slice(pair.indexOf('=') + 1).trim());
  const all = [...values, ...values.map(decoded)];
  return [text, ...all, ...all.flatMap((value) => value.split(' ').slice(1))].filter(Boolean);
}

/** Strings in a webhook's body that look like credentials by their field name, length or form. */
export function credentialsIn(body: unknown, name = ''): string[] {
  if (typeof body === 'string') {
    if (body.includes('{{')) return [];
    return credential.test(name) || body.length >= longValue || /^(basic|bearer)\s/i.test(body) ? [body] : [];
  }
  if (Array.isArray(body)) return body.flatMap((item) => credentialsIn(item, name));
  if (typeof body !== 'object' || body === null) return [];
  return Object.entries(body).flatMap(([key, value]) => credentialsIn(value, key));
}
