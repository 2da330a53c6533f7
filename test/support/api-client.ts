import { apiRoutes } from '../../src/api/api';
import type { Operations, Schemas } from './api-types';

type Name = keyof Operations;
type Optional<T> = Record<string, never> extends T ? true : false;
type Part = 'params' | 'query' | 'body';
/** The parts that a call must have: those with a field that is not optional. */
type Needed<N extends Name> = {
  [K in Part]: Operations[N][K] extends undefined
    ? never
    : Optional<Operations[N][K]> extends true
      ? never
      : K;
}[Part];
type Given<N extends Name> = Pick<Operations[N], Needed<N>> &
  Partial<Pick<Operations[N], Part>> & { key?: string };

/** An error that the API answered. */
export class ApiError extends Error {
  constructor(
    readonly problem: Schemas['Problem'],
    readonly headers: Headers,
  ) {
    super(`${problem.type}: ${problem.detail}`);
  }
}

/**
 * A client with the types of the OpenAPI document. It checks that each answer has exactly the documented fields.
 * @param url the server's
 */
export function createApiClient(url: string, token: string) {
  async function send<N extends Name>(
    name: N,
    given: Given<N>,
  ): Promise<{ answer: Operations[N]['answer']; headers: Headers }> {
    const route = apiRoutes.find(({ operationId }) => operationId === name);
    if (!route) throw new Error(`no operation ${name}`);
    const {
      params = {},
      query = {},
      body = route.body ? {} : undefined,
      key,
    } = given as {
      params?: Record<string, string>;
      query?: Record<string, unknown>;
      body?: unknown;
      key?: string;
    };
    const path = route.path.replace(/\{(\w+)\}/g, (_, field: string) =>
      encodeURIComponent(params[field] ?? ''),
    );
    const search = new URLSearchParams(
      Object.entries(query).flatMap(([field, value]) =>
        [value].flat().map((one): [string, string] => [field, String(one)]),
      ),
    );
    const response = await fetch(`${url}/api/v1${path}${search.size > 0 ? `?${search}` : ''}`, {
      method: route.method.toUpperCase(),
      headers: {
        authorization: `Bearer ${token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(route.isIdempotent ? { 'idempotency-key': key ?? crypto.randomUUID() } : {}),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const answer = await response.json();
    if (!response.ok) {
      expect(response.headers.get('content-type')).toMatch(/^application\/problem\+json/);
      throw new ApiError(answer as Schemas['Problem'], response.headers);
    }
    expect(response.status).toBe(route.answer.status);
    expect(answer).toEqual(route.answer.schema.parse(answer));
    return { answer: answer as Operations[N]['answer'], headers: response.headers };
  }

  return {
    token,
    send,
    /** The answer alone. */
    call: async <N extends Name>(name: N, given: Given<N>): Promise<Operations[N]['answer']> =>
      (await send(name, given)).answer,
    /** The problem that the API answers. */
    problem: async <N extends Name>(name: N, given: Given<N>): Promise<Schemas['Problem']> => {
      try {
        await send(name, given);
      } catch (error) {
        if (error instanceof ApiError) return error.problem;
        throw error;
      }
      throw new Error(`${name} was answered`);
    },
  };
}
export type ApiClient = ReturnType<typeof createApiClient>;
