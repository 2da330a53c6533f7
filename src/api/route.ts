import type { Response } from 'express';
import type { z } from 'zod';
import type { ApiDeps } from './api-deps';
import type { Scope } from './auth/access-token';
import type { Caller } from './auth/authenticate';
import type { ProblemKind } from './problem';

export const tags = {
  Alerts: 'Alerts and what is known about them.',
  Actions: 'What can be done about an alert, and what became of it.',
  Approvals: 'Requests that another person must approve. They are decided in a chat or in the console only.',
  Exceptions: 'Documented reasons not to alert.',
  Measures: 'Changes that Runwatch made in Azure.',
  Changes: 'What changed, as it happens.',
  Audit: 'Who did what.',
  Health: 'How Runwatch works, and its description.',
} as const;

type Fields = Readonly<Record<string, z.ZodType>>;
type Read<T extends Fields> = z.output<z.ZodObject<T>>;

/** What is answered if all goes well. Errors are thrown as problems. */
export interface Answer {
  status: number;
  body: unknown;
  headers?: Readonly<Record<string, string>>;
}

export interface Asked<Q extends Fields, P extends Fields, B extends z.ZodType> {
  query: Read<Q>;
  params: Read<P>;
  body: z.output<B>;
  caller: Caller;
  /** The Idempotency-Key; empty where the route takes none. */
  idempotencyKey: string;
  /** The id of the last event that a client of a stream received; null at its start. */
  lastEventId: string | null;
  response: Response;
}

/**
 * An endpoint, declared once: the server, its validation and the OpenAPI document are made from it. Names in
 * braces in the path are `params`.
 */
export interface Route<
  Q extends Fields = Fields,
  P extends Fields = Fields,
  B extends z.ZodType = z.ZodType,
> {
  method: 'get' | 'post' | 'delete';
  path: string;
  operationId: string;
  tag: keyof typeof tags;
  summary: string;
  description: string;
  scope: Scope;
  /** Not in the query: unknown parameters are refused. */
  query?: Q;
  params?: P;
  body?: B;
  /** It may read much of what is stored, so it has a limit of its own. */
  isSearch?: true;
  /** It needs an Idempotency-Key. */
  isIdempotent?: true;
  answer: {
    status: 200 | 202;
    description: string;
    schema: z.ZodType;
    /** Default: JSON. */
    type?: 'text/event-stream';
    /** The answer's header that leads to what was requested. */
    location?: string;
  };
  /** Problems beside those that every route has. */
  problems?: readonly ProblemKind[];
  /** Null: it answered itself, as a stream. */
  handle: (asked: Asked<Q, P, B>, deps: ApiDeps) => Promise<Answer | null>;
}

export type AnyRoute = Route;

/** Keeps the types of what the route reads within it. */
export const defineRoute = <
  Q extends Fields = Record<never, never>,
  P extends Fields = Record<never, never>,
  B extends z.ZodType = z.ZodUndefined,
>(
  route: Route<Q, P, B>,
): AnyRoute => route as unknown as AnyRoute;

export const ok = (body: unknown): Answer => ({ status: 200, body });
