import express, { type NextFunction, type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { t } from '../../domain/text/translate';
import type { Keyring } from '../../runtime/keyring';
import { accountOf } from './account';
import { type ActivityDeps, addActivityRoutes } from './activity/activity-routes';
import { type AlertDeps, addAlertRoutes } from './alert/alert-routes';
import { addBulkRoutes, type BulkDeps } from './alerts/bulk-routes';
import { addListRoutes, type Frame, isForScript } from './alerts/list-routes';
import { pageSize } from './alerts/read-alerts';
import { sendAsset } from './assets';
import { type AuditDeps, addAuditRoutes } from './audit/audit-routes';
import { viewerOf } from './auth';
import type { Demo } from './demo-parts';
import { addExceptionRoutes, type ExceptionDeps } from './exceptions/exception-routes';
import { type Html, html } from './html';
import { type PageName, type PageScript, page } from './layout';
import { setPageHeaders } from './page-headers';
import { panelHtml } from './pages';
import { formToken, isFormToken } from './sessions';
import { type StreamDeps, stream } from './stream';
import { addHealthRoutes, type HealthDeps } from './system-health/health-routes';

export interface ConsoleDeps
  extends ActivityDeps,
    AlertDeps,
    BulkDeps,
    ExceptionDeps,
    HealthDeps,
    StreamDeps {
  keyring: Keyring;
  audit: AuditDeps;
  /** What the demo adds; absent in a configured product. */
  demo?: Demo | undefined;
  /** What a press answers to who pressed; null while or if there is none. */
  answerTo: (pressId: string) => Promise<string | null>;
  /** What became of a press; null while it is not done. */
  outcomeOf: (pressId: string) => Promise<{ result: string; text: string } | null>;
}

const pressIds = z
  .union([z.string(), z.array(z.string())])
  .transform((given) => [given].flat())
  .pipe(z.array(z.string().min(1).max(200)).max(pageSize));

/** The web console, mounted at /console. Works without JavaScript; JavaScript adds dialogs and live updates. */
export function createConsole(deps: ConsoleDeps): Router {
  const router = Router();
  const form = express.urlencoded({ extended: false, limit: '64kb', parameterLimit: 120 });
  const csrfOf = (request: Request) => formToken(deps.keyring, viewerOf(request).session);

  async function sendPage(
    request: Request,
    response: Response,
    current: PageName,
    title: string,
    body: Html,
    script: PageScript = 'list',
  ): Promise<void> {
    const { outcome } = request.query;
    const shell = {
      current,
      viewer: viewerOf(request).presser.name,
      account: accountOf(request, deps.keyring, roleOf(viewerOf(request).presser.id)),
      open: await deps.openCount(),
      pane: current === 'alerts' && deps.demo?.pane?.(alertOf(request), csrfOf(request), deps.now()),
      outcome: typeof outcome === 'string' ? await outcomeText(outcome.slice(0, 200)) : null,
    };
    response.send(page(title, body, shell, script));
  }

  const alertOf = ({ params }: Request) => (typeof params.id === 'string' ? params.id : null);
  const roleOf = (id: string) => deps.demo?.people.find((person) => person.id === id)?.role;

  const outcomeText = async (pressId: string) =>
    (await deps.answerTo(pressId)) || ((await deps.outcomeOf(pressId)) ? t`Done.` : t`Requested.`);

  async function refuse(request: Request, response: Response, status: number, why: string): Promise<void> {
    response.status(status);
    if (isForScript(request)) return void response.json({ error: why });
    const title = status === 404 ? t`Not found` : t`Nothing was done`;
    const body = html`<h1>${title}</h1><p class="empty">${why} <a href="/console">${t`All alerts`}</a></p>`;
    await sendPage(request, response, 'alerts', title, body);
  }

  async function fromOurPage(request: Request, response: Response, next: NextFunction): Promise<void> {
    const given = (request.body as Record<string, unknown> | undefined)?.csrf;
    if (isFormToken(deps.keyring, viewerOf(request).session, given)) return next();
    await refuse(request, response, 403, t`This form has expired. Reload the page and try again.`);
  }

  const frameOf = (current: PageName): Frame => ({
    csrfOf,
    send: (request, response, title, body, script) =>
      sendPage(request, response, current, title, body, script),
    refuse,
    ownForm: [form, fromOurPage],
    panelOf: (request) => deps.demo && panelHtml(deps.demo.panel.choices, csrfOf(request)),
  });

  router.use((request, response, next) => {
    setPageHeaders(request, response);
    next();
  });
  router.get('/assets/:name', sendAsset);
  addListRoutes(router, deps, frameOf('alerts'));
  addBulkRoutes(router, deps, frameOf('alerts'));
  addAlertRoutes(router, deps, frameOf('alerts'));
  addExceptionRoutes(router, deps, frameOf('exceptions'));
  addActivityRoutes(router, deps, frameOf('activity'));
  addAuditRoutes(router, deps, frameOf('audit'));
  addHealthRoutes(router, deps, frameOf('health'));
  deps.demo?.addRoutes?.(router, deps, frameOf('alerts'));
  router.get('/presses', async (request, response) => {
    const ids = pressIds.safeParse(request.query.id);
    if (!ids.success) return void response.status(400).json({ error: t`The list of presses is invalid.` });
    const results = await Promise.all(ids.data.map(deps.outcomeOf));
    response.json({ results: ids.data.map((pressId, i) => ({ pressId, ...results[i] })) });
  });
  router.post('/play/:name', form, fromOurPage, async (request, response) => {
    const choice = deps.demo?.panel.choices.find(({ name }) => name === request.params.name);
    if (!choice) return void response.status(404).send(t`This demo event does not exist.`);
    deps.demo?.panel.play(choice.name);
    response.redirect(303, '/console');
  });
  router.get('/events', (request, response) => stream(response, viewerOf(request).session, deps));
  router.use((request, response) => refuse(request, response, 404, t`This page does not exist.`));
  return router;
}
