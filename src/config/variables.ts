import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { isProtected } from '../domain/text/is-protected';
import { shownUrl } from '../domain/text/redactor';
import type { AnySurfaceSettings } from './surface-settings';
import { number } from './variable-types';

const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);

const guidList = list
  .pipe(z.array(z.string().regex(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i)))
  .meta({ expected: 'subscription ids (GUIDs), comma-separated' });

const httpsUrl = z.url({ protocol: /^https$/ }).meta({ expected: 'an https URL' });

/**
 * A secret that is hard to guess: long enough, with enough different characters, and not a repeated pattern.
 */
const hardToGuess = (min: number) =>
  z
    .string()
    .min(min)
    .refine((value) => !isGuessable(value))
    .meta({ expected: `at least ${min} characters that are hard to guess (openssl rand -base64 32)` });

function isGuessable(text: string): boolean {
  if (new Set(text).size < 8) return true;
  for (let period = 1; period <= text.length / 2; period++)
    if (text.slice(period) === text.slice(0, -period)) return true;
  return false;
}

const secretExpected = 'at least 32 characters (openssl rand -base64 32)';

const address = z.string().refine((value) => ipaddr.isValid(value) || ipaddr.isValidCIDR(value));

/** Entra's addresses for several tenants name no tenant, so people of any tenant could sign in. */
const manyTenants = /^\/(common|organizations|consumers)(\/|$)/i;

const issuer = z
  .url()
  .max(250)
  .refine((value) => {
    const url = URL.parse(value);
    return (
      url !== null &&
      isProtected(url) &&
      !url.search &&
      !url.hash &&
      !url.username &&
      !manyTenants.test(url.pathname)
    );
  })
  .meta({
    expected:
      'the https URL of an OpenID Connect issuer, for Entra that of one tenant: https://login.microsoftonline.com/TENANT/v2.0',
  });

/** The emulator has no TLS, so its traffic must stay on this machine. */
const loopbackEmulator = /^Endpoint=sb:\/\/(localhost|127\.0\.0\.1)[:;/]/i;

/** The schema of each variable that no surface owns. {@link secretNames} lists the secrets. */
export const variables = {
  AZURE_SUBSCRIPTION_IDS: guidList.optional(),
  AZURE_CLOUD: z
    .enum(['public', 'usgovernment', 'china'])
    .meta({ expected: 'public, usgovernment or china' })
    .optional(),
  AZURE_RESOURCE_MANAGER_ENDPOINT: httpsUrl.optional(),
  AZURE_ACCESS_TOKEN: z.string().min(1).optional(),
  RUNWATCH_FETCH_CLIENT_ID: z.guid().meta({ expected: 'a client ID (a GUID)' }).optional(),
  RUNWATCH_FETCH_TENANT_ID: z.guid().meta({ expected: 'a tenant ID (a GUID)' }).optional(),
  RUNWATCH_FETCH_CLIENT_SECRET: z.string().min(1).max(500).optional(),
  LOG_ANALYTICS_WORKSPACE_ID: z
    .guid()
    .meta({ expected: "a Log Analytics workspace's id (a GUID)" })
    .optional(),
  EVENT_HUB_CONNECTION_STRING: z
    .string()
    .regex(/^Endpoint=sb:\/\/[^;]+;/i)
    .refine((value) => !/UseDevelopmentEmulator=true/i.test(value) || loopbackEmulator.test(value))
    .meta({
      expected:
        'Endpoint=sb://NAMESPACE/;SharedAccessKeyName=…;SharedAccessKey=…, the emulator on loopback only',
    })
    .optional(),
  EVENT_HUB_NAMESPACE: z
    .string()
    .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i)
    .meta({ expected: "a namespace's host name such as contoso.servicebus.windows.net" })
    .optional(),
  EVENT_HUB_NAME: z.string().min(1).optional(),
  EVENT_HUB_CONSUMER_GROUP: z.string().min(1).optional(),
  REDIS_URL: z
    .string()
    .regex(/^rediss?(-cluster|-sentinel)?:\/\/[^\s/]+/)
    .meta({
      expected: 'redis://…, rediss://…, redis-cluster://HOST:PORT,… or redis-sentinel://HOST:PORT,…/NAME',
    })
    .optional(),
  RUNWATCH_POLL_SECONDS: number(1, 3600).optional(),
  RUNWATCH_LOOKBACK_MINUTES: number(1, 60 * 24 * 89).optional(),
  RUNWATCH_KEEP_DAYS: number(1, 3650).optional(),
  RUNWATCH_PORT: number(0, 65_535).optional(),
  RUNWATCH_HOST: z.string().min(1).optional(),
  RUNWATCH_DATA_DIR: z.string().min(1).optional(),
  RUNWATCH_RESPONDERS: list.optional(),
  RUNWATCH_CONFIG: z.string().min(1).optional(),
  RUNWATCH_READERS: list.optional(),
  RUNWATCH_PUBLIC_URL: z
    .url({ protocol: /^https?$/ })
    .meta({ expected: 'an http(s) URL' })
    .optional(),
  RUNWATCH_SECRET: z.string().min(32).meta({ expected: secretExpected }).optional(),
  RUNWATCH_SECRET_PREVIOUS: z.string().min(32).meta({ expected: secretExpected }).optional(),
  RUNWATCH_TRUSTED_PROXIES: list
    .pipe(z.array(address))
    .meta({ expected: 'IP addresses or ranges, comma-separated' })
    .optional(),
  RUNWATCH_CONSOLE_TOKEN: hardToGuess(16).optional(),
  RUNWATCH_OIDC_ISSUER: issuer.optional(),
  RUNWATCH_OIDC_CLIENT_ID: z.string().min(1).max(200).optional(),
  RUNWATCH_OIDC_CLIENT_SECRET: z.string().min(1).max(500).optional(),
  RUNWATCH_METRICS_TOKEN: hardToGuess(16).optional(),
  RUNWATCH_METRICS_PORT: number(0, 65_535).optional(),
  RUNWATCH_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .meta({ expected: 'fatal, error, warn, info, debug, trace or silent' })
    .optional(),
  OTEL_EXPORTER_OTLP_ENDPOINT: z
    .url({ protocol: /^https?$/ })
    .max(500)
    .meta({ expected: 'an http(s) URL' })
    .optional(),
  OTEL_EXPORTER_OTLP_HEADERS: z.string().max(10_000).meta({ expected: 'NAME=VALUE,…' }).optional(),
} as const;

