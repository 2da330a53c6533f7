import type { Router } from 'express';
import type { Presser } from '../../../domain/people/person';
import type { HealthReport } from '../../../domain/system-health/health-report';
import { t } from '../../../domain/text/translate';
import type { Frame } from '../alerts/list-routes';
import { viewerOf } from '../auth';
import { healthPage } from './health-page';

export interface HealthDeps {
  health: () => Promise<HealthReport>;
  replays: {
    mayReplay: (presser: Presser) => Promise<boolean>;
    /** Sends a webhook's messages again and audits that. Returns why it was refused, or null. */
    replay: (name: string, presser: Presser) => Promise<string | null>;
  };
}

/** The page of the system's health, and the replay of webhooks. */
export function addHealthRoutes(router: Router, { health, replays }: HealthDeps, frame: Frame): void {
  router.get('/health', async (request, response) => {
    const [report, mayReplay] = await Promise.all([health(), replays.mayReplay(viewerOf(request).presser)]);
    const body = healthPage(report, { csrf: frame.csrfOf(request), mayReplay });
    await frame.send(request, response, t`System health`, body, 'health');
  });

  router.post('/health/webhooks/:name/replay', ...frame.ownForm, async (request, response) => {
    const why = await replays.replay(String(request.params.name).slice(0, 100), viewerOf(request).presser);
    if (why !== null) return frame.refuse(request, response, 403, why);
    response.redirect(303, '/console/health');
  });
}
