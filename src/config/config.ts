import { readFileSync } from 'node:fs';
import { defaultKeepDays } from '../domain/alerts/alert';
import { defaultPoints, type Points } from '../domain/alerts/score';
import type { Detections } from '../domain/techniques/detections';
import { docsUrl } from '../domain/text/docs-url';
import type { Secrets } from '../runtime/keyring';
import type { TraceSettings } from '../runtime/open-telemetry';
import { secretsOf, secretsOfPairs } from './hidden-values';
import { type PolicyFile, readPolicy } from './policy-file';
import { type SignInConfig, signInFrom } from './sign-in-settings';
import type { AnySurfaceSettings, SettingsSource } from './surface-settings';
import { unknownVariables } from './unknown-variables';
import { allVariables, type Env, type ReadFile, readOne, readVariables, type Values } from './variables';

export type { PolicyFile } from './policy-file';

/** Lists all faults of a configuration. `remedy` says where to look. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly remedy = `See ${docsUrl('configuration.md')} for every variable and its default.`;
  constructor(
    readonly faults: string[],
    /** As those of a {@link Config}. */
    readonly warnings: readonly string[] = [],
  ) {
    super(faults.join('\n'));
  }
}

export type Role = 'poll' | 'enrich' | 'deliver' | 'respond' | 'serve';
export const allRoles: readonly Role[] = ['poll', 'enrich', 'deliver', 'respond', 'serve'];

/** Who may do what, from RUNWATCH_RESPONDERS and RUNWATCH_CONFIG. `may` is "all" or action ids. */
export interface ResponderRule {
  who: string[];
  may: 'all' | string[];
  subscriptions: string[] | null;
}

export interface Config {
  readonly azure: {
    readonly cloud: 'public' | 'usgovernment' | 'china';
    readonly endpoint: string;
    readonly accessToken: string | null;
    readonly subscriptionIds: readonly string[] | null;
  };
  /** Null: scripts are never fetched from machines. */
  readonly fetchScript: { readonly identity: FetchIdentity | null } | null;
  /** The event hub that the activity log is exported to; null means polling only. */
  readonly eventHub: EventHubConfig | null;
  /** The Log Analytics workspace that the activity log is exported to. */
  readonly workspaceId: string | null;
  readonly redisUrl: string | null;
  readonly dataDir: string;
  /** Settings of each configured surface by name. Only the surface itself knows their shape. */
  readonly surfaces: Readonly<Record<string, unknown>>;
  /** How long alerts are kept after their last change. */
  readonly keepDays: number;
  readonly pollSeconds: number;
  readonly lookbackMinutes: number;
  readonly port: number;
  readonly host: string;
  readonly consoleToken: string | null;
  /** If set, /metrics requires this token from any address except loopback. */
  readonly metricsToken: string | null;
  /**
   * Port for /healthz, /readyz and /metrics in a process without the role serve. Null: a free port on
   * loopback.
   */
  readonly metricsPort: number | null;
  /** Null if not set; with the embedded Redis, one is generated in `dataDir`. */
  readonly secrets: Secrets | null;
  /** Variables that look like ours but are unknown: one line each, with the nearest name. */
  readonly warnings: readonly string[];
  /** Every configured value that must never be printed, logged or shown. */
  readonly hidden: readonly string[];
  /** Addresses or ranges of trusted proxies, whose forwarded headers are used. */
  readonly trustedProxies: readonly string[];
  /** The console's URL without a trailing slash; null if messages should not link to it. */
  readonly publicUrl: string | null;
  /** Sign-in by OpenID Connect; null without it. */
  readonly signIn: SignInConfig | null;
  readonly logLevel: string;
  /** Null: no traces are sent. */
  readonly tracing: TraceSettings | null;
  readonly responders: readonly ResponderRule[];
  /** Who may read, in the same syntax as responders. Null: members of the alert channels. */
  readonly readers: readonly string[] | null;
  readonly policy: PolicyFile;
  readonly points: Points;
  /** Techniques that RUNWATCH_CONFIG turns on or off. */
  readonly detections: Detections;
}

/** The identity that fetches scripts, if it is not the bot's own. */
export interface FetchIdentity {
  readonly clientId: string;
  readonly tenantId: string | null;
  /** Null: a workload identity or a managed identity. */
  readonly clientSecret: string | null;
}

