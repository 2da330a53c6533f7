import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { defaultPoints } from '../domain/alerts/score';
import { severities } from '../domain/alerts/severity';
import { timingSteps } from '../domain/alerts/timing';
import { hoursSchema } from '../domain/exceptions/exceptions-file';
import { isBuiltIn } from '../domain/techniques/catalogue';
import { customTechniqueFaults, customTechniqueSchema } from '../domain/techniques/custom-technique';
import { durationPattern, minutesOf } from '../domain/text/duration';
import { localeSchema } from './locale';
import { resolveReferences } from './references';
import type { AnySurfaceSettings } from './surface-settings';
import type { Env, ReadFile } from './variables';
import { maxWebhooks, webhookFaults, webhookSchema } from './webhook-settings';

/** An action id. `presses/check-policy.ts` refuses ids that don't exist. */
const actionId = z.string().regex(/^[a-z_]+$/, 'expected an action id, such as isolate');
const oneOrMany = z.union([z.string(), z.array(z.string()).min(1)]);
const httpUrl = z.url({ protocol: /^https?$/ });
/** Azure's hosts, and loopback for tests. */
const ingestionHost = /\.ingest\.monitor\.azure\.(com|us|cn)$|^127\.0\.0\.1$/;
const severity = z.enum(severities);
const onOff = z
  .union([z.enum(['on', 'off']), z.boolean()])
  .transform((value) => value === true || value === 'on');

const maxTargetMinutes = 30 * 1440;
const aDuration = 'expected a duration such as 90s, 5m, 2h or 1d, or a number of minutes';
/** Read as minutes. */
const duration = z
  .union([z.number(), z.string().regex(durationPattern, aDuration)], aDuration)
  .transform((value) => (typeof value === 'number' ? value : (minutesOf(value) ?? 0)))
  .refine((minutes) => minutes > 0 && minutes <= maxTargetMinutes, {
    error: 'expected more than 0 and at most 30d; leave it out for no target',
  });
const targets = z
  .strictObject({
    acknowledge: duration.optional(),
    contain: duration.optional(),
    close: duration.optional(),
  })
  .superRefine((set, context) => {
    const steps = timingSteps.filter((step) => set[step] !== undefined);
    if (steps.length === 0)
      context.addIssue({ code: 'custom', message: `expected a target: ${timingSteps.join(', ')}` });
    steps.forEach((step, index) => {
      const before = steps[index - 1];
      if (before && Number(set[before]) > Number(set[step]))
        context.addIssue({
          code: 'custom',
          path: [step],
          message: `expected at least as long as ${before}, which comes first`,
        });
    });
  });

/** Which alerts; all conditions must match. */
const conditions = z.strictObject({
  severity: z
    .union([severity, z.array(severity).min(1)], {
      error: ({ input }) =>
        `got ${JSON.stringify(input)}, expected one or more of ${severity.options.join(', ')}`,
    })
    .optional(),
  /** `techniqueFaults` refuses ids that don't exist. */
  technique: oneOrMany.optional(),
  hours: hoursSchema.optional(),
  environment: oneOrMany.optional(),
  subscription: oneOrMany.optional(),
  resourceGroup: oneOrMany.optional(),
  managementGroup: oneOrMany.optional(),
  tag: z.record(z.string(), oneOrMany).optional(),
});

