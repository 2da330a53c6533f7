import type { Request, Response, Router } from 'express';
import type { Field, FormValues } from '../../../actions/form';
import { newExceptionForm, readExceptionForm } from '../../../actions/triage/exception-form';
import { t } from '../../../domain/text/translate';
import { type Frame, isForScript } from '../alerts/list-routes';
import { viewerOf } from '../auth';
import { type Html, html } from '../html';
import { nonceOf, type PressDeps, textsOf } from '../presses';
import { exceptionsPage } from './exceptions-page';
import { type NewFormContext, newExceptionHtml } from './new-form';
import { type PreviewDeps, previewOf } from './preview';
import { previewHtml } from './preview-html';
import { exceptionQueryOf, exceptionsHref } from './query';
import { exceptionPageOf, exceptionRowOf, type UsedException } from './read-exceptions';
import { removeForm } from './remove-form';

export interface ExceptionDeps extends PreviewDeps, PressDeps {
  listExceptions: () => Promise<UsedException[]>;
  /** What became of a press; null while it is not done. */
  outcomeOf: (pressId: string) => Promise<{ result: string; text: string } | null>;
}

type ExceptionAction = 'create_exception' | 'extend_exception' | 'remove_exception';

/** How long a page without scripts waits for what becomes of a press, ms. */
const patienceMs = 3000;
const askAgainMs = 100;

/** The exceptions: their list, a new one with its preview, and extending and removing one. */
export function addExceptionRoutes(router: Router, deps: ExceptionDeps, frame: Frame): void {
  const { now, responders } = deps;

  const press = (request: Request, action: ExceptionAction, input: Record<string, unknown>) =>
    deps.press({
      alertId: '',
      action,
      by: viewerOf(request).presser,
      input,
      nonce: nonceOf(textsOf(request.body).nonce),
    });

  /** What became of a press, if that is known soon. */
  async function settled(pressId: string) {
    const end = Date.now() + patienceMs;
    for (;;) {
      const outcome = await deps.outcomeOf(pressId);
      if (outcome || Date.now() >= end) return outcome;
      await new Promise((done) => setTimeout(done, askAgainMs));
    }
  }

  async function rowOf(request: Request) {
    const id = String(request.params.id);
    const found = (await deps.listExceptions()).find(({ exception }) => exception.id === id);
    return found ? exceptionRowOf(found, now()) : null;
  }

  const fieldsWith = (request: Request, values: FormValues): Field[] =>
    newExceptionForm(viewerOf(request).presser, now()).map((field) => ({
      ...field,
      value: values[field.id] ?? '',
    }));

  const send = (request: Request, response: Response, title: string, body: Html) =>
    frame.send(request, response, title, body, 'exceptions');

  async function sendForm(
    request: Request,
    response: Response,
    fields: readonly Field[],
    more: Omit<NewFormContext, 'csrf' | 'now'>,
  ): Promise<void> {
    const form = newExceptionHtml(fields, { csrf: frame.csrfOf(request), now: now(), ...more });
    if (isForScript(request)) return void response.json({ form: form.text });
    const crumbs = html`<nav class="crumbs" aria-label="${t`Breadcrumb`}"><a href="/console/exceptions">${t`Exceptions`}</a> / <span aria-current="page">${t`New`}</span></nav>`;
    await send(request, response, t`Add exception`, html`${crumbs}<h1>${t`Add exception`}</h1>${form}`);
  }

  const preview = (request: Request, values: FormValues) =>
    previewOf(values, viewerOf(request).presser, deps);

  router.get('/exceptions', async (request, response) => {
    const query = exceptionQueryOf(request.query);
    const list = exceptionPageOf(await deps.listExceptions(), query, viewerOf(request).presser, now());
    const context = { query, csrf: frame.csrfOf(request), now: now(), responders };
    await send(request, response, t`Exceptions (${list.counts.all})`, exceptionsPage(list, context));
  });

  router.get('/exceptions/new', async (request, response) => {
    await sendForm(request, response, newExceptionForm(viewerOf(request).presser, now()), { preview: null });
  });

  router.post('/exceptions/preview', ...frame.ownForm, async (request, response) => {
    response.json({ html: previewHtml(await preview(request, textsOf(request.body)), now()).text });
  });

  router.post('/exceptions/new/preview', ...frame.ownForm, async (request, response) => {
    const values = textsOf(request.body);
    const fields = fieldsWith(request, values);
    await sendForm(request, response, fields, { preview: await preview(request, values) });
  });

  router.post('/exceptions/new', ...frame.ownForm, async (request, response) => {
    const values = textsOf(request.body);
    const read = readExceptionForm(values);
    if ('faults' in read) {
      response.status(422);
      const shown = { preview: await preview(request, values), faults: read.faults };
      return sendForm(request, response, fieldsWith(request, values), shown);
    }
    const pressId = await press(request, 'create_exception', read.input);
    if (isForScript(request)) return void response.json({ pressId });
    const outcome = await settled(pressId);
    if (outcome && outcome.result !== 'done' && outcome.result !== 'asked') {
      const result = { text: outcome.text, kind: 'bad' as const };
      const shown = { preview: await preview(request, values), result };
      return sendForm(request, response, fieldsWith(request, values), shown);
    }
    response.redirect(303, `/console/exceptions?outcome=${encodeURIComponent(pressId)}`);
  });

  router.get('/exceptions/:id/remove', async (request, response) => {
    const row = await rowOf(request);
    if (!row) return frame.refuse(request, response, 404, t`That exception no longer exists.`);
    const form = removeForm(row, exceptionQueryOf(request.query), frame.csrfOf(request));
    if (request.get('x-part') === 'form') return void response.send(form.text);
    await send(request, response, t`Remove ${row.id}`, html`<h1>${t`Remove exception`}</h1>${form}`);
  });

  router.post('/exceptions/:id/:action', ...frame.ownForm, async (request, response) => {
    const action = (['extend_exception', 'remove_exception'] as const).find(
      (id) => id === request.params.action,
    );
    if (!action) return frame.refuse(request, response, 404, t`Unknown action.`);
    const pressId = await press(request, action, { exceptionId: String(request.params.id) });
    if (isForScript(request)) return void response.json({ pressId });
    await settled(pressId);
    const href = exceptionsHref(exceptionQueryOf(request.query));
    response.redirect(303, `${href}${href.includes('?') ? '&' : '?'}outcome=${encodeURIComponent(pressId)}`);
  });
}
