import type { Request, Response, Router } from 'express';
import type { FormValues } from '../../../actions/form';
import type { CallerReview } from '../../../domain/access/caller-review';
import type { Alert } from '../../../domain/alerts/alert';
import type { CampaignStep } from '../../../domain/alerts/campaign';
import type { Exception } from '../../../domain/exceptions/exception';
import type { AlertView } from '../../../domain/measures/alert-view';
import { t } from '../../../domain/text/translate';
import { messageOf } from '../../message';
import { type Frame, isForScript, type ListDeps } from '../alerts/list-routes';
import { viewerOf } from '../auth';
import { sheetHtml } from '../forms';
import { type Html, html } from '../html';
import { offeredAction, type PressDeps, type Submitted, submitPress, textsOf } from '../presses';
import { alertPage, crumbs, titleOf } from './alert-page';
import { relatedAlerts } from './related';

export interface AlertDeps extends ListDeps, PressDeps {
  /** The alerts that may be part of one campaign. */
  campaignOf: (alert: Alert) => Promise<CampaignStep[]>;
  /** The latest access review of an alert's caller. */
  reviewOf: (alertId: string) => Promise<CallerReview | null>;
  /** Describes which alerts an exception would have suppressed. */
  backtest: (exception: Pick<Exception, 'match'>) => Promise<string>;
}

type Handle = (view: AlertView, request: Request, response: Response) => Promise<void>;

/** An alert: its page, the forms of its actions, and their presses. */
export function addAlertRoutes(router: Router, deps: AlertDeps, frame: Frame): void {
  const { responders, sla, now } = deps;

  const show: Handle = async (view, request, response) => {
    const model = messageOf(view, { responders, sla, now: now() });
    const [related, campaign, review] = await Promise.all([
      relatedAlerts(view.alert, deps),
      deps.campaignOf(view.alert),
      deps.reviewOf(view.alert.id),
    ]);
    const context = {
      csrf: frame.csrfOf(request),
      now: now(),
      sla,
      viewer: viewerOf(request).presser,
      related,
      campaign,
      review,
    };
    const title = `${model.sentence} · ${view.alert.id}`;
    await frame.send(request, response, title, alertPage(view, model, context), 'alert');
  };

  /** The form alone for a page that opens it in a dialog, otherwise a page of its own. */
  async function sendForm(
    { alert }: AlertView,
    request: Request,
    response: Response,
    title: string,
    form: Html,
  ): Promise<void> {
    if (request.get('x-part') === 'form') return void response.send(form.text);
    const body = html`${crumbs(alert.id, true)}<h1>${titleOf(alert)}</h1>${form}`;
    await frame.send(request, response, `${title} · ${alert.id}`, body, 'alert');
  }

  const form =
    (named: (request: Request) => string): Handle =>
    async (view, request, response) => {
      const offered = offeredAction(view, named(request), viewerOf(request).presser, deps);
      if (!offered)
        return frame.refuse(request, response, 404, t`This action is not available for the alert now.`);
      const { action, fields } = offered;
      const values = Object.fromEntries(fields.map(({ id, value }) => [id, value]));
      const preview = action.id === 'add_exception' ? await previewOf(view, values, request) : undefined;
      const context = {
        alertId: view.alert.id,
        csrf: frame.csrfOf(request),
        ...(preview ? { preview } : {}),
      };
      await sendForm(view, request, response, action.label, sheetHtml(action, fields, context));
    };

  async function previewOf(view: AlertView, values: FormValues, request: Request): Promise<string> {
    const offered = offeredAction(view, 'add_exception', viewerOf(request).presser, deps);
    const read = offered?.action.read?.(values);
    if (!read) return t`An exception is not available for this alert now.`;
    if ('faults' in read) {
      const [fault = ''] = Object.values(read.faults);
      return t`No preview yet: ${fault.charAt(0).toLowerCase()}${fault.slice(1)}.`;
    }
    return deps.backtest({ match: read.input.match as Exception['match'] });
  }

  const pressed: Handle = async (view, request, response) => {
    const id = String(request.params.action);
    const body = textsOf(request.body);
    const done: Submitted = await submitPress(view, id, body, viewerOf(request).presser, deps);
    if (!done) return frame.refuse(request, response, 404, t`Unknown action.`);
    if ('pressId' in done) {
      if (isForScript(request)) return void response.json({ pressId: done.pressId });
      return response.redirect(
        303,
        `/console/alerts/${view.alert.id}?outcome=${encodeURIComponent(done.pressId)}`,
      );
    }
    const offered = offeredAction(view, id, viewerOf(request).presser, deps);
    if (!offered) return frame.refuse(request, response, 422, Object.values(done.faults).join('. '));
    const preview = id === 'add_exception' ? await previewOf(view, body, request) : undefined;
    const context = {
      alertId: view.alert.id,
      csrf: frame.csrfOf(request),
      faults: done.faults,
      ...(preview ? { preview } : {}),
    };
    const again = sheetHtml(offered.action, done.fields, context);
    response.status(422);
    if (isForScript(request)) return void response.json({ form: again.text });
    await sendForm(view, request, response, offered.action.label, again);
  };

  function withAlert(handle: Handle) {
    return async (request: Request, response: Response) => {
      const view = await deps.getView(String(request.params.id));
      if (view) return handle(view, request, response);
      await frame.refuse(request, response, 404, t`No alert has this ID. It may have expired.`);
    };
  }

  router.get('/alerts/:id', withAlert(show));
  router.get('/alerts/:id/exception', withAlert(form(() => 'add_exception')));
  router.get('/alerts/:id/form/:action', withAlert(form((request) => String(request.params.action))));
  router.post(
    '/alerts/:id/exception/preview',
    ...frame.ownForm,
    withAlert(async (view, request, response) => {
      response.json({ text: await previewOf(view, textsOf(request.body), request) });
    }),
  );
  router.post('/alerts/:id/:action', ...frame.ownForm, withAlert(pressed));
}
