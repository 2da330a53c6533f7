import { ask, Fault, outcomes, submit } from './request.mjs';
import { boxes, chosen, find, list, select } from './selection.mjs';
import { closeSheet, isSheetOpen, openSheet, showFault } from './sheet.mjs';
import { toast } from './shell.mjs';
import { text } from './texts.mjs';

const kinds = { done: 'ok', asked: 'waits', refused: 'bad', failed: 'bad' };
/** What became of each alert, also after the list is read again. */
const told = new Map();

/** Shows each result beside its row. */
export function showResults() {
  for (const old of list.querySelectorAll('.told')) old.remove();
  for (const [id, { said, kind }] of told) {
    const line = Object.assign(document.createElement('span'), {
      className: `told ${kind}`,
      textContent: said,
    });
    document.getElementById(id)?.querySelector('.c-what').append(line);
  }
}

function tell(id, said, kind) {
  told.set(id, { said, kind });
  showResults();
}

const openForm = (button) =>
  openSheet(button, () => {
    const body = new URLSearchParams(new FormData(button.form, button));
    return ask(button.formAction, {
      method: 'POST',
      body,
      headers: { 'x-part': 'form', accept: 'text/html' },
    });
  });

/** Presses an action for each selected alert, and tells what became of each. */
async function press(form, button, afterPress) {
  if (button.getAttribute('aria-disabled')) return;
  const ids = chosen().map(({ value }) => value);
  button.setAttribute('aria-disabled', 'true');
  const count = { done: 0, asked: 0, refused: 0, failed: 0 };
  const bad = new Set();
  const say = (id, result, said) => {
    count[result] += 1;
    if (kinds[result] === 'bad') bad.add(id);
    tell(id, said || text('doneHere'), kinds[result] ?? 'ok');
  };
  try {
    const { results } = await submit(form, button);
    if (isSheetOpen()) closeSheet();
    told.clear();
    for (const id of ids) tell(id, text('requested'), 'waits');
    for (const { id, error } of results) if (error) say(id, 'refused', error);
    const byPress = new Map(results.filter(({ pressId }) => pressId).map(({ id, pressId }) => [pressId, id]));
    await outcomes([...byPress.keys()], ({ pressId, result, text: said }) =>
      say(byPress.get(pressId), result, said),
    );
    const parts = Object.keys(count)
      .filter((result) => count[result] > 0)
      .map((result) => text(result, count[result]));
    const summary = text('results', form.dataset.name ?? button.textContent, parts.join(', '));
    toast(
      bad.size === 0 || bad.size === ids.length ? summary : `${summary} ${text('stillSelected')}`,
      bad.size > 0 ? 'bad' : 'ok',
    );
    for (const box of boxes()) box.checked = bad.has(box.value);
    select([]);
    document
      .getElementById([...bad][0] ?? ids[0])
      ?.querySelector('.what')
      .focus();
    await afterPress(ids);
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    const shown = form.closest('dialog') && form.querySelector('[data-fault]');
    if (shown) showFault(shown, fault);
    else toast(fault.message, 'bad', fault.link);
  } finally {
    button.removeAttribute('aria-disabled');
  }
}

/** @param {(ids: string[]) => Promise<void>} afterPress */
export function useBulk(afterPress) {
  document.addEventListener('submit', (event) => {
    const { target: form, submitter: button } = event;
    // The form's check boxes are named id, so `form.id` is not its id.
    const isBar = form.matches('#bulk-form');
    if (!isBar && !form.matches('dialog [data-bulk]')) return;
    event.preventDefault();
    if (chosen().length === 0) return toast(text('selectFirst'), 'waits');
    if (isBar && button.formAction.endsWith('/form')) openForm(button);
    else press(form, button, afterPress);
  });
}

/** Presses a button of the bar. */
export const pressBar = (action) => find(`#bulk [value=${action}]`)?.click();
