import type { Request, RequestHandler, Response, Router } from 'express';
import { z } from 'zod';
import { rowOf } from '../../../domain/alerts/alert-row';
import type { AlertView } from '../../../domain/measures/alert-view';
import { t, translate } from '../../../domain/text/translate';
import { viewerOf } from '../auth';
import type { Html } from '../html';
import type { PageScript } from '../layout';
import { countText } from './count-text';
import { listPage } from './list-page';
import { queryOf } from './query';
import { listAlerts, pageSize, type ReadDeps } from './read-alerts';
import { isListed } from './search';
import { rowHtml } from './table-row';
import { viewNames } from './tabs';

export interface ListDeps extends ReadDeps {
  responders: boolean;
  getView: (id: string) => Promise<AlertView | null>;
  openCount: () => Promise<number>;
}

/** What the routes need of the console around them. */
export interface Frame {
  csrfOf: (request: Request) => string;
  /** Sends a page with the bar, by default one of the alerts. */
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

/** The list of alerts: its page, and its rows for live updates. */
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
      t`${translate(viewNames[query.view])} alerts (${countText(list.total)})`,
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
          html: rowHtml(rowOf(view.alert), deps.now()).text,
        })),
    });
  });
}
