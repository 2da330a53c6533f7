import type { IncomingMessage } from 'node:http';

/** Headers that proxies add. A request that has one came from elsewhere, whatever address the connection has. */
const headers = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto', 'x-real-ip', 'via'];

export const isForwarded = (request: Pick<IncomingMessage, 'headers'>): boolean =>
  headers.some((name) => request.headers[name] !== undefined);
