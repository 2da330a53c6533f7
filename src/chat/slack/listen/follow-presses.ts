import type { WebClient } from '@slack/web-api';
import { actionOf } from '../../../actions/registry';
import { summarize } from '../../../domain/alerts/alert';
import { plainLine } from '../../../domain/text/plain-text';
import { counted, t, translate } from '../../../domain/text/translate';
import type { SurfacePress } from '../../surface-press';
import { escapeMrkdwn } from '../mrkdwn';
import { ownChannel, ownerOf } from '../workspaces';
import { readerOf } from './listen-to-forms';
import type { ListenerDeps } from './listener-deps';
import { publishHome } from './publish-home';

/** A press without an outcome after this time is said to be in progress, ms. */
const noticeAfterMs = 1000;
const pollMs = 200;
/** How long a home page waits for the outcome of a press on it, ms. Opening the page shows it later, too. */
const homeWaitMs = 300_000;

export interface FollowDeps {
  /** The client of a workspace. */
  clientIn: (team: string | undefined) => WebClient;
  stopped: AbortSignal;
}

/**
 * Queues a press and returns its id. In the background, tells the presser where they pressed if it takes
 * longer than a second. A press on a home page publishes that page again once it has an outcome.
 */
export function followPresses(
  listenerDeps: ListenerDeps,
  { clientIn, stopped }: FollowDeps,
): ListenerDeps['press'] {
  const { press, outcomeOf, getView, log } = listenerDeps;

  return async (pressed) => {
    const pressId = await press(pressed);
    follow(pressed, pressId).catch((error) => {
      if (!stopped.aborted) log.warn({ error, pressId }, 'could not tell a presser about the progress');
    });
    return pressId;
  };

  async function follow(pressed: SurfacePress, pressId: string): Promise<void> {
    const { replyTo, by } = pressed;
    if (!replyTo) return;
    const client = clientIn(by.team);
    const channel = ownChannel(replyTo.channel);
    const fromHome = ownerOf(channel) !== null;
    const soon = await outcome(pressId, noticeAfterMs);
    if (soon === null && !stopped.aborted) {
      const text = t`${await whatOf(pressed)}: working on it…`;
      if (fromHome) await publishHome(by, client, listenerDeps, text);
      else await client.chat.postEphemeral({ channel, user: replyTo.user, text: escapeMrkdwn(text) });
    }
    if (!fromHome) return;
    const text = soon ?? (await outcome(pressId, homeWaitMs));
    if (!stopped.aborted) await publishHome(by, client, listenerDeps, text ?? '');
  }

  /** The text of the outcome, null if there is none in time. */
  async function outcome(pressId: string, timeoutMs: number): Promise<string | null> {
    const until = Date.now() + timeoutMs;
    while (!stopped.aborted) {
      const known = await outcomeOf(pressId);
      if (known) return known.text;
      if (Date.now() >= until) return null;
      await new Promise((done) => setTimeout(done, pollMs).unref());
    }
    return null;
  }

  /** "Isolate (vm-pay-01)". */
  async function whatOf({ action, alertId, by }: SurfacePress): Promise<string> {
    const name = translate(actionOf(action)?.name ?? action);
    if ('refused' in (await readerOf(by, listenerDeps))) return name;
    const view = alertId ? await getView(alertId) : null;
    if (!view) return name;
    const { target, machines } = summarize(view.alert);
    return `${name} (${machines > 1 ? counted(machines, '# machine', '# machines') : plainLine(target.name, 80)})`;
  }
}