export const secretNames: readonly string[] = [
  'AZURE_ACCESS_TOKEN',
  'RUNWATCH_FETCH_CLIENT_SECRET',
  'EVENT_HUB_CONNECTION_STRING',
  'REDIS_URL',
  'RUNWATCH_SECRET',
  'RUNWATCH_SECRET_PREVIOUS',
  'RUNWATCH_CONSOLE_TOKEN',
  'RUNWATCH_OIDC_CLIENT_SECRET',
  'RUNWATCH_METRICS_TOKEN',
  'OTEL_EXPORTER_OTLP_HEADERS',
];

export type Env = Readonly<Record<string, string | undefined>>;
export type ReadFile = (path: string) => string;

/** The validated values of the variables. */
export type Values = { [K in keyof typeof variables]: z.output<(typeof variables)[K]> };

/** The schemas of all variables, and which of them hold secrets. */
export const allVariables = (surfaces: readonly AnySurfaceSettings[]) => ({
  schemas: Object.assign({}, variables, ...surfaces.map((surface) => surface.variables)) as Record<
    string,
    z.ZodType
  >,
  secrets: new Set([...secretNames, ...surfaces.flatMap(({ secrets }) => secrets)]),
});

/** Reads every variable, or NAME_FILE where NAME is unset. Faults are collected, not thrown. */
export function readVariables(
  env: Env,
  readFile: ReadFile,
  faults: string[],
  surfaces: readonly AnySurfaceSettings[],
): Values & Record<string, unknown> {
  const out: Record<string, unknown> = {};
  const { schemas, secrets } = allVariables(surfaces);
  for (const [name, schema] of Object.entries(schemas)) {
    const raw = readOne(name, env, readFile, faults);
    if (raw === undefined) continue;
    const parsed = schema.safeParse(raw);
    if (parsed.success) out[name] = parsed.data;
    else faults.push(`${name}: got ${shown(raw, secrets.has(name))}, expected ${expectation(schema)}`);
  }
  return out as Values & Record<string, unknown>;
}

/** A variable's value, or the content of NAME_FILE. */
export function readOne(name: string, env: Env, readFile: ReadFile, faults: string[]): string | undefined {
  const direct = env[name];
  if (direct !== undefined && direct.trim() !== '') return direct.trim();
  const path = env[`${name}_FILE`];
  if (!path) return undefined;
  try {
    const content = readFile(path).trim();
    if (content !== '') return content;
    faults.push(`${name}_FILE: ${path} is empty, expected the value of ${name}`);
  } catch (error) {
    faults.push(`${name}_FILE: could not read ${path} (${(error as NodeJS.ErrnoException).code ?? 'error'})`);
  }
  return undefined;
}

const shown = (value: string, secret: boolean) =>
  secret ? `a value of ${value.length} characters (not shown)` : JSON.stringify(shownUrl(value).slice(0, 80));

function expectation(schema: z.ZodType): string {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  const expected = inner.meta()?.expected ?? schema.meta()?.expected;
  return typeof expected === 'string' ? expected : 'a value';
}
