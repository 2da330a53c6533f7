import { z } from 'zod';
import { t } from '../../../domain/text/translate';
import { type Html, html } from '../html';
import { pageSize } from './read-alerts';

/** The actions on a selection. Each alert gets a press of its own. */
export const bulkActions = ['acknowledge', 'assign', 'close', 'quick_exception'] as const;

const text = z.string().max(2000).optional();
const bulkSchema = z.object({
  action: z.enum(bulkActions),
  id: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [...new Set([given].flat())])
    .pipe(
      z
        .array(z.string().regex(/^RW-[\w-]{1,100}$/))
        .min(1)
        .max(pageSize),
    ),
  as: text,
  note: text,
  choice: text,
});

export interface BulkRequest {
  action: (typeof bulkActions)[number];
  ids: string[];
  /** What each press gets as its form. */
  values: Record<string, string>;
}

/** Reads a submitted selection, or says what is wrong with it. */
export function bulkOf(body: unknown): BulkRequest | { fault: string } {
  const parsed = bulkSchema.safeParse(body);
  if (!parsed.success)
    return {
      fault: parsed.error.issues.some(({ path }) => path[0] === 'id')
        ? t`Select between 1 and ${pageSize} alerts.`
        : t`Choose what to do with the selected alerts.`,
    };
  const { action, id, as, note, choice } = parsed.data;
  const values =
    action === 'close'
      ? { as: as ?? '', note: note ?? '' }
      : action === 'quick_exception'
        ? { choice: choice ?? '' }
        : {};
  return { action, ids: id, values };
}

/** The bar below the table. Its forms are part of the table's form, so it works without JavaScript too. */
export const bulkBar = (responders: boolean): Html =>
  html`<div class="bulk" id="bulk" role="group" aria-label="${t`Selected alerts`}"><strong id="selected" class="num">${t`Selected alerts`}</strong>
<button class="btn primary" name="action" value="acknowledge" data-key="a">${t`Acknowledge`}</button>
<button class="btn" name="action" value="assign">${t`Assign to me`}</button>
<details class="pop"><summary class="btn" data-key="c">${t`Close…`}</summary><div class="popped"><p><label for="bulk-as">${t`Close as`}</label><select id="bulk-as" name="as"><option value="">${t`Choose a reason`}</option><option value="benign">${t`Benign: nothing was wrong`}</option><option value="expected">${t`Expected: announced or routine`}</option><option value="true positive">${t`True positive: it was an attack`}</option></select></p><p><label for="bulk-note">${t`Why (optional)`}</label><input id="bulk-note" name="note" maxlength="500"></p><p class="muted">${t`Isolations and other changes on Azure stay in force.`}</p><button class="btn primary" name="action" value="close">${t`Close the selected alerts`}</button></div></details>
${responders && html`<details class="pop"><summary class="btn">${t`Add exception…`}</summary><div class="popped"><p><label for="bulk-choice">${t`Stop alerts for`}</label><select id="bulk-choice" name="choice"><option value="caller-machine.1">${t`The caller on the machine: 24 hours`}</option><option value="caller-machine.7">${t`The caller on the machine: 7 days`}</option><option value="caller-machine.30">${t`The caller on the machine: 30 days`}</option><option value="script.30">${t`The script anywhere: 30 days`}</option></select></p><p class="muted">${t`Each selected alert gets an exception of its own and is closed as expected.`}</p><button class="btn primary" name="action" value="quick_exception">${t`Add exceptions`}</button></div></details>`}
<button type="button" class="btn quiet" id="unselect" hidden>${t`Clear selection`}</button><span class="muted hints">${t`j/k move · x select · a acknowledge · ? shortcuts`}</span><ol class="results" id="results" hidden></ol></div>`;

/** The results, for browsers without JavaScript. */
export const bulkResults = (results: readonly { id: string; error?: string }[]): Html =>
  html`<h1>${t`Requested`}</h1><ul class="plain">${results.map(
    ({ id, error }) =>
      html`<li><a href="/console/alerts/${id}">${id}</a>: ${error ?? t`requested; the result is on the alert`}</li>`,
  )}</ul><p><a class="btn" href="/console">${t`Back to the alerts`}</a></p>`;
