import type { Queue } from 'bullmq';
import { stringifySetCookie } from 'cookie';
import { type Request, type Response, Router } from 'express';
import { isOwnForm, viewerOf } from '../chat/console/auth';
import { setBoardHeaders } from '../chat/console/page-headers';
import { formToken, isFormToken } from '../chat/console/sessions';
import type { AuditDraft } from '../domain/audit/audit-chain';
import type { Presser } from '../domain/people/person';
import { counted, t } from '../domain/text/translate';
import type { Queues } from '../pipeline/queues';
import { retryFailed } from '../pipeline/retry-failed';
import type { Keyring } from '../runtime/keyring';
import { memoize } from '../runtime/memoize';
import type { AuditLog } from '../store/audit/audit-log';

export interface QueueBoardDeps {
  queues: Pick<Queues, 'all' | 'respond'>;
  keyring: Keyring;
  audit: Pick<AuditLog, 'append'>;
  /** Whether this person may retry jobs of every subscription. */
  mayRetry: (presser: Presser) => Promise<boolean>;
  now: () => number;
}

/** How long the board shows the buttons before the rights are looked up again, ms. A retry looks them up itself. */
const shownMs = 60_000;

/**
 * BullMQ's board, mounted at /queues. Responders retry failed jobs; every other change is refused. Actions are
 * retried on their alert, where the person's rights are checked again.
 */
export function createQueueBoard(deps: QueueBoardDeps): Router {
  const { queues, keyring, audit, mayRetry, now } = deps;
  const retried = queues.all().filter((queue) => queue !== (queues.respond as Queue));
  const forReaders = once(() => boardOf(queues.all(), []));
  const forResponders = once(() => boardOf(queues.all(), retried));
  // The board reads its queues every few seconds.
  const mayRetryRecently = memoize(shownMs, 1000, (presser) => mayRetry(JSON.parse(presser) as Presser), now);
  const router = Router();

  router.use(async (request, response, next) => {
    setBoardHeaders(request, response);
    if (!isRead(request)) return next();
    const { presser, session } = viewerOf(request);
    response.append('set-cookie', csrfCookie(formToken(keyring, session), request.secure));
    const writes = request.path.startsWith('/api/') && (await mayRetryRecently(JSON.stringify(presser)));
    return (writes ? forResponders : forReaders)()(request, response, next);
  });
  router.put(
    ['/api/queues/:queue/retry/failed', '/api/queues/:queue/:job/retry'],
    async (request, response) => {
      const { presser: by, session } = viewerOf(request);
      if (!isOwnForm(request) || !isFormToken(keyring, session, request.headers['x-xsrf-token']))
        return refuse(response, 403, t`This page has expired. Reload it and try again.`);
      const queue = retried.find(({ name }) => name === request.params.queue);
      if (!queue)
        return request.params.queue === queues.respond.name
          ? refuse(response, 405, t`Actions are retried on their alert.`)
          : refuse(response, 404, t`This queue does not exist.`);
      const jobId = request.params.job === undefined ? null : String(request.params.job).slice(0, 200);
      const object = jobId === null ? queue.name : `${queue.name} ${jobId}`;
      const note = (result: AuditDraft['result'], why: string | null = null) =>
        audit.append([
          {
            at: new Date(now()).toISOString(),
            by,
            action: 'queue.retry',
            alertId: null,
            object,
            result,
            why,
          },
        ]);
      if (!(await mayRetry(by))) {
        const why = t`Only responders for every action in every subscription may retry jobs.`;
        await note('refused', why);
        return refuse(response, 403, why);
      }
      await note('started');
      try {
        const count = await retryFailed(queue, jobId);
        if (count === 0) {
          const why = t`No failed job to retry: it was retried or has expired.`;
          await note('failed', why);
          return refuse(response, 409, why);
        }
        await note('done', t`${counted(count, '# failed job', '# failed jobs')} queued again`);
        response.json({ retried: count, skipped: 0 });
      } catch (error) {
        await note('failed', error instanceof Error ? error.message.slice(0, 400) : String(error));
        throw error;
      }
    },
  );
  router.use((_request, response) => refuse(response, 405, t`Here you can only retry failed jobs.`));
  return router;
}

const isRead = ({ method }: Request): boolean => method === 'GET' || method === 'HEAD';

/** The board shows the text of `message`. */
const refuse = (response: Response, status: number, message: string): void =>
  void response.status(status).json({ error: message });

/** The board's client returns this cookie in the header X-XSRF-TOKEN. Another site can't read it. */
const csrfCookie = (value: string, secure: boolean): string =>
  stringifySetCookie({ name: 'XSRF-TOKEN', value, sameSite: 'strict', secure, path: '/queues' });

/** Creates a board when it is first opened. */
function once(create: () => Router): () => Router {
  let made: Router | undefined;
  return () => {
    made ??= create();
    return made;
  };
}

/**
 * Loads BullMQ's board, which takes 4 MB of memory.
 * @param writable queues whose failed jobs have a button to retry them
 */
function boardOf(all: readonly Queue[], writable: readonly Queue[]): Router {
  const { createBullBoard } = require('@bull-board/api') as typeof import('@bull-board/api');
  const { BullMQAdapter } =
    require('@bull-board/api/bullMQAdapter') as typeof import('@bull-board/api/bullMQAdapter');
  const { ExpressAdapter } = require('@bull-board/express') as typeof import('@bull-board/express');
  const adapter = new ExpressAdapter();
  adapter.setBasePath('/queues');
  createBullBoard({
    queues: all.map((queue) => new BullMQAdapter(queue, { readOnlyMode: !writable.includes(queue) })),
    serverAdapter: adapter,
  });
  return adapter.getRouter();
}
