import type { Request, Response } from 'express';
import type { Alert } from '../../domain/alerts/alert';
import { type AlertView, versionOf } from '../../domain/measures/alert-view';
import { redactSecrets } from '../../domain/text/redactor';

export interface StreamDeps {
  listAlerts: (limit: number) => Promise<Alert[]>;
  /** Alerts with their measures and approvals, in the same order. */
  viewsOf: (alerts: readonly Alert[]) => Promise<AlertView[]>;
  answerTo: (pressId: string) => Promise<string | null>;
  /** Calls the listener on each change. Resolves, once it listens, with a function that stops it. */
  watch: (listener: (change: string) => void) => Promise<() => void>;
}

/** Changes that a page may have missed while it was not connected. */
const missed = 100;
const keepAliveMs = 15_000;

/** Server-sent events: changed alerts and answers to presses. Starts with changes that were missed. */
export async function stream(
  request: Request,
  response: Response,
  { watch, answerTo, listAlerts, viewsOf }: StreamDeps,
): Promise<void> {
  response.set({ 'content-type': 'text/event-stream', connection: 'keep-alive' });
  response.flushHeaders();
  response.write('retry: 1000\n\n');
  const send = (event: string, data: unknown) =>
    response.write(`event: ${event}\ndata: ${redactSecrets(JSON.stringify(data))}\n\n`);
  const watching = watch(async (change) => {
    if (!change.startsWith('answer ')) return send('alert', { id: change });
    const pressId = change.slice('answer '.length);
    send('answer', { pressId, text: (await answerTo(pressId)) ?? '' });
  });
  const keepAlive = setInterval(() => response.write(': \n\n'), keepAliveMs);
  request.on('close', () => {
    clearInterval(keepAlive);
    watching.then(
      (stop) => stop(),
      () => {},
    );
  });
  await watching;
  const views = await viewsOf(await listAlerts(missed));
  for (const view of views.reverse())
    send('alert', { id: view.alert.id, rev: versionOf(view), at: view.alert.raisedAt });
}
