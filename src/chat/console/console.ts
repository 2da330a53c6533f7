import { randomUUID } from 'node:crypto';
import express, { type NextFunction, type Request, type Response, Router } from 'express';
import type { FormValues } from '../../actions/form';
import { actionOf } from '../../actions/registry';
import { identifierOf } from '../../domain/activity/activity-event';
import { type Alert, summarize } from '../../domain/alerts/alert';
import type { Sla } from '../../domain/alerts/timing';
import type { Exception } from '../../domain/exceptions/exception';
import { type AlertView, versionOf } from '../../domain/measures/alert-view';
import { redactSecrets } from '../../domain/text/redactor';
import type { Keyring } from '../../runtime/keyring';
import { messageOf } from '../message';
import type { SurfacePress } from '../surface-press';
import { accountOf } from './account';
import { type ActivityRow, activityPage } from './activity-page';
import { roleGraph, scoreBreakdown } from './alert-page';
import { css, icon, js } from './assets';
import { viewerOf } from './auth';
import {
  type AlertFilter,
  filterForm,
  filterOf,
  fits,
  isFiltering,
  type OpenFilter,
  openFilterOf,
} from './filter';
import { html } from './html';
import { setPageHeaders } from './page-headers';
import {
  type AuditRow,
  alertList,
  auditTable,
  card,
  exceptionPage,
  exceptionsTable,
  type HealthRow,
  healthPage,
  page,
  panelHtml,
  threadHtml,
} from './pages';
import { formToken, isFormToken } from './sessions';

export interface ConsoleDeps {
  keyring: Keyring;
  responders: boolean;
  now: () => number;
  /** Targets of the response times. */
  sla: Sla;
  listAlerts: (limit: number) => Promise<Alert[]>;
  /** Announced alerts that are not closed, newest first. */
  listOpen: (filter: OpenFilter & { limit: number }) => Promise<Alert[]>;
  /** Alerts with their measures and approvals, in the same order. */
  viewsOf: (alerts: readonly Alert[]) => Promise<AlertView[]>;
  getView: (id: string) => Promise<AlertView | null>;
  /** Describes which alerts an exception would have suppressed. */
  backtest: (exception: Pick<Exception, 'match'>) => Promise<string>;
  listExceptions: () => Promise<{ exception: Exception; uses: number }[]>;
  listAudit: () => Promise<AuditRow[]>;
  health: () => Promise<{
    /** Current problems with detecting or reporting commands, one line each. */
    troubles: string[];
    subscriptions: HealthRow[];
    queues: Record<string, Record<string, number>>;
  }>;
  /** Executions by caller and hour in the last 90 days. */
  activity: () => Promise<{ rows: ActivityRow[]; zone: string }>;
  /** The demo's panel above the alerts. */
  panel?: Panel | undefined;
  press: (press: SurfacePress) => Promise<string>;
  answerTo: (pressId: string) => Promise<string | null>;
  /** Calls the listener on each change. Resolves, once it listens, with a function that stops it. */
  watch: (listener: (change: string) => void) => Promise<() => void>;
}

const shownAlerts = 100;
/** A search covers this many of the newest alerts, and of the open ones. */
const searchLimit = 2000;

/** Events that the demo can trigger. */
export interface Panel {
  choices: readonly { name: string; says: string }[];
  play: (name: string) => void;
}

