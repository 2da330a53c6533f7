import type { Router } from 'express';
import type { ChainState } from '../../../domain/audit/chain-check';
import type { AuditReader } from '../../../domain/audit/search-entries';
import { t } from '../../../domain/text/translate';
import type { Frame } from '../alerts/list-routes';
import { textsOf } from '../presses';
import { measureOf, type NamesOf } from './audit-object';
import { auditPage } from './audit-page';
import { chainHtml } from './chain-html';
import { auditHrefOf, auditQueryOf } from './query';
import { findEntries } from './read-entries';
import { sendCsv } from './send-csv';

export interface AuditDeps extends AuditReader {
  /** Names of the targets of measures that are still stored. */
  namesOf: NamesOf;
  chain: {
    state: () => Promise<ChainState>;
    /** Checks the log; resolves at its end, at once while another check runs. */
    check: () => Promise<void>;
  };
}

/** Opening the page checks the log again if the last check is older, ms. */
const checkedForMs = 86_400_000;
/** A page waits this long for a check, ms. Most logs are checked within it. */
const patienceMs = 1500;

/** The audit log: its page, its CSV and the check of its chain. */
export function addAuditRoutes(
  router: Router,
  { audit, now }: { audit: AuditDeps; now: () => number },
  frame: Frame,
): void {
  const { chain, namesOf, entriesBefore } = audit;

  async function check(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((done) => {
      timer = setTimeout(done, patienceMs);
    });
    // The check logs what it finds. One that Redis interrupts leaves the last result as it is.
    await Promise.race([chain.check().catch(() => {}), patience]);
    clearTimeout(timer);
  }

  router.get('/audit', async (request, response) => {
    const query = auditQueryOf(request.query);
    const { last, running } = await chain.state();
    const isDue = !last || now() - Date.parse(last.at) > checkedForMs;
    if (isDue && !running) await check();
    const found = await findEntries(query, { entriesBefore });
    const names = await namesOf(found.rows.flatMap(({ entry }) => (entry && measureOf(entry)) ?? []));
    const model = { query, found, names, chain: await chain.state(), csrf: frame.csrfOf(request) };
    await frame.send(request, response, t`Audit log`, auditPage(model), 'audit');
  });

  router.get('/audit.csv', (request, response) =>
    sendCsv(auditQueryOf(request.query), { entriesBefore, namesOf }, response),
  );

  router.get('/audit/chain', async (request, response) => {
    response.send(chainHtml(await chain.state(), auditQueryOf(request.query), frame.csrfOf(request)).text);
  });

  router.post('/audit/check', ...frame.ownForm, async (request, response) => {
    await check();
    const { back = '' } = textsOf(request.body);
    const query = auditQueryOf(Object.fromEntries(new URLSearchParams(back.slice(0, 2000))));
    response.redirect(303, `${auditHrefOf(query)}#chain`);
  });
}
