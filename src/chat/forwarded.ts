import type { IncomingMessage } from 'node:http';

/** Headers that proxies add. A request with one was forwarded, whatever address it connects from. */
const headers = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

export const isForwarded = (request: Pick<IncomingMessage, 'headers'>): boolean =>
  headers.some((name) => request.headers[name] !== undefined);
