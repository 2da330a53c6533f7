import type { Router } from 'express';
import { t } from '../../../domain/text/translate';
import type { Frame } from '../alerts/list-routes';
import { html } from '../html';
import type { ActivityPage } from './activity';
import { activityHtml } from './activity-page';
import type { AlertFigures } from './figures';
import { figuresHtml } from './figures-html';
import { type ActivityQuery, activityQueryOf } from './query';

export interface ActivityDeps {
  /** When callers or machines ran commands. Bounded. */
  activity: (query: ActivityQuery) => Promise<ActivityPage>;
  /** Volumes and response times of the last weeks. Bounded. */
  figures: () => Promise<AlertFigures>;
}

/** Who runs commands when, and how alerts are dealt with. */
export function addActivityRoutes(router: Router, deps: ActivityDeps, frame: Frame): void {
  router.get('/activity', async (request, response) => {
    const [activity, figures] = await Promise.all([
      deps.activity(activityQueryOf(request.query)),
      deps.figures(),
    ]);
    const body = html`<h1>${t`Activity`}</h1>${figuresHtml(figures)}${activityHtml(activity)}`;
    await frame.send(request, response, t`Activity`, body, 'activity');
  });
}
