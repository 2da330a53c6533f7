import { z } from 'zod';
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
        ? `Select between 1 and ${pageSize} alerts.`
        : 'Choose what to do with the selected alerts.',
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
  html`<div class="bulk" id="bulk" role="group" aria-label="Selected alerts"><strong id="selected" class="num">Selected alerts</strong>
<button class="btn primary" name="action" value="acknowledge" data-key="a">Acknowledge</button>
<button class="btn" name="action" value="assign">Assign to me</button>
<details class="pop"><summary class="btn" data-key="c">Close…</summary><div class="popped"><p><label for="bulk-as">Close as</label><select id="bulk-as" name="as"><option value="">Choose a reason</option><option value="benign">Benign: nothing was wrong</option><option value="expected">Expected: announced or routine</option><option value="true positive">True positive: it was an attack</option></select></p><p><label for="bulk-note">Why (optional)</label><input id="bulk-note" name="note" maxlength="500"></p><p class="muted">Isolations and other changes on Azure stay in force.</p><button class="btn primary" name="action" value="close">Close the selected alerts</button></div></details>
${responders && html`<details class="pop"><summary class="btn">Add exception…</summary><div class="popped"><p><label for="bulk-choice">Stop alerts for</label><select id="bulk-choice" name="choice"><option value="caller-machine.1">The caller on the machine: 24 hours</option><option value="caller-machine.7">The caller on the machine: 7 days</option><option value="caller-machine.30">The caller on the machine: 30 days</option><option value="script.30">The script anywhere: 30 days</option></select></p><p class="muted">Each selected alert gets an exception of its own and is closed as expected.</p><button class="btn primary" name="action" value="quick_exception">Add exceptions</button></div></details>`}
<button type="button" class="btn quiet" id="unselect" hidden>Clear selection</button><span class="muted hints">j/k move · x select · a acknowledge · ? shortcuts</span><ol class="results" id="results" hidden></ol></div>`;

/** The results, for browsers without JavaScript. */
export const bulkResults = (results: readonly { id: string; error?: string }[]): Html =>
  html`<h1>Requested</h1><ul class="plain">${results.map(
    ({ id, error }) =>
      html`<li><a href="/console/alerts/${id}">${id}</a>: ${error ?? 'requested; the result is on the alert'}</li>`,
  )}</ul><p><a class="btn" href="/console">Back to the alerts</a></p>`;