const keys = {
  /** The console's URL, for links in messages and tickets. */
  url: httpUrl.optional(),
  /** The language of what people read in chat, and the format of numbers and dates. */
  locale: localeSchema.optional(),
  responders: z
    .array(
      z.strictObject({
        who: z.array(z.string().min(1)).min(1),
        may: z.union([z.literal('all'), z.array(actionId).min(1)]),
        subscriptions: z.array(z.string()).optional(),
      }),
    )
    .optional(),
  fourEyes: z.array(actionId).optional(),
  /** Whether scripts may be fetched from machines, which runs a command as root there. */
  fetchScript: onOff.optional(),
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
  detections: z.record(z.string(), onOff).optional(),
  techniques: z.array(customTechniqueSchema).max(100).optional(),
  routes: z
    .array(
      z.strictObject({
        when: conditions,
      }),
    )
    .optional(),
  reminders: z
    .partialRecord(z.enum([...severity.options, 'sleeping']), z.number().min(0).max(10_080))
    .optional(),
  sla: z.partialRecord(severity, targets).optional(),
  ask: z
    .strictObject({
      minutes: z.number().min(1).max(10_080).optional(),
      closes: z.array(z.enum(['yes', 'automation'])).optional(),
    })
    .optional(),
  accessReview: z.enum(['monthly']).optional(),
  exceptions: z.strictObject({ maxDays: z.number().int().min(1).max(3650) }).optional(),
  /** MMDB files of network operators and countries, such as GeoLite2-ASN.mmdb. */
  geo: z
    .strictObject({ asn: z.string().min(1).optional(), country: z.string().min(1).optional() })
    .optional(),
  /** URL to request each minute while healthy, for a dead man's switch. */
  heartbeat: z.strictObject({ url: httpUrl }).optional(),
  audit: z
    .strictObject({
      file: z.string().min(1).optional(),
      webhook: httpUrl.optional(),
      archive: z.string().min(1).optional(),
    })
    .optional(),
  /** Where alerts and the audit log are sent for Microsoft Sentinel; deploy/sentinel creates it. */
  sentinel: z
    .strictObject({
      endpoint: z
        .url({
          protocol: /^https$/,
          hostname: ingestionHost,
          error: 'expected https://….ingest.monitor.azure.com',
        })
        .transform((url) => new URL(url).origin),
      rule: z.string().regex(/^dcr-[0-9a-f]{32}$/, "expected a data collection rule's immutable id, dcr-…"),
    })
    .optional(),
  score: z
    .partialRecord(
      z.enum(Object.keys(defaultPoints) as [string, ...string[]]),
      z.number().int().min(-100).max(100),
    )
    .optional(),
  escalation: z
    .strictObject({
      url: httpUrl.optional(),
      routingKey: z.string().min(1).optional(),
      callbackSecret: z.string().min(16).optional(),
      mention: z
        .string()
        .regex(/^S[A-Z0-9]+$/, "a Slack user group's id such as S0SOC0000")
        .optional(),
      webhook: z
        .strictObject({
          url: httpUrl,
          headers: z.record(z.string(), z.string()).optional(),
          body: z.unknown().optional(),
          link: z.string().optional(),
          ticket: z.string().min(1).optional(),
          callback: z
            .strictObject({
              secret: z.string().min(16),
              id: z.string().min(1),
              status: z.string().min(1),
              at: z.string().min(1),
              by: z.string().min(1).optional(),
              acknowledged: z.array(z.string().min(1)).optional(),
              closed: z.array(z.string().min(1)).min(1),
            })
            .optional(),
          update: z
            .strictObject({
              url: httpUrl,
              method: z.enum(['POST', 'PUT', 'PATCH']).optional(),
              body: z.unknown().optional(),
              states: z
                .strictObject({
                  open: z.string().optional(),
                  acknowledged: z.string().optional(),
                  closed: z.string().optional(),
                })
                .optional(),
            })
            .optional(),
        })
        .refine(
          ({ ticket, callback, update }) => ticket || !(callback || update),
          'callback and update need ticket, the path of the ticket’s id in the response',
        )
        .refine(
          ({ url, update }) => !update || isSameOrigin(url, update.url),
          'update.url must have the same host as url, because it gets the same headers',
        )
        .optional(),
      sentinel: z
        .string()
        .regex(
          /^\/subscriptions\/[^/]+\/resourceGroups\/[^/]+\/providers\/Microsoft\.OperationalInsights\/workspaces\/[^/]+$/i,
          "a Log Analytics workspace's resource id",
        )
        .optional(),
      channel: z.union([z.boolean(), z.array(z.string().min(1))]).optional(),
    })
    .optional(),
  webhooks: z
    .array(webhookSchema.extend({ when: conditions.optional() }))
    .max(maxWebhooks)
    .optional(),
  watchlist: z
    .strictObject({ callers: z.array(z.string()).optional(), targets: z.array(z.string()).optional() })
    .optional(),
} as const;

const isSameOrigin = (a: string, b: string): boolean =>
  URL.canParse(a) && URL.canParse(b) && new URL(a).origin === new URL(b).origin;

