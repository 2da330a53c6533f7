import type { Response } from 'express';
import type { Alert } from '../../domain/alerts/alert';
import { type AlertView, versionOf } from '../../domain/measures/alert-view';

export interface StreamDeps {
  listAlerts: (limit: number) => Promise<Alert[]>;
  /** Alerts with their measures and approvals, in the same order. */
  viewsOf: (alerts: readonly Alert[]) => Promise<AlertView[]>;
  /**
   * Calls the listener with the id of each changed alert, and with "ended SESSION" when a session ends.
   * Resolves, once it listens, with a function that stops it.
   */
  watch: (listener: (change: string) => void) => Promise<() => void>;
}

/** Changes that a page may have missed while it was not connected. */
const missed = 100;
const keepAliveMs = 15_000;

/**
 * Server-sent events: the ids of changed alerts, beginning with those that were missed. Answers to presses are
 * not among them: only who pressed asks for those. Ends with the session.
 */
export async function stream(
  response: Response,
  session: string,
  { watch, listAlerts, viewsOf }: StreamDeps,
): Promise<void> {
  // The page may have closed while the request was authorized: then nothing would tell it again.
  if (response.closed) return;
  response.set({ 'content-type': 'text/event-stream', connection: 'keep-alive' });
  response.flushHeaders();
  response.write('retry: 1000\n\n');
  const send = (data: unknown) =>
    response.writableEnded || response.write(`event: alert\ndata: ${JSON.stringify(data)}\n\n`);
  const watching = watch((change) => {
    if (change === `ended ${session}`) response.end();
    else if (!change.startsWith('ended ')) send({ id: change });
  });
  const keepAlive = setInterval(() => response.write(': \n\n'), keepAliveMs);
  response.on('close', () => {
    clearInterval(keepAlive);
    watching.then(
      (stop) => stop(),
      () => {},
    );
  });
  await watching;
  const views = await viewsOf(await listAlerts(missed));
  for (const view of views.reverse())
    send({ id: view.alert.id, rev: versionOf(view), at: view.alert.raisedAt });
}
