import { createHash } from 'node:crypto';
import { ticketIdOf, valueAt } from '../actions/hand-over/template';
import { plainLine } from '../domain/text/plain-text';
import type { CallbackSource } from './callback';

/** Jira, ServiceNow and similar, by the paths of the configuration. The body is the event's id: it has its time. */
export const ticketCallbacks: CallbackSource = {
  place: 'webhook',
  path: '/callbacks/ticket',
  header: 'x-hub-signature',
  scheme: 'sha256',
  secretOf: ({ webhook }) => webhook?.callback?.secret ?? null,
  nameOf: ({ webhook }) => (webhook ? new URL(webhook.url).hostname : ''),
  read: (body, raw, { webhook }) => {
    const paths = webhook?.callback;
    if (!paths) return null;
    const ticket = ticketIdOf(valueAt(body, paths.id));
    const status = statusOf(valueAt(body, paths.status));
    if (!ticket || !status) return null;
    const isOneOf = (statuses: readonly string[] = []) =>
      statuses.some((one) => one.toLowerCase() === status.toLowerCase());
    const person = paths.by ? plainLine(valueAt(body, paths.by) ?? '', 80) : '';
    return {
      id: createHash('sha256').update(raw).digest('hex'),
      ticket,
      state: isOneOf(paths.closed) ? 'closed' : isOneOf(paths.acknowledged) ? 'acknowledged' : 'open',
      at: timeOf(valueAt(body, paths.at)),
      status,
      ...(person ? { person } : {}),
    };
  },
};

const statusOf = (value: unknown): string =>
  typeof value === 'string' || typeof value === 'number' ? plainLine(String(value), 100) : '';

/**
 * As RFC 3339, from milliseconds since 1970 (as a number or text) or a text with its zone.
 * @throws {Error} for anything else
 */
function timeOf(value: unknown): string {
  const ms = Number(value);
  if (typeof value === 'number' || /^\d{12,14}$/.test(String(value))) return new Date(ms).toISOString();
  if (typeof value === 'string' && /(Z|[+-]\d\d:?\d\d)$/.test(value)) return new Date(value).toISOString();
  throw new Error('no time');
}
