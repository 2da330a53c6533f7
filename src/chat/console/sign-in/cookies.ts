import { parseCookie, stringifySetCookie } from 'cookie';
import type { Request, Response } from 'express';

/** The session of a person who signed in. */
export const sessionCookie = '__Host-runwatch';

/** Lax, so that links from Slack and Teams open signed in. Browsers take Secure cookies from loopback too. */
export function setCookie(response: Response, name: string, value: string, lifetimeMs: number): void {
  const attributes = { httpOnly: true, sameSite: 'lax', secure: true, path: '/' } as const;
  const cookie = { name, value, ...attributes, maxAge: Math.floor(lifetimeMs / 1000) };
  response.append('set-cookie', stringifySetCookie(cookie));
}

export const clearCookie = (response: Response, name: string): void => setCookie(response, name, '', 0);

export const cookieOf = (request: Request, name: string): string | undefined =>
  parseCookie(request.headers.cookie ?? '')[name];

/** Path to redirect to. Only our own pages are allowed, never another host. */
export function ownPath(path: unknown): string {
  const given = typeof path === 'string' ? path : '';
  return /^\/(console|queues)([/?#]|$)/.test(given) && !/[\\\s]|\/\//.test(given)
    ? given.slice(0, 2000)
    : '/console';
}
