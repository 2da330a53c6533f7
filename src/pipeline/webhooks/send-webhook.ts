import { DelayedError, type Job, UnrecoverableError } from 'bullmq';
import { z } from 'zod';
import type { WebhookConfig } from '../../config/policy-file';
import { formatOf } from '../../config/webhook-settings';
import { unmetConditions } from '../../domain/alerts/routing';
import { redactSecrets } from '../../domain/text/redactor';
import { ecsAlert } from '../../domain/webhooks/ecs-alert';
import { ocsfFinding } from '../../domain/webhooks/ocsf-finding';
import { signedHeaders } from '../../domain/webhooks/signature';
import { webhookBody } from '../../domain/webhooks/webhook-body';
import {
  type WebhookFormat,
  type WebhookMessage,
  type WebhookSubject,
  webhookEvents,
} from '../../domain/webhooks/webhook-event';
import type { Metrics } from '../../runtime/metrics';
import { sendRequest } from '../../runtime/outgoing-request';
import type { Store } from '../../store/store';
import { RetryLaterError, type WebhookJob } from '../queues';
import { readRoutedAlert } from '../read-routed-alert';

export interface SendWebhookDeps {
  store: Pick<Store, 'alerts' | 'measures' | 'exceptions' | 'deliveries' | 'polls' | 'webhooks'>;
  metrics: Pick<Metrics, 'webhooks'>;
  linkTo: (alertId: string) => string | null;
  now: () => number;
}

const timeoutMs = 10_000;
/** The longest wait that a destination may ask for, ms. */
const maxRetryAfterMs = 3_600_000;

/** What waits for a destination that is gone looks for a change of that so often, and for so long, ms. */
const askAgainMs = 3_600_000;
const keptMs = 86_400_000;

/** The queue may have been written to by others. A message's id becomes a header. */
const jobSchema: z.ZodType<WebhookJob> = z.strictObject({
  cursor: z.string().regex(/^\d{1,15}-\d{1,20}$/),
  event: z.enum(webhookEvents),
  id: z.string().min(1).max(300),
  at: z.number(),
});

const formats: Readonly<Record<WebhookFormat, (message: WebhookMessage) => object | null>> = {
  runwatch: webhookBody,
  ocsf: ocsfFinding,
  ecs: ecsAlert,
};

type SentJob = Pick<Job<WebhookJob>, 'data' | 'attemptsMade' | 'opts' | 'timestamp' | 'moveToDelayed'>;

/** Sends one queued change. Throws if the destination did not accept it, so that the queue tries again. */
export async function sendWebhook(
  job: SentJob,
  token: string | undefined,
  hook: WebhookConfig,
  deps: SendWebhookDeps,
): Promise<'sent' | 'not sent'> {
  const { store, metrics, now } = deps;
  const { name, url } = hook;
  const parsed = jobSchema.safeParse(job.data);
  if (!parsed.success) throw new UnrecoverableError('refused an invalid job in the queue of a webhook');
  if ((await store.webhooks.stateOf(name, url)).goneAt !== null) return waitUntilEnabled(job, token);
  const { cursor, event, at } = parsed.data;
  const subject = await readSubject(parsed.data, hook, deps);
  if (!subject) return 'not sent';
  const isLast = job.attemptsMade + 1 >= (job.opts.attempts ?? 1);
  const count = (result: 'sent' | 'retried' | 'failed') => metrics.webhooks.inc({ webhook: name, result });
  try {
    await post(`${name}_${cursor}`, hook, { event, at, subject }, now());
  } catch (error) {
    const { message } = error as Error;
    const isGone = error instanceof GoneError;
    if (isGone) await store.webhooks.gone(name, url, now());
    await store.webhooks.failed(name, now(), redactSecrets(message));
    count(isGone || isLast ? 'failed' : 'retried');
    throw isGone ? new UnrecoverableError(message) : error;
  }
  await store.webhooks.accepted(name, now());
  count('sent');
  return 'sent';
}

/** A destination that is gone may be enabled again, so what waits for it is not given up before its day is over. */
async function waitUntilEnabled(job: SentJob, token: string | undefined): Promise<never> {
  if (Date.now() - job.timestamp >= keptMs)
    throw new UnrecoverableError('the webhook is disabled, since its destination answered 410 Gone');
  await job.moveToDelayed(Date.now() + askAgainMs, token);
  throw new DelayedError();
}

/** What changed, as it is now; null if it is no longer kept, or if the webhook's conditions exclude it. */
async function readSubject(
  { event, id }: WebhookJob,
  { when }: WebhookConfig,
  { store, linkTo }: SendWebhookDeps,
): Promise<WebhookSubject | null> {
  if (event === 'measure.changed') {
    const measure = await store.measures.get(id);
    return measure && { kind: 'measure', measure };
  }
  if (event === 'exception.changed')
    return { kind: 'exception', id, exception: await store.exceptions.get(id) };
  if (event === 'notice.posted') {
    const notice = await store.deliveries.getNotice(id);
    return notice && { kind: 'notice', id, text: notice.text };
  }
  const alert = await store.alerts.get(id);
  if (!alert?.announced) return null;
  if (when && unmetConditions(await readRoutedAlert(alert, store.polls), when).length > 0) return null;
  return { kind: 'alert', alert, link: linkTo(id) };
}

class GoneError extends Error {}

/**
 * Posts a signed message.
 * @throws {Error} if it was not accepted with a 2xx status
 */
export async function post(
  id: string,
  hook: WebhookConfig,
  message: WebhookMessage,
  now: number,
): Promise<void> {
  const body = redactSecrets(JSON.stringify(formats[formatOf(hook)](message)));
  const secrets = [hook.secret, ...(hook.previousSecret ? [hook.previousSecret] : [])];
  const { status, headers } = await sendRequest({
    url: hook.url,
    headers: { 'content-type': 'application/json', ...signedHeaders(id, now, body, secrets) },
    body,
    timeoutMs,
    maxBytes: 0,
    allowPrivate: hook.allowPrivate ?? false,
  });
  if (status >= 200 && status <= 299) return;
  const answered = `${new URL(hook.url).hostname} answered ${status}`;
  if (status === 410) throw new GoneError(answered);
  throw new RetryLaterError(answered, retryAfterMs(headers['retry-after'], now));
}

/** The wait that a Retry-After header asks for: seconds or a date. */
function retryAfterMs(header: string | undefined, now: number): number {
  if (header === undefined) return 0;
  const ms = /^\d{1,9}$/.test(header) ? Number(header) * 1000 : Date.parse(header) - now;
  return Number.isNaN(ms) ? 0 : Math.min(Math.max(ms, 0), maxRetryAfterMs);
}