export interface EventHubConfig {
  /** Takes precedence over the namespace. */
  readonly connectionString: string | null;
  /** e.g. contoso.servicebus.windows.net, read with Azure's credential. */
  readonly namespace: string | null;
  readonly name: string;
  readonly consumerGroup: string;
}

/** Secrets that @azure/identity reads from the environment. */
const azureSecrets = ['AZURE_CLIENT_SECRET', 'AZURE_PASSWORD', 'AZURE_CLIENT_CERTIFICATE_PASSWORD'];

/** ARM's address in each cloud. Source: "Azure national clouds", learn.microsoft.com. */
const endpoints = {
  public: 'https://management.azure.com',
  usgovernment: 'https://management.usgovcloudapi.net',
  china: 'https://management.chinacloudapi.cn',
} as const;

/**
 * Loads the environment and the YAML file into one frozen Config. NAME_FILE is read where NAME is unset.
 * @param surfaces settings of the surfaces that may be configured
 * @param options.needsSecret true for commands that start the bot or send it presses: with REDIS_URL, they
 * require RUNWATCH_SECRET
 * @throws {ConfigError} with every fault: the variable, the value read (never a secret) and what was
 * expected
 */
export function readConfig(
  env: Env,
  surfaces: readonly AnySurfaceSettings[],
  readFile: ReadFile = (path) => readFileSync(path, 'utf8'),
  { needsSecret = false }: { needsSecret?: boolean } = {},
): Config {
  const faults: string[] = [];
  const values = readVariables(env, readFile, faults, surfaces);
  if (needsSecret && values.REDIS_URL && !values.RUNWATCH_SECRET && !mentions(faults, 'RUNWATCH_SECRET'))
    faults.push(
      'RUNWATCH_SECRET: unset, expected at least 32 characters, the same in every process, because REDIS_URL is set (openssl rand -base64 32)',
    );
  /** Variables that RUNWATCH_CONFIG names, with their values: tokens, also of a surface that is not configured. */
  const named = new Map<string, string>();
  const policy = values.RUNWATCH_CONFIG
    ? readPolicy(values.RUNWATCH_CONFIG, { env, readFile }, faults, surfaces, named)
    : {};
  const cloud = values.AZURE_CLOUD ?? 'public';
  const source: SettingsSource = {
    policy,
    host: values.RUNWATCH_HOST ?? '127.0.0.1',
    variable: (name) => {
      const value = readOne(name, env, readFile, faults);
      if (value !== undefined) named.set(name, value);
      return value;
    },
    faults,
  };
  const configured = surfaces.flatMap((surface) => {
    const settings = surface.read(values, source);
    return settings === null ? [] : [{ surface, settings }];
  });
  const publicUrl = (values.RUNWATCH_PUBLIC_URL ?? policy.url)?.replace(/\/+$/, '') ?? null;
  const signIn = signInFrom(values, publicUrl, faults);
  const identity = fetchIdentityFrom(values, faults);
  const warnings = unknownVariables(env, surfaces, [...named.keys()]);
  if (faults.length > 0) throw new ConfigError(faults, warnings);
  return deepFreeze({
    azure: {
      cloud,
      endpoint: (values.AZURE_RESOURCE_MANAGER_ENDPOINT ?? endpoints[cloud]).replace(/\/+$/, ''),
      accessToken: values.AZURE_ACCESS_TOKEN ?? null,
      subscriptionIds: values.AZURE_SUBSCRIPTION_IDS?.map((id) => id.toLowerCase()) ?? null,
    },
    fetchScript: policy.fetchScript ? { identity } : null,
    eventHub: eventHubFrom(values),
    workspaceId: values.LOG_ANALYTICS_WORKSPACE_ID ?? null,
    redisUrl: values.REDIS_URL ?? null,
    dataDir: values.RUNWATCH_DATA_DIR ?? './data',
    surfaces: Object.fromEntries(configured.map(({ surface, settings }) => [surface.name, settings])),
    keepDays: values.RUNWATCH_KEEP_DAYS ?? defaultKeepDays,
    pollSeconds: values.RUNWATCH_POLL_SECONDS ?? 60,
    lookbackMinutes: values.RUNWATCH_LOOKBACK_MINUTES ?? 25,
    port: values.RUNWATCH_PORT ?? 3000,
    host: values.RUNWATCH_HOST ?? '127.0.0.1',
    consoleToken: values.RUNWATCH_CONSOLE_TOKEN ?? null,
    metricsToken: values.RUNWATCH_METRICS_TOKEN ?? null,
    metricsPort: values.RUNWATCH_METRICS_PORT ?? null,
    secrets: values.RUNWATCH_SECRET
      ? { current: values.RUNWATCH_SECRET, previous: values.RUNWATCH_SECRET_PREVIOUS ?? null }
      : null,
    warnings,
    hidden: [
      ...secretsOf(values, allVariables(surfaces).secrets, policy),
      ...named.values(),
      ...azureSecrets.flatMap((name) => env[name] ?? []),
      ...[values.OTEL_EXPORTER_OTLP_HEADERS, env.OTEL_EXPORTER_OTLP_TRACES_HEADERS].flatMap(secretsOfPairs),
    ],
    trustedProxies: values.RUNWATCH_TRUSTED_PROXIES ?? [],
    publicUrl,
    signIn,
    logLevel: values.RUNWATCH_LOG_LEVEL ?? 'info',
    tracing: tracingFrom(values, env),
    responders: respondersFrom(values.RUNWATCH_RESPONDERS, policy),
    readers: values.RUNWATCH_READERS?.length ? values.RUNWATCH_READERS : null,
    policy,
    points: { ...defaultPoints, ...policy.score } as Points,
    detections: policy.detections ?? {},
  });
}