/** The web console, mounted at /console. Works without JavaScript; JavaScript adds live updates. */
export function createConsole(deps: ConsoleDeps): Router {
  /** The CSRF token for the forms on this viewer's pages. */
  const contextOf = (request: Request) => ({
    csrf: formToken(deps.keyring, viewerOf(request).session),
    account: accountOf(request, deps.keyring),
  });
  const router = Router();
  const model = (view: AlertView) => ({
    alert: view.alert,
    version: versionOf(view),
    model: messageOf(view, { responders: deps.responders, sla: deps.sla, now: deps.now() }),
  });

  router.use((request, response, next) => {
    setPageHeaders(request, response);
    next();
  });
  router.get('/console.css', (_request, response) => void response.type('css').send(css));
  router.get('/console.js', (_request, response) => void response.type('js').send(js));
  router.get('/icon.svg', (_request, response) => void response.type('image/svg+xml').send(icon));
  router.get('/', async (request, response) => {
    const filter = filterOf(request.query);
    const all = isFiltering(filter) ? await searchedAlerts(filter, deps) : await deps.listAlerts(shownAlerts);
    const alerts = all.filter((alert) => fits(alert, filter)).slice(0, shownAlerts);
    const outcome =
      typeof request.query.outcome === 'string' ? await deps.answerTo(request.query.outcome) : null;
    const context = contextOf(request);
    const views = await deps.viewsOf(alerts);
    const list = alertList(views.map(model), context, !isFiltering(filter));
    response.send(
      page(
        'Alerts',
        html`${filterForm(filter, { shown: alerts.length, searched: all.length, most: shownAlerts })}${deps.panel && panelHtml(deps.panel.choices, context.csrf)}${list}`,
        { ...context, outcome },
      ),
    );
  });
  router.get(
    '/alerts/:id',
    withAlert(async (view, request, response) => {
      const { alert } = view;
      const shown = model(view);
      response.send(
        page(
          alert.id,
          html`${alertList([shown], contextOf(request), false)}<div id="more">${roleGraph(alert)}${scoreBreakdown(alert)}${threadHtml(shown.model.thread())}</div>`,
          contextOf(request),
        ),
      );
    }),
  );
  router.get(
    '/alerts/:id/card',
    withAlert(async (view, request, response) => {
      const shown = model(view);
      response.send(card(shown.model, view.alert, contextOf(request), shown.version).text);
    }),
  );
  router.get(
    '/alerts/:id/exception',
    withAlert(async (view, request, response) => {
      const fields = formOf(view, 'add_exception', request)?.fields ?? [];
      response.send(
        page(
          'Add exception',
          exceptionPage(await backtestOf(view.alert), view.alert.id, fields, {}, contextOf(request)),
          contextOf(request),
        ),
      );
    }),
  );
  const form = express.urlencoded({ extended: false, limit: '64kb', parameterLimit: 50 });
  router.post('/alerts/:id/:action', form, fromOurPage, withAlert(pressed));
  router.get('/exceptions', async (request, response) => {
    response.send(
      page(
        'Exceptions',
        exceptionsTable(await deps.listExceptions(), deps.now(), contextOf(request)),
        contextOf(request),
      ),
    );
  });
  router.post('/exceptions/:id/:action', form, fromOurPage, async (request, response) => {
    const action = (['extend_exception', 'remove_exception'] as const).find(
      (id) => id === request.params.action,
    );
    if (!action) return void response.status(404).send('Unknown action.');
    await deps.press({
      alertId: '',
      action,
      by: viewerOf(request).presser,
      input: { exceptionId: String(request.params.id) },
      nonce: `console.${String((request.body as Record<string, string>).nonce ?? randomUUID()).slice(0, 100)}`,
    });
    response.redirect(303, '/console/exceptions');
  });
  router.get(
    '/audit',
    async (request, response) =>
      void response.send(page('Audit log', auditTable(await deps.listAudit()), contextOf(request))),
  );
  router.get('/activity', async (request, response) => {
    const { rows, zone } = await deps.activity();
    response.send(page('Activity', activityPage(rows, zone), contextOf(request)));
  });
  router.get('/health', async (request, response) => {
    response.send(page('Health', healthPage(await deps.health()), contextOf(request)));
  });
  router.post('/play/:name', form, fromOurPage, async (request, response) => {
    const choice = deps.panel?.choices.find(({ name }) => name === request.params.name);
    if (!choice) return void response.status(404).send('This demo event does not exist.');
    deps.panel?.play(choice.name);
    response.redirect(303, '/console');
  });
  router.get('/events', (request, response) => stream(request, response, deps));

  /** An action's form for the current viewer; null if it has none or is unavailable now. */
  function formOf(view: AlertView, action: string, request: Request) {
    const shown = model(view)
      .model.page()
      .actions.find(({ id }) => id === action);
    const fields = shown?.form?.(viewerOf(request).presser, deps.now());
    return shown?.read && fields ? { fields, read: shown.read } : null;
  }

  async function pressed(view: AlertView, request: Request, response: Response): Promise<void> {
    const { alert } = view;
    const action = String(request.params.action);
    if (!actionOf(action)) return void response.status(404).send('Unknown action.');
    const body = textsOf(request.body);
    let input: Record<string, unknown> | undefined;
    const asked = formOf(view, action, request);
    if (asked) {
      const form = asked.read(body as FormValues);
      if ('faults' in form && action !== 'add_exception')
        return void response.status(422).send(Object.values(form.faults).join('. '));
      if ('faults' in form) {
        const fields = asked.fields.map((field) => ({ ...field, value: body[field.id] ?? '' }));
        return void response
          .status(422)
          .send(
            page(
              'Add exception',
              exceptionPage(await backtestOf(alert), alert.id, fields, form.faults, contextOf(request)),
              contextOf(request),
            ),
          );
      }
      input = form.input;
    }
    if (typeof body.choice === 'string') input = { choice: body.choice };
    if (typeof body.approvalId === 'string') input = { approvalId: body.approvalId };
    const nonce = `console.${String(body.nonce ?? randomUUID()).slice(0, 100)}`;
    const pressId = await deps.press({
      alertId: alert.id,
      action,
      by: viewerOf(request).presser,
      nonce,
      ...(input ? { input } : {}),
    });
    if (request.accepts(['html', 'json']) === 'json') return void response.json({ pressId });
    response.redirect(303, `/console?outcome=${encodeURIComponent(pressId)}#${alert.id}`);
  }

  function backtestOf(alert: Alert): Promise<string> {
    const { caller, target } = summarize(alert);
    return deps.backtest({ match: { caller: identifierOf(caller), target: target.name } });
  }

  function withAlert(handle: (view: AlertView, request: Request, response: Response) => Promise<void>) {
    return async (request: Request, response: Response) => {
      const view = await deps.getView(String(request.params.id));
      if (!view)
        return void response
          .status(404)
          .send(page('Not found', html`<p class="empty">No alert has this ID.</p>`, contextOf(request)));
      await handle(view, request, response);
    };
  }

  function fromOurPage(request: Request, response: Response, next: NextFunction): void {
    const given = (request.body as Record<string, unknown> | undefined)?.csrf;
    if (isFormToken(deps.keyring, viewerOf(request).session, given)) return next();
    response.status(403).send('This form has expired. Reload the page and try again.');
  }

  return router;
}

