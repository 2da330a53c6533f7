import type { ServerResponse } from 'node:http';
import { ArmError, type ArmRequest } from './answers';

/** A simulated ARM failure. */
export interface Fault {
  /** Matched against "METHOD path" of a request. */
  when: RegExp;
  /** Further limits which requests match. */
  only?: (request: ArmRequest) => boolean;
  status: number;
  code?: string;
  /** Number of requests that fail; unlimited if absent. */
  times?: number;
  retryAfter?: number;
  /** Does the work but delays the answer, ms. */
  delayMs?: number;
  /** Does the work and then drops the answer, so the caller can't know the outcome. */
  after?: boolean;
  /** Closes the connection instead of answering. */
  cut?: boolean;
  /** Answers with this text, such as truncated JSON. */
  body?: string;
  headers?: Record<string, string>;
  /** Replaces the answer: can send none, an endless one, or arbitrary bytes. */
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
    /** Returns the fault that matches a request and reduces its count; null if none matches. */
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
