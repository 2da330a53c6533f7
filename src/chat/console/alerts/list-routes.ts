import type { Request, RequestHandler, Response, Router } from 'express';
import { z } from 'zod';
import { Refusal } from '../../../domain/alerts/transitions';
import { type AlertView, versionOf } from '../../../domain/measures/alert-view';
import { t, translate } from '../../../domain/text/translate';
import { viewerOf } from '../auth';
import type { Html } from '../html';
import type { PageScript } from '../layout';
import { type PressDeps, submitPress, textsOf } from '../presses';
import { bulkOf, bulkResults } from './bulk';
import { listPage } from './list-page';
import { queryOf } from './query';
import { isListed, listAlerts, pageSize, type ReadDeps } from './read-alerts';
import { rowHtml, rowOf } from './table-row';
import { viewNames } from './tabs';

export interface ListDeps extends ReadDeps, PressDeps {
  getView: (id: string) => Promise<AlertView | null>;
  openCount: () => Promise<number>;
}

/** What the routes need of the console around them. */
export interface Frame {
  csrfOf: (request: Request) => string;
  /** Sends a page with the bar. */
  send: (
    request: Request,
    response: Response,
    title: string,
    body: Html,
    script?: PageScript,
  ) => Promise<void>;
  /** Says why nothing was done: as JSON to our scripts, else as a page. */
  refuse: (request: Request, response: Response, status: number, why: string) => Promise<void>;
  /** Parses a form and refuses those that are not from our pages. */
  ownForm: readonly RequestHandler[];
  panelOf: (request: Request) => Html | undefined;
}

/** Whether one of our scripts sent the request, not the browser by itself. */
export const isForScript = (request: Request): boolean =>
  request.get('x-part') === 'form' || request.accepts(['html', 'json']) === 'json';

const idsSchema = z
  .string()
  .max(6000)
  .transform((text) => text.split(','))
  .pipe(z.array(z.string().max(120)).max(pageSize));

/** The list of alerts: its page, its rows for live updates, and actions on a selection. */
export function addListRoutes(router: Router, deps: ListDeps, frame: Frame): void {
  router.get('/', async (request, response) => {
    const query = queryOf(request.query);
    const list = await listAlerts(query, viewerOf(request).presser, deps);
    const { responders, now } = deps;
    const context = {
      query,
      csrf: frame.csrfOf(request),
      now: now(),
      responders,
      panel: frame.panelOf(request),
    };
    await frame.send(
      request,
      response,
      t`${translate(viewNames[query.view])} alerts (${list.total})`,
      listPage(list, context),
    );
  });

  router.get('/rows', async (request, response) => {
    const ids = idsSchema.safeParse(request.query.ids);
    if (!ids.success) return void response.status(400).json({ error: t`The list of alerts is invalid.` });
    const query = queryOf(request.query);
    const { presser } = viewerOf(request);
    const views = await Promise.all(ids.data.map(deps.getView));
    response.json({
      open: await deps.openCount(),
      rows: views
        .filter((view) => view !== null)
        .map((view) => ({
          id: view.alert.id,
          listed: isListed(view.alert, query, presser),
          html: rowHtml(rowOf(view.alert, versionOf(view)), deps.now()).text,
        })),
    });
  });

  router.post('/bulk', ...frame.ownForm, async (request, response) => {
    const wanted = bulkOf(request.body);
    if ('fault' in wanted) return frame.refuse(request, response, 422, wanted.fault);
    const { nonce = '' } = textsOf(request.body);
    const { presser } = viewerOf(request);
    const press = async (id: string): Promise<{ id: string; pressId?: string; error?: string }> => {
      const view = await deps.getView(id);
      if (!view) return { id, error: t`This alert has expired.` };
      // One nonce for all would do: a press's id covers its alert.
      const done = await submitPress(view, wanted.action, { ...wanted.values, nonce }, presser, deps).catch(
        (error: unknown) => {
          if (error instanceof Refusal) return { refused: error.message };
          throw error;
        },
      );
      if (!done) return { id, error: t`Unknown action.` };
      if ('refused' in done) return { id, error: done.refused };
      return 'pressId' in done
        ? { id, pressId: done.pressId }
        : { id, error: `${Object.values(done.faults).join('. ')}.` };
    };
    const results = await Promise.all(wanted.ids.map(press));
    if (isForScript(request)) return void response.json({ results });
    await frame.send(request, response, t`Requested`, bulkResults(results));
  });
}
