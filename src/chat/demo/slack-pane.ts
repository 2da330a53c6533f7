import type { Router } from 'express';
import { z } from 'zod';
import type { Presser } from '../../domain/people/person';
import type { AlertDeps } from '../console/alert/alert-routes';
import type { Frame } from '../console/alerts/list-routes';
import { viewerOf } from '../console/auth';
import { formPath, needsForm } from '../console/forms';
import { type Html, html } from '../console/html';
import { offeredAction, submitPress, textsOf } from '../console/presses';
import { channel, type DemoChat, name } from './demo-chat';

const noMessage = 'No message about this alert is in the channel.';

/** The channel beside a page of the console: the message of one alert with its thread, else the newest messages. */
export const slackPane = (chat: DemoChat, alertId: string | null, csrf: string, now: number): Html =>
  html`<aside id="slack" class="slack-pane" aria-label="Slack" tabindex="-1"><header><h2># ${channel}</h2><p>Simulated Slack. Its buttons work, as the person you signed in as.</p></header>
<form id="slack-form" method="post" action="/console/demo/alerts"><input type="hidden" name="csrf" value="${csrf}"></form>
<div id="slack-messages" class="slack" data-alert="${alertId ?? ''}">${messages(chat, alertId, now)}</div></aside>`;

const messages = (chat: DemoChat, alertId: string | null, now: number): Html =>
  chat.html(alertId, now) ?? html`<p class="empty">${alertId === null ? 'No messages yet.' : noMessage}</p>`;

/** Serves the pane's content, and the presses of its buttons by the person who signed in. */
export function addPaneRoutes(router: Router, chat: DemoChat, deps: AlertDeps, frame: Frame): void {
  router.get('/demo/chat', (request, response) => {
    const alertId = z.string().min(1).max(120).safeParse(request.query.alert).data ?? null;
    response.send(messages(chat, alertId, deps.now()).text);
  });
  router.post('/demo/alerts/:id/:action', ...frame.ownForm, async (request, response) => {
    const alertId = String(request.params.id);
    const id = String(request.params.action);
    const view = await deps.getView(alertId);
    if (!view) return frame.refuse(request, response, 404, 'This alert has expired.');
    const by = chatPresser(viewerOf(request).presser);
    const body = textsOf(request.body);
    const offered = offeredAction(view, id, by, deps);
    if (
      offered &&
      body.approvalId === undefined &&
      needsForm(offered.action) &&
      request.query.form === undefined
    )
      return void response.json({ opens: formPath(alertId, id) });
    const done = await submitPress(view, id, body, by, deps);
    if (!done) return void response.json({ page: `/console/alerts/${alertId}#part-responses` });
    if ('pressId' in done) return void response.json(done);
    response.status(422).json({ error: Object.values(done.faults).join('. ') });
  });
}

/** The same person in the chat, known by the ids of the directory. */
const chatPresser = ({ issuer: _, ...person }: Presser): Presser => ({ ...person, surface: name });
