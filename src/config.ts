import { readFileSync } from 'node:fs';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { hoursSchema } from './alerts/exceptions-file';
import { defaultPoints, type Points } from './alerts/score';
import { techniques } from './alerts/techniques';

/** Every fault of a configuration at once; `remedy` says where to look. */
export class ConfigError extends Error {
  readonly code = 'CONFIG_INVALID';
  readonly remedy = 'See .env.example for every variable and its default.';
  constructor(readonly faults: string[]) {
    super(faults.join('\n'));
  }
}

export type Role = 'poll' | 'enrich' | 'deliver' | 'respond' | 'serve';
export const allRoles: readonly Role[] = ['poll', 'enrich', 'deliver', 'respond', 'serve'];

const number = (min: number, max: number, whole = true) =>
  z
    .string()
    .trim()
    .transform(Number)
    .pipe(whole ? z.number().int().min(min).max(max) : z.number().min(min).max(max))
    .meta({ expected: `a ${whole ? 'whole ' : ''}number from ${min} to ${max}` });

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

const starts = (prefix: string) =>
  z
    .string()
    .startsWith(prefix)
    .meta({ expected: `a token that begins with ${prefix}` });

/** Each variable once: its check and its default. Secrets are the names in {@link secretNames}. */
export const variables = {
  AZURE_SUBSCRIPTION_IDS: guidList.optional(),
  AZURE_CLOUD: z
    .enum(['public', 'usgovernment', 'china'])
    .meta({ expected: 'public, usgovernment or china' })
    .optional(),
  AZURE_RESOURCE_MANAGER_ENDPOINT: httpsUrl.optional(),
  AZURE_ACCESS_TOKEN: z.string().min(1).optional(),
  REDIS_URL: z
    .url({ protocol: /^rediss?$/ })
    .meta({ expected: 'redis://… or rediss://…' })
    .optional(),
  SLACK_BOT_TOKEN: starts('xoxb-').optional(),
  SLACK_CHANNEL: z.string().min(1).optional(),
  SLACK_APP_TOKEN: starts('xapp-').optional(),
  SLACK_SIGNING_SECRET: z.string().min(1).optional(),
  SLACK_API_URL: z
    .url({ protocol: /^https?$/ })
    .meta({ expected: 'an http(s) URL' })
    .optional(),
  TEAMS_APP_ID: z.string().min(1).optional(),
  TEAMS_APP_PASSWORD: z.string().min(1).optional(),
  TEAMS_TENANT_ID: z.string().min(1).optional(),
  TEAMS_CHANNEL: z.string().min(1).optional(),
  TEAMS_LOCAL: z.enum(['0', '1']).meta({ expected: '1 or 0' }).optional(),
  RUNWATCH_POLL_SECONDS: number(1, 3600).optional(),
  RUNWATCH_SLACK_RATE: number(0.01, 100_000, false).optional(),
  RUNWATCH_LOOKBACK_MINUTES: number(1, 60 * 24 * 89).optional(),
  RUNWATCH_PORT: number(0, 65_535).optional(),
  RUNWATCH_HOST: z.string().min(1).optional(),
  RUNWATCH_DATA_DIR: z.string().min(1).optional(),
  RUNWATCH_RESPONDERS: list.optional(),
  RUNWATCH_CONFIG: z.string().min(1).optional(),
  RUNWATCH_CONSOLE_TOKEN: z.string().min(16).meta({ expected: 'at least 16 characters' }).optional(),
  RUNWATCH_LOG_LEVEL: z
    .enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'])
    .meta({ expected: 'fatal, error, warn, info, debug, trace or silent' })
    .optional(),
} as const;

export const secretNames: readonly string[] = [
  'AZURE_ACCESS_TOKEN',
  'REDIS_URL',
  'SLACK_BOT_TOKEN',
  'SLACK_APP_TOKEN',
  'SLACK_SIGNING_SECRET',
  'TEAMS_APP_PASSWORD',
  'RUNWATCH_CONSOLE_TOKEN',
];