/** The default names are those that a diagnostic setting uses. */
function eventHubFrom(values: Values): EventHubConfig | null {
  const { EVENT_HUB_CONNECTION_STRING, EVENT_HUB_NAMESPACE } = values;
  if (!EVENT_HUB_CONNECTION_STRING && !EVENT_HUB_NAMESPACE) return null;
  return {
    connectionString: EVENT_HUB_CONNECTION_STRING ?? null,
    namespace: EVENT_HUB_NAMESPACE ?? null,
    name:
      values.EVENT_HUB_NAME ??
      /;\s*EntityPath=([^;]+)/i.exec(EVENT_HUB_CONNECTION_STRING ?? '')?.[1] ??
      'insights-activity-logs',
    consumerGroup: values.EVENT_HUB_CONSUMER_GROUP ?? '$Default',
  };
}

function tracingFrom(values: Values, env: Env): TraceSettings | null {
  const { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, OTEL_EXPORTER_OTLP_HEADERS: headers } = values;
  if (!endpoint || env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return null;
  return { endpoint, headers: headers ?? null };
}

function fetchIdentityFrom(values: Values, faults: string[]): FetchIdentity | null {
  const { RUNWATCH_FETCH_CLIENT_ID, RUNWATCH_FETCH_TENANT_ID, RUNWATCH_FETCH_CLIENT_SECRET } = values;
  if (!RUNWATCH_FETCH_CLIENT_ID) {
    if (RUNWATCH_FETCH_CLIENT_SECRET || RUNWATCH_FETCH_TENANT_ID)
      faults.push(
        'RUNWATCH_FETCH_CLIENT_ID: unset, expected the client ID of the identity that fetches scripts',
      );
    return null;
  }
  if (RUNWATCH_FETCH_CLIENT_SECRET && !RUNWATCH_FETCH_TENANT_ID)
    faults.push(
      'RUNWATCH_FETCH_TENANT_ID: unset, expected the tenant ID, since RUNWATCH_FETCH_CLIENT_SECRET is set',
    );
  return {
    clientId: RUNWATCH_FETCH_CLIENT_ID,
    tenantId: RUNWATCH_FETCH_TENANT_ID ?? null,
    clientSecret: RUNWATCH_FETCH_CLIENT_SECRET ?? null,
  };
}

const mentions = (faults: readonly string[], name: string) =>
  faults.some((fault) => fault.startsWith(`${name}:`));

function respondersFrom(variable: string[] | undefined, policy: PolicyFile): ResponderRule[] {
  const fromVariable: ResponderRule[] = variable?.length
    ? [{ who: variable, may: 'all', subscriptions: null }]
    : [];
  const fromFile = (policy.responders ?? []).map((rule) => ({
    who: rule.who,
    may: rule.may === 'all' || rule.may.includes('all') ? ('all' as const) : rule.may,
    subscriptions: rule.subscriptions?.map((id) => id.toLowerCase()) ?? null,
  }));
  return [...fromVariable, ...fromFile];
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !(value instanceof Set)) {
    for (const inner of Object.values(value)) deepFreeze(inner);
    Object.freeze(value);
  }
  return value;
}