/** Channels by surface, such as `slack: C0SOC0000`. */
export type Channels = Readonly<Record<string, unknown>>;
type Keys = { [K in keyof typeof keys]?: z.output<(typeof keys)[K]> };
type Routes = NonNullable<Keys['routes']>;
export type WebhookConfig = NonNullable<Keys['webhooks']>[number];
export type PolicyFile = Omit<Keys, 'routes' | 'escalation'> & {
  routes?: (Routes[number] & Channels)[] | undefined;
  escalation?: (NonNullable<Keys['escalation']> & Channels) | undefined;
};

/** Everything whose conditions select alerts. */
export const conditionsIn = ({ routes = [], webhooks = [] }: PolicyFile): Pick<Routes[number], 'when'>[] => [
  ...routes,
  ...webhooks.flatMap(({ when }) => (when ? [{ when }] : [])),
];

/** RUNWATCH_CONFIG's schema, with the keys of the surfaces; docs/configuration.md is generated from it. */
export function policySchema(surfaces: readonly AnySurfaceSettings[]) {
  const channels = (schema: z.ZodType) =>
    Object.fromEntries(surfaces.map(({ name }) => [name, schema.optional()]));
  const own = surfaces.flatMap((surface) =>
    Object.entries(surface.keys ?? {}).map(([key, { schema }]) => [key, schema.optional()] as const),
  );
  return z.strictObject({
    ...keys,
    ...Object.fromEntries(own),
    routes: z.array(keys.routes.unwrap().element.extend(channels(z.string()))).optional(),
    escalation: keys.escalation
      .unwrap()
      .extend(channels(z.string().min(1)))
      .optional(),
  });
}

/**
 * Reads RUNWATCH_CONFIG. Faults are collected, not thrown.
 * @param named collects the variables that it refers to, with their values
 */
export function readPolicy(
  path: string,
  { env, readFile }: { env: Env; readFile: ReadFile },
  faults: string[],
  surfaces: readonly AnySurfaceSettings[],
  named: Map<string, string>,
): PolicyFile {
  const report = (fault: string) => {
    const shown = [...named.values()].reduce((text, secret) => text.replaceAll(secret, '(not shown)'), fault);
    faults.push(`RUNWATCH_CONFIG: ${shown}`);
  };
  let written: unknown;
  try {
    written = parseYaml(readFile(path)) ?? {};
  } catch (error) {
    report(`could not read ${path}: ${(error as Error).message.split('\n')[0]}`);
    return {};
  }
  const unresolved: string[] = [];
  const raw = resolveReferences(written, { env, readFile }, unresolved, named);
  for (const fault of unresolved) report(`${path}: ${fault}`);
  if (unresolved.length > 0) return {};
  const parsed = policySchema(surfaces).safeParse(raw);
  if (parsed.success) {
    const policy = parsed.data as PolicyFile;
    for (const fault of [...techniqueFaults(policy), ...webhookFaults(policy.webhooks ?? [])])
      report(`${path}: ${fault}`);
    return policy;
  }
  for (const issue of parsed.error.issues) {
    const unknown = issue.code === 'unrecognized_keys' ? `unknown: ${issue.keys.join(', ')}` : issue.message;
    report(`${path}: ${issue.path.join('.') || 'the file'}: ${unknown}`);
  }
  return {};
}

function techniqueFaults({
  techniques = [],
  detections = {},
  routes = [],
  webhooks = [],
}: PolicyFile): string[] {
  const own = new Set(techniques.map(({ id }) => id));
  const named = [
    ...Object.keys(detections).map((id) => [`detections.${id}`, id] as const),
    ...routes.flatMap(({ when }, index) => namedIn(when, `routes.${index}`)),
    ...webhooks.flatMap(({ when }, index) => namedIn(when, `webhooks.${index}`)),
  ];
  const unknown = named.filter(([, id]) => !isBuiltIn(id) && !own.has(id));
  return [
    ...customTechniqueFaults(techniques),
    ...unknown.map(
      ([where]) => `${where}: unknown technique; \`runwatch detections list\` lists the known ones`,
    ),
  ];
}

const namedIn = (when: z.output<typeof conditions> | undefined, where: string) =>
  [when?.technique ?? []]
    .flat()
    .filter((id) => !id.includes('*'))
    .map((id) => [`${where}.when.technique: ${id}`, id] as const);