const oneOrMany = z.union([z.string(), z.array(z.string()).min(1)]);
const severity = z.enum(['low', 'medium', 'high', 'critical']);
export const actionIds = [
  'acknowledge',
  'assign',
  'add_exception',
  'quick_exception',
  'undo_exception',
  'isolate',
  'release',
  'revoke_role',
  'restore_role',
  'lock',
  'unlock',
  'snapshot',
  'restore',
  'ask_caller',
  'escalate',
  'close',
  'reopen',
  'show_roles',
] as const;
export type ActionId = (typeof actionIds)[number];

const onOff = z
  .union([z.enum(['on', 'off']), z.boolean()])
  .transform((value) => value === true || value === 'on');

const fileSchema = z.strictObject({
  responders: z
    .array(
      z.strictObject({
        who: z.array(z.string().min(1)).min(1),
        may: z.union([z.literal('all'), z.array(z.enum([...actionIds, 'all'])).min(1)]),
        subscriptions: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  fourEyes: z.array(z.enum(actionIds)).optional(),
  environments: z
    .record(
      z.string(),
      z.strictObject({
        tags: z.record(z.string(), oneOrMany).optional(),
        subscriptions: z.array(z.string()).optional(),
        alertFrom: z.number().min(0).max(100).optional(),
      }),
    )
    .optional(),
  workingHours: hoursSchema.optional(),
  detections: z.partialRecord(z.enum(techniques.map((t) => t.id) as [string, ...string[]]), onOff).optional(),
  routes: z
    .array(
      z.strictObject({
        when: z.strictObject({
          environment: oneOrMany.optional(),
          severity: z.union([severity, z.array(severity).min(1)]).optional(),
          subscription: oneOrMany.optional(),
          tag: z.record(z.string(), oneOrMany).optional(),
        }),
        slack: z.string().optional(),
        teams: z.string().optional(),
      }),
    )
    .optional(),
  reminders: z.partialRecord(severity, z.number().min(0).max(10_080)).optional(),
  score: z
    .partialRecord(
      z.enum(Object.keys(defaultPoints) as [string, ...string[]]),
      z.number().int().min(-100).max(100),
    )
    .optional(),
  escalation: z
    .strictObject({ url: z.url({ protocol: /^https?$/ }).optional(), routingKey: z.string().min(1) })
    .optional(),
  watchlist: z
    .strictObject({ callers: z.array(z.string()).optional(), targets: z.array(z.string()).optional() })
    .optional(),
});
export type PolicyFile = z.output<typeof fileSchema>;

/** Who may do what: from RUNWATCH_RESPONDERS and RUNWATCH_CONFIG. `may` is "all" or action ids. */
export interface ResponderRule {
  who: string[];
  may: 'all' | ActionId[];
  subscriptions: string[] | null;
}

export interface Config {
  readonly azure: {
    readonly cloud: 'public' | 'usgovernment' | 'china';
    readonly endpoint: string;
    readonly accessToken: string | null;
    readonly subscriptionIds: readonly string[] | null;
  };
  readonly redisUrl: string | null;
  readonly dataDir: string;
  readonly slack: SlackConfig | null;
  readonly teams: TeamsConfig | null;
  readonly pollSeconds: number;
  readonly lookbackMinutes: number;
  readonly port: number;
  readonly host: string;
  readonly consoleToken: string | null;
  readonly logLevel: string;
  readonly responders: readonly ResponderRule[];
  readonly policy: PolicyFile;
  readonly points: Points;
  /** Techniques that RUNWATCH_CONFIG switches off. */
  readonly techniquesOff: ReadonlySet<string>;
}

export interface TeamsConfig {
  readonly appId: string;
  readonly appPassword: string;
  readonly tenantId: string;
  readonly channel: string | null;
  /** Microsoft's Agents Playground on loopback: requests carry no token. */
  readonly local: boolean;
}

export interface SlackConfig {
  readonly botToken: string;
  readonly channel: string;
  readonly appToken: string | null;
  readonly signingSecret: string | null;
  readonly apiUrl: string;
  /** Messages a second a channel. */
  readonly rate: number;
}

/** ARM's address in each cloud. Source: "Azure national clouds", learn.microsoft.com. */
const endpoints = {
  public: 'https://management.azure.com',
  usgovernment: 'https://management.usgovcloudapi.net',
  china: 'https://management.chinacloudapi.cn',
} as const;

type Env = Readonly<Record<string, string | undefined>>;
export type ReadFile = (path: string) => string;

/**
 * Environment and YAML as one frozen Config. NAME_FILE is read where NAME is unset.
 * @throws {ConfigError} with every fault: the variable, what was read (never a secret) and what is expected
 */
export function loadConfig(env: Env, readFile: ReadFile = (path) => readFileSync(path, 'utf8')): Config {
  const faults: string[] = [];
  const values = readVariables(env, readFile, faults);
  const policy = values.RUNWATCH_CONFIG ? readPolicy(values.RUNWATCH_CONFIG, readFile, faults) : {};
  const cloud = values.AZURE_CLOUD ?? 'public';
  const slack = slackFrom(values, faults);
  const teams = teamsFrom(values, faults);
  if (faults.length > 0) throw new ConfigError(faults);
  return deepFreeze({
    azure: {
      cloud,
      endpoint: (values.AZURE_RESOURCE_MANAGER_ENDPOINT ?? endpoints[cloud]).replace(/\/+$/, ''),
      accessToken: values.AZURE_ACCESS_TOKEN ?? null,
      subscriptionIds: values.AZURE_SUBSCRIPTION_IDS?.map((id) => id.toLowerCase()) ?? null,
    },
    redisUrl: values.REDIS_URL ?? null,
    dataDir: values.RUNWATCH_DATA_DIR ?? './data',
    slack,
    teams,
    pollSeconds: values.RUNWATCH_POLL_SECONDS ?? 60,
    lookbackMinutes: values.RUNWATCH_LOOKBACK_MINUTES ?? 25,
    port: values.RUNWATCH_PORT ?? 3000,
    host: values.RUNWATCH_HOST ?? '127.0.0.1',
    consoleToken: values.RUNWATCH_CONSOLE_TOKEN ?? null,
    logLevel: values.RUNWATCH_LOG_LEVEL ?? 'info',
    responders: respondersFrom(values.RUNWATCH_RESPONDERS, policy),
    policy,
    points: { ...defaultPoints, ...policy.score } as Points,
    techniquesOff: new Set(
      Object.entries(policy.detections ?? {})
        .filter(([, on]) => on === false)
        .map(([id]) => id),
    ),
  });
}

type Values = { [K in keyof typeof variables]: z.output<(typeof variables)[K]> };

function readVariables(env: Env, readFile: ReadFile, faults: string[]): Values {
  const out: Record<string, unknown> = {};
  for (const [name, schema] of Object.entries(variables)) {
    const raw = readOne(name, env, readFile, faults);
    if (raw === undefined) continue;
    const parsed = schema.safeParse(raw);
    if (parsed.success) out[name] = parsed.data;
    else faults.push(`${name}: got ${shown(name, raw)}, expected ${expectation(schema)}`);
  }
  return out as Values;
}

function readOne(name: string, env: Env, readFile: ReadFile, faults: string[]): string | undefined {
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

const shown = (name: string, value: string) =>
  secretNames.includes(name)
    ? `a value of ${value.length} characters (not shown)`
    : JSON.stringify(value.slice(0, 80));

function expectation(schema: z.ZodType): string {
  const inner = schema instanceof z.ZodOptional ? (schema.unwrap() as z.ZodType) : schema;
  const expected = inner.meta()?.expected ?? schema.meta()?.expected;
  return typeof expected === 'string' ? expected : 'a value';
}

function readPolicy(path: string, readFile: ReadFile, faults: string[]): PolicyFile {
  let raw: unknown;
  try {
    raw = parseYaml(readFile(path)) ?? {};
  } catch (error) {
    faults.push(`RUNWATCH_CONFIG: could not read ${path}: ${(error as Error).message.split('\n')[0]}`);
    return {};
  }
  const parsed = fileSchema.safeParse(raw);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const unknown = issue.code === 'unrecognized_keys' ? `unknown: ${issue.keys.join(', ')}` : issue.message;
    faults.push(`RUNWATCH_CONFIG: ${path}: ${issue.path.join('.') || 'the file'}: ${unknown}`);
  }
  return {};
}

function slackFrom(values: Values, faults: string[]): SlackConfig | null {
  if (!values.SLACK_BOT_TOKEN && !values.SLACK_CHANNEL) return null;
  const missing = (name: string, why: string) => {
    if (!faults.some((fault) => fault.startsWith(`${name}:`))) faults.push(`${name}: unset, expected ${why}`);
  };
  if (!values.SLACK_BOT_TOKEN) missing('SLACK_BOT_TOKEN', 'a bot token, since SLACK_CHANNEL is set');
  if (!values.SLACK_CHANNEL) missing('SLACK_CHANNEL', 'the channel for alerts, since SLACK_BOT_TOKEN is set');
  if (!values.SLACK_APP_TOKEN && !values.SLACK_SIGNING_SECRET) {
    missing('SLACK_APP_TOKEN', 'an app token (Socket Mode), or SLACK_SIGNING_SECRET (HTTP)');
  }
  return {
    botToken: values.SLACK_BOT_TOKEN ?? '',
    channel: values.SLACK_CHANNEL ?? '',
    appToken: values.SLACK_APP_TOKEN ?? null,
    signingSecret: values.SLACK_SIGNING_SECRET ?? null,
    apiUrl: (values.SLACK_API_URL ?? 'https://slack.com/api/').replace(/\/*$/, '/'),
    rate: values.RUNWATCH_SLACK_RATE ?? 1,
  };
}

function teamsFrom(values: Values, faults: string[]): TeamsConfig | null {
  const local = values.TEAMS_LOCAL === '1';
  if (!local && !values.TEAMS_APP_ID && !values.TEAMS_APP_PASSWORD) return null;
  const host = values.RUNWATCH_HOST ?? '127.0.0.1';
  if (local && !['127.0.0.1', '::1', 'localhost'].includes(host)) {
    faults.push(
      `TEAMS_LOCAL: got 1 with RUNWATCH_HOST ${host}, expected a loopback address: without an app id anybody could press`,
    );
  }
  for (const name of local ? [] : (['TEAMS_APP_ID', 'TEAMS_APP_PASSWORD', 'TEAMS_TENANT_ID'] as const)) {
    if (!values[name]) faults.push(`${name}: unset, expected a value, since Teams is turned on`);
  }
  return {
    appId: local ? '' : (values.TEAMS_APP_ID ?? ''),
    appPassword: values.TEAMS_APP_PASSWORD ?? '',
    tenantId: values.TEAMS_TENANT_ID ?? '',
    channel: values.TEAMS_CHANNEL ?? null,
    local,
  };
}

function respondersFrom(variable: string[] | undefined, policy: PolicyFile): ResponderRule[] {
  const fromVariable: ResponderRule[] = variable?.length
    ? [{ who: variable, may: 'all', subscriptions: null }]
    : [];
  const fromFile = (policy.responders ?? []).map((rule) => ({
    who: rule.who,
    may: rule.may === 'all' || rule.may.includes('all') ? ('all' as const) : (rule.may as ActionId[]),
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
