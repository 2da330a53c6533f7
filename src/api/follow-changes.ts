import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import type { Response } from 'express';
import type { Change } from '../domain/change';
import type { ApiDeps } from './api-deps';
import type { Caller } from './auth/authenticate';

/** Streams of one process, and of one caller. */
const maxStreams = 100;
const maxStreamsOfCaller = 5;
/** Longest stream, ms. The next request authorizes the caller again. */
const longestMs = 5 * 60_000;
const keepAliveMs = 15_000;
/** The feed is read again after this, ms. */
const readEveryMs = 1000;
const batchSize = 100;

/** Open streams by caller. */
const open = new Map<string, number>();

/**
 * Streams changes as server-sent events until the caller's token expires.
 * @param after null: begins with the next change
 * @returns false if too many streams are open
 */
export async function followChanges(
  after: string | null,
  { key, endsAt }: Caller,
  response: Response,
  deps: ApiDeps,
): Promise<boolean> {
  const own = open.get(key) ?? 0;
  const all = [...open.values()].reduce((sum, count) => sum + count, 0);
  if (own >= maxStreamsOfCaller || all >= maxStreams) return false;
  open.set(key, own + 1);
  const ended = new AbortController();
  response.on('close', () => ended.abort());
  // The client may have gone while its token was checked.
  if (response.closed) ended.abort();
  const left = Math.min(longestMs, (endsAt ?? Number.POSITIVE_INFINITY) - deps.now());
  const timers = [
    setTimeout(() => ended.abort(), Math.max(0, left)),
    setInterval(() => response.write(': \n\n'), keepAliveMs),
  ];
  try {
    const begin = after ?? (await deps.feed.newest());
    response.status(200).set({ 'content-type': 'text/event-stream', connection: 'keep-alive' });
    response.flushHeaders();
    response.write('retry: 1000\n\n');
    await send(begin, response, ended.signal, deps);
  } catch (error) {
    if (!ended.signal.aborted && !response.headersSent) throw error;
  } finally {
    for (const timer of timers) clearTimeout(timer);
    const count = (open.get(key) ?? 1) - 1;
    if (count > 0) open.set(key, count);
    else open.delete(key);
    if (response.headersSent) response.end();
  }
  return true;
}

async function send(
  begin: string,
  response: Response,
  signal: AbortSignal,
  { feed }: ApiDeps,
): Promise<void> {
  for (let cursor = begin; !signal.aborted; ) {
    const { changes, next, lost } = await feed.after(cursor, batchSize);
    if (lost) response.write(`event: lost\nid: ${next}\ndata: {}\n\n`);
    const text = changes
      .filter(({ kind }) => kind !== 'notice.posted')
      .map(eventOf)
      .join('');
    if (text && !response.write(text)) await once(response, 'drain', { signal }).catch(() => {});
    if (next === cursor) await pause(readEveryMs, null, { signal }).catch(() => {});
    cursor = next;
  }
}

const eventOf = ({ cursor, kind, id, rev, at }: Change): string => {
  const data = { id: cursor, kind, resource: id, revision: rev, at: new Date(at).toISOString() };
  return `event: change\nid: ${cursor}\ndata: ${JSON.stringify(data)}\n\n`;
};
