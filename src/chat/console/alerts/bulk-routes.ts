import type { Request, Response, Router } from 'express';
import { type AlertRow, rowOf } from '../../../domain/alerts/alert-row';
import { Refusal } from '../../../domain/alerts/transitions';
import type { Exception } from '../../../domain/exceptions/exception';
import type { AlertView } from '../../../domain/measures/alert-view';
import { counted, t } from '../../../domain/text/translate';
import { viewerOf } from '../auth';
import { offeredAction, type PressDeps, submitPress, textsOf } from '../presses';
import { addedBy, type BulkRequest, bulkOf, leftOut, missingChoice } from './bulk';
import { bulkResults, bulkSheet } from './bulk-html';
import { type Frame, isForScript } from './list-routes';
import { titleOf } from './table-row';

export interface BulkDeps extends PressDeps {
  getView: (id: string) => Promise<AlertView | null>;
  /** Says for each match which alerts an exception would have suppressed. */
  backtests: (matches: readonly Exception['match'][]) => Promise<string[]>;
}

interface Result {
  id: string;
  pressId?: string;
  error?: string;
}

/** Actions on a selection of alerts: their forms, a preview of exceptions, and the presses. */
export function addBulkRoutes(router: Router, deps: BulkDeps, frame: Frame): void {
  type Handle = (
    wanted: BulkRequest,
    views: readonly AlertView[],
    request: Request,
    response: Response,
  ) => Promise<void>;

  const withSelection = (handle: Handle) => async (request: Request, response: Response) => {
    const wanted = bulkOf(request.body);
    if ('fault' in wanted) return frame.refuse(request, response, 422, wanted.fault);
    const views = await Promise.all(wanted.ids.map(deps.getView));
    await handle(
      wanted,
      views.filter((view) => view !== null),
      request,
      response,
    );
  };

  const form: Handle = async ({ action }, views, request, response) => {
    const { presser } = viewerOf(request);
    const offered = views.map((view) => offeredAction(view, action, presser, deps));
    const first = offered.find((one) => one !== null) ?? null;
    if (!first)
      return frame.refuse(request, response, 409, t`This is not available for the selected alerts now.`);
    const sheet = bulkSheet(action, views, { csrf: frame.csrfOf(request), offered: first });
    if (request.get('x-part') === 'form') return void response.send(sheet.text);
    await frame.send(request, response, t`Selected alerts`, sheet);
  };

  const preview: Handle = async ({ values }, views, _, response) => {
    const added = addedBy(views, values.choice ?? '');
    if (added.length === 0)
      return void response.json({ text: t`Choose an exception to see what it would have suppressed.` });
    const texts = await deps.backtests(added.map(({ match }) => match));
    const lines = added.map(({ view }, i) => exceptedText(rowOf(view.alert), texts[i] ?? ''));
    const count = counted(added.length, '# exception will be saved.', '# exceptions will be saved.');
    response.json({ text: [count, ...lines].join('\n') });
  };

  const press: Handle = async (wanted, views, request, response) => {
    const missing = missingChoice(wanted, views);
    if (missing) return frame.refuse(request, response, 422, missing);
    const { nonce = '' } = textsOf(request.body);
    const { presser } = viewerOf(request);
    const pressOne = async (id: string): Promise<Result> => {
      const at = views.findIndex(({ alert }) => alert.id === id);
      const view = views[at];
      if (!view) return { id, error: t`This alert has expired.` };
      const { action, values } = wanted;
      const isOffered = offeredAction(view, action, presser, deps) !== null;
      if (!isOffered && Object.keys(values).length > 0)
        return { id, error: t`This isn’t available for the alert now.` };
      const why = leftOut(wanted, view, views.slice(0, at));
      if (why) return { id, error: why };
      try {
        // One nonce for all would do: a press's id covers its alert.
        const done = await submitPress(view, action, { ...values, nonce }, presser, deps);
        if (!done) return { id, error: t`Unknown action.` };
        return 'pressId' in done
          ? { id, pressId: done.pressId }
          : { id, error: `${Object.values(done.faults).join('. ')}.` };
      } catch (error) {
        if (error instanceof Refusal) return { id, error: error.message };
        throw error;
      }
    };
    const results = await Promise.all(wanted.ids.map(pressOne));
    if (isForScript(request)) return void response.json({ results });
    await frame.send(request, response, t`Requested`, bulkResults(results));
  };

  router.post('/bulk', ...frame.ownForm, withSelection(press));
  router.post('/bulk/form', ...frame.ownForm, withSelection(form));
  router.post('/bulk/preview', ...frame.ownForm, withSelection(preview));
}

const exceptedText = (row: AlertRow, text: string): string =>
  t`${titleOf(row)} by ${row.caller.name}. ${text}`;
