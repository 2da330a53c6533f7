import { z } from 'zod';
import { type ProblemKind, problemSchema, statusOf } from './problem';
import { type AnyRoute, tags } from './route';

type Json = Record<string, unknown>;

/** Problems that every request may have. */
const common: readonly ProblemKind[] = [
  'invalid-request',
  'invalid-token',
  'missing-scope',
  'too-many-requests',
  'internal-error',
  'not-ready',
];

const statusTexts: Readonly<Record<number, string>> = {
  400: 'The request is invalid.',
  401: 'The bearer is missing or refused.',
  403: 'The token lacks a scope, or the caller may not do this.',
  404: 'Nothing has this id. It may have expired.',
  409: 'The action is not available now.',
  413: 'The body is too large.',
  415: 'The body is not JSON.',
  422: 'The input is invalid, or the idempotency key was used for another request.',
  429: 'Too many requests. `Retry-After` says when to try again.',
  500: 'Something went wrong.',
  503: 'Runwatch is not ready.',
};

const description = `Alerts on commands that ran on Azure machines, and what to do about them. Fields may be added to answers.

Every request needs a bearer: an access token of the configured OpenID issuer for this API, or the console token. Actions are presses: who
may do what, what needs a second person's approval and what is audited is the same as in the console. Only people approve, and only in a
chat or in the console.`;

/** The OpenAPI 3.1 document of the routes. @param openIdUrl where the issuer describes itself */
export function openApiDocument(
  routes: readonly AnyRoute[],
  version: string,
  openIdUrl: string | null,
): Json {
  const schemas: Json = {};
  const used = [...new Set(routes.map(({ tag }) => tag))];
  const paths: Record<string, Json> = {};
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method]: operationOf(route, schemas, openIdUrl) };
  return {
    openapi: '3.1.1',
    info: {
      title: 'Runwatch',
      version,
      description,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    tags: used.map((name) => ({ name, description: tags[name] })),
    paths,
    components: {
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'An access token of the configured issuer, or the console token.',
        },
        ...(openIdUrl ? { openId: { type: 'openIdConnect', openIdConnectUrl: openIdUrl } } : {}),
      },
      schemas: Object.fromEntries(Object.entries(schemas).sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function operationOf(route: AnyRoute, schemas: Json, openIdUrl: string | null): Json {
  const { operationId, tag, summary, scope, body, answer, isIdempotent } = route;
  const kinds = [
    ...common,
    ...(route.params ? (['not-found'] as const) : []),
    ...(body ? (['too-large', 'wrong-type', 'invalid-input'] as const) : []),
    ...(isIdempotent ? (['key-reused'] as const) : []),
    ...(route.problems ?? []),
  ];
  const statuses = [...new Set(kinds.map(statusOf))].sort((a, b) => a - b);
  const problem = referTo(problemSchema, 'output', schemas);
  const failure = (status: number) => [
    status,
    {
      description: statusTexts[status],
      content: { 'application/problem+json': { schema: problem } },
      ...(status === 429 ? { headers: { 'Retry-After': { schema: { type: 'integer' } } } } : {}),
    },
  ];
  return {
    operationId,
    tags: [tag],
    summary,
    description: `${route.description}\n\nScope or app role: \`${scope}\`.`,
    security: [{ bearer: [] }, ...(openIdUrl ? [{ openId: [scope] }] : [])],
    parameters: parametersOf(route, schemas),
    ...(body
      ? {
          requestBody: {
            required: true,
            content: { 'application/json': { schema: referTo(body, 'input', schemas) } },
          },
        }
      : {}),
    responses: {
      [answer.status]: {
        description: answer.description,
        headers: {
          RateLimit: {
            description: 'The requests that are left, by the HTTP field of the same name.',
            schema: { type: 'string' },
          },
          ...(answer.location
            ? {
                Location: {
                  description: answer.location,
                  schema: { type: 'string', format: 'uri-reference' },
                },
              }
            : {}),
        },
        content: {
          [answer.type ?? 'application/json']: { schema: referTo(answer.schema, 'output', schemas) },
        },
      },
      ...Object.fromEntries(statuses.map(failure)),
    },
  };
}

function parametersOf({ params = {}, query = {}, isIdempotent, answer }: AnyRoute, schemas: Json): Json[] {
  const one = (place: string, name: string, schema: z.ZodType): Json => {
    const { description: about, ...json } = referTo(schema, 'output', schemas);
    const required = place === 'path' || !schema.safeParse(undefined).success;
    return { name, in: place, required, ...(about ? { description: about } : {}), schema: json };
  };
  return [
    ...Object.entries(params).map(([name, schema]) => one('path', name, schema)),
    ...Object.entries(query).map(([name, schema]) => one('query', name, schema)),
    ...(isIdempotent ? [one('header', 'Idempotency-Key', idempotencyKey)] : []),
    ...(answer.type ? [one('header', 'Last-Event-ID', lastEventId)] : []),
  ];
}

/** Chosen by the client. The same key and request are one press, for a day. */
export const idempotencyKey = z
  .string()
  .regex(/^[\x21-\x7e]{1,200}$/)
  .describe('Chosen by the client, such as a UUID. The same key and request are one press, for a day');

export const lastEventId = z
  .string()
  .regex(/^\d{1,15}-\d{1,15}$/)
  .optional()
  .describe('The id of the last event received. Browsers’ and other clients of event streams send it');

/** The JSON schema of a zod schema. Named ones become components. */
function referTo(schema: z.ZodType, io: 'input' | 'output', schemas: Json): Json {
  const json = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    unrepresentable: 'any',
    override: ({ jsonSchema }) => {
      // Fields may be added to answers.
      if (io === 'output' && jsonSchema.additionalProperties === false)
        delete jsonSchema.additionalProperties;
      delete jsonSchema.id;
      // The format says the same, and every integer of JSON has these limits.
      if (jsonSchema.format) delete jsonSchema.pattern;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  }) as Json;
  const { $defs = {}, $schema: _, ...own } = json;
  for (const [name, definition] of Object.entries($defs as Json)) schemas[name] = hoisted(definition);
  const id = z.globalRegistry.get(schema)?.id;
  if (id === undefined) return hoisted(own) as Json;
  // zod itself refers to a named schema that another one is derived from.
  if (!own.$ref) schemas[id] = hoisted(own);
  return { $ref: `#/components/schemas/${id}` };
}

/** References to definitions, as references to components. */
const hoisted = (json: unknown): unknown =>
  JSON.parse(JSON.stringify(json).replaceAll('"#/$defs/', '"#/components/schemas/'));
