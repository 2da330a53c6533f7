import express, { type Request, type Response, Router } from 'express';
import type { Escalation } from '../actions/hand-over/incident-facts';
import type { Press } from '../presses/press';
import type { Log } from '../runtime/log';
import type { Metrics } from '../runtime/metrics';
import { within } from '../runtime/within';
import type { Store } from '../store/store';
import type { Callback, CallbackSource } from './callback';
import { pagerDutyCallbacks } from './read-pagerduty';
import { ticketCallbacks } from './read-ticket';
import { isSigned } from './signature';

export interface CallbackDeps {
  escalation: Escalation | undefined;
  tickets: Pick<Store['tickets'], 'alertOf'>;
  press: (press: Press) => Promise<unknown>;
  metrics: Metrics;
  log: Log;
  now: () => number;
}

const maxBody = '256kb';
/** Older deliveries are refused, ms. Less than results of presses are kept, so that a replay does nothing. */
const maxAgeMs = 86_400_000;
/** How far ahead the sender's clock may be, ms. */
const maxAheadMs = 5 * 60_000;
/** Then the sender is asked to try again, ms. PagerDuty waits for 5 s. */
const answerWithinMs = 3000;

const sources: readonly CallbackSource[] = [pagerDutyCallbacks, ticketCallbacks];

/** Endpoints on which systems report what became of the incidents that Runwatch opened there. */
export function receiveCallbacks(deps: CallbackDeps): Router[] {
  const { escalation } = deps;
  if (!escalation) return [];
  return sources.flatMap((source) => {
    const secret = source.secretOf(escalation);
    if (secret === null) return [];
    const router = Router();
    router.post(source.path, express.raw({ type: () => true, limit: maxBody }), (request, response) =>
      receive(request, response, { source, secret, escalation }, deps),
    );
    return [router];
  });
}

interface Configured {
  source: CallbackSource;
  secret: string;
  escalation: Escalation;
}

/** 2xx means that the delivery needs no repetition; who knows no secret learns nothing else. */
async function receive(
  request: Request,
  response: Response,
  { source, secret, escalation }: Configured,
  { tickets, press, metrics, log, now }: CallbackDeps,
): Promise<void> {
  const end = (status: number, result: string) => {
    metrics.callbacks.inc({ place: source.place, result });
    response.status(status).end();
  };
  const raw: Buffer = Buffer.isBuffer(request.body) ? request.body : Buffer.alloc(0);
  if (!isSigned(raw, request.get(source.header), { scheme: source.scheme, secret }))
    return end(401, 'forged');
  let callback: Callback | null;
  try {
    callback = source.read(JSON.parse(raw.toString('utf8')), raw, escalation);
  } catch {
    log.warn({ place: source.place }, 'a signed callback could not be read');
    return end(400, 'unreadable');
  }
  if (!callback) return end(202, 'ignored');
  const { id, ...report } = callback;
  const age = now() - Date.parse(report.at);
  if (age > maxAgeMs || age < -maxAheadMs) return end(400, 'outdated');
  try {
    const isKnown = await within(answerWithinMs, queue(), () => new Error('Redis does not answer'));
    end(202, isKnown ? 'accepted' : 'ignored');
  } catch (error) {
    log.warn({ error, place: source.place }, 'could not accept a callback; the sender has to try again');
    end(503, 'failed');
  }

  async function queue(): Promise<boolean> {
    const alertId = await tickets.alertOf(source.place, report.ticket);
    if (alertId === null) return false;
    const name = source.nameOf(escalation);
    const by = {
      surface: 'ticket',
      id: source.place,
      name: report.person ? `${report.person} (${name})` : name,
    };
    await press({
      alertId,
      action: 'follow_ticket',
      by,
      input: { ...report },
      nonce: `${source.place} ${id}`,
    });
    return true;
  }
}
