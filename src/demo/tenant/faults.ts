import type { ServerResponse } from 'node:http';
import { ArmError, type ArmRequest } from './answers';

/** A failure to play, as ARM plays it. */
export interface Fault {
  /** Which requests: matched against "METHOD path". */
  when: RegExp;
  /** Of these, only those. */
  only?: (request: ArmRequest) => boolean;
  status: number;
  code?: string;
  /** How often; for ever when absent. */
  times?: number;
  retryAfter?: number;
  /** Do the work, but answer this much later, ms. */
  delayMs?: number;
  /** Do the work first, then lose the answer: the caller can't know. */
  after?: boolean;
  /** Cut the connection instead of answering. */
  cut?: boolean;
  /** Answer with this text, e.g. truncated JSON. */
  body?: string;
  headers?: Record<string, string>;
  /** Answer by this instead: never, for ever, or with bytes of any kind. */
  play?: (response: ServerResponse, request: ArmRequest) => void;
}

export function createFaults() {
  let active: Fault[] = [];
  return {
    add: (fault: Fault) => {
      active.push({ ...fault });
    },
    clear: () => {
      active = [];
    },
    /** The fault that hits a request, used up by one; null when none does. */
    take(request: ArmRequest): Fault | null {
      const line = `${request.method} ${request.path}`;
      const fault = active.find(
        (f) => f.when.test(line) && (f.only?.(request) ?? true) && (f.times === undefined || f.times > 0),
      );
      if (!fault) return null;
      if (fault.times !== undefined) fault.times--;
      return fault;
    },
  };
}

const codes: Record<number, string> = {
  401: 'ExpiredAuthenticationToken',
  403: 'AuthorizationFailed',
  404: 'ResourceNotFound',
  409: 'AnotherOperationInProgress',
  412: 'PreconditionFailed',
  429: 'TooManyRequests',
  500: 'InternalServerError',
  503: 'ServiceUnavailable',
};

export const errorOf = (fault: Fault): ArmError =>
  new ArmError(
    fault.status,
    fault.code ?? codes[fault.status] ?? 'Error',
    `Simulated ${fault.status}`,
    fault.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) },
  );