/** The newest alerts, and open ones that the filter may select: newer alerts never hide an open one. */
async function searchedAlerts(filter: AlertFilter, { listAlerts, listOpen }: ConsoleDeps): Promise<Alert[]> {
  const [newest, open] = await Promise.all([
    listAlerts(searchLimit),
    listOpen({ ...openFilterOf(filter), limit: searchLimit }),
  ]);
  return [...new Map([...newest, ...open].map((alert) => [alert.id, alert])).values()].sort(
    (a, b) => Date.parse(b.raisedAt) - Date.parse(a.raisedAt),
  );
}

/** A form's fields as strings. Several checked values of one field are joined by commas. */
function textsOf(body: unknown): Record<string, string> {
  const entries = Object.entries((body ?? {}) as Record<string, unknown>);
  return Object.fromEntries(
    entries.map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(String).join(',') : String(value),
    ]),
  );
}

/** Server-sent events: changed alerts and answers to presses. Starts with changes that were missed. */
async function stream(
  request: Request,
  response: Response,
  { watch, answerTo, listAlerts, viewsOf }: ConsoleDeps,
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
  const keepAlive = setInterval(() => response.write(': \n\n'), 15_000);
  request.on('close', () => {
    clearInterval(keepAlive);
    watching.then(
      (stop) => stop(),
      () => {},
    );
  });
  await watching;
  const missed = await viewsOf(await listAlerts(100));
  for (const view of missed.reverse()) send('alert', { id: view.alert.id, rev: versionOf(view) });
}
