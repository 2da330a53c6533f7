import type { Response } from 'express';
import { z } from 'zod';

/** Kinds of errors. Their URNs never change; titles and details may. */
const kinds = {
  'invalid-request': { status: 400, title: 'The request is invalid' },
  'invalid-cursor': { status: 400, title: 'The cursor is invalid' },
  'invalid-token': { status: 401, title: 'A valid bearer token is required' },
  'missing-scope': { status: 403, title: 'The token lacks a scope' },
  'not-allowed': { status: 403, title: 'The caller has no access' },
  'needs-person': { status: 403, title: 'Only a person may decide this, in a chat or in the console' },
  'not-found': { status: 404, title: 'Not found' },
  'wrong-method': { status: 405, title: 'The method is not available here' },
  'not-offered': { status: 409, title: 'The action is not available now' },
  'too-large': { status: 413, title: 'The request is too large' },
  'wrong-type': { status: 415, title: 'The body must be JSON' },
  'invalid-input': { status: 422, title: 'The input is invalid' },
  'key-reused': { status: 422, title: 'The idempotency key was used for another request' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'internal-error': { status: 500, title: 'Something went wrong' },
  'not-ready': { status: 503, title: 'Runwatch is not ready' },
} as const;
export type ProblemKind = keyof typeof kinds;

export const problemSchema = z
  .object({
    type: z.string().describe('A URN that identifies the kind of problem'),
    title: z.string(),
    status: z.int(),
    detail: z.string().describe('What happened and what to do, as text'),
    scope: z.string().optional().describe('The scope that the token lacks'),
  })
  .meta({
    id: 'Problem',
    description: 'An error, by RFC 9457.',
    examples: [
      {
        type: 'urn:runwatch:problem:missing-scope',
        title: 'The token lacks a scope',
        status: 403,
        detail: 'The token needs the scope Alerts.Act.',
        scope: 'Alerts.Act',
      },
    ],
  });

/** An error that the caller is told. */
export class Problem extends Error {
  constructor(
    readonly kind: ProblemKind,
    readonly detail: string,
    readonly more: { scope?: string; headers?: Readonly<Record<string, string>> } = {},
  ) {
    super(detail);
  }
}

export const statusOf = (kind: ProblemKind): number => kinds[kind].status;

export function sendProblem(response: Response, { kind, detail, more }: Problem): void {
  const { status, title } = kinds[kind];
  const { scope, headers = {} } = more;
  const body = { type: `urn:runwatch:problem:${kind}`, title, status, detail, ...(scope ? { scope } : {}) };
  response.status(status).set(headers).type('application/problem+json').send(JSON.stringify(body));
}

/** The problem of an error: itself, one that express found in the request, or an internal one. */
export function problemOf(error: unknown): Problem {
  if (error instanceof Problem) return error;
  const { status, type } = error as { status?: number; type?: string };
  if (status === 413) return new Problem('too-large', 'The body may have at most 64 KB.');
  if (status === 415) return new Problem('wrong-type', 'Send the body as UTF-8 JSON, without compression.');
  if (type === 'entity.parse.failed') return new Problem('invalid-request', 'The body is not valid JSON.');
  if (status !== undefined && status >= 400 && status < 500)
    return new Problem('invalid-request', 'The request could not be read.');
  return new Problem('internal-error', 'See the Runwatch log.');
}
