/** A handler's answer; the server sends it in ARM's format. */
export interface Answer {
  status: number;
  body?: unknown;
  headers?: Record<string, string>;
}

/** ARM's error shape: {"error":{"code","message"}}. */
export class ArmError extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly headers: Record<string, string> = {},
  ) {
    super(message);
  }
}

export const notFound = (id: string) =>
  new ArmError(
    404,
    'ResourceNotFound',
    `The Resource '${id.split('/').slice(-2).join('/')}' was not found. For more details please go to https://aka.ms/ARMResourceNotFoundFix`,
  );

export interface ArmRequest {
  method: string;
  /** Path without the query, decoded. */
  path: string;
  query: URLSearchParams;
  headers: Record<string, string | string[] | undefined>;
  body: unknown;
  /** HTTPS origin of the request, for links. */
  origin: string;
  /** Object id that the token names. */
  callerId?: string;
}
