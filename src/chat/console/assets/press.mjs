import { ask, Fault, outcomes, submit } from './request.mjs';
import {
  closeSheet,
  fillSheet,
  findByKey,
  keyOf,
  openSheet,
  sheetOpener,
  showFault,
  watchPreview,
} from './sheet.mjs';
import { localize, toast } from './shell.mjs';
import { text } from './texts.mjs';

const kinds = { done: 'ok', asked: 'waits', refused: 'bad', failed: 'bad' };
let pending = 0;

/** Whether a press of this page is under way. */
export const isPressing = () => pending > 0;

/** Called with { control, pressId, result, said } after a press had its effect. */
let afterPress = async () => {};
export const onPressed = (listener) => {
  afterPress = listener;
};

/** Results by button, so that they stay beside it when the section is drawn again. */
const results = new Map();
const controls = ':is(.rail, [data-beside]) :is([data-opens], [data-action])';

function tell(control, said, kind, link) {
  const key = keyOf(control);
  if (key) results.set(key, { said, kind });
  showResults(document);
  toast(said, kind, link);
}

/** Puts each result below its button. Without the button it stays at the top of the next step. */
export function showResults(root) {
  for (const old of root.querySelectorAll('.result')) old.remove();
  for (const [key, { said, kind }] of results) {
    const beside = findByKey(root, controls, key);
    const line = Object.assign(document.createElement('p'), {
      className: `result ${kind}`,
      textContent: said,
    });
    if (beside) beside.after(line);
    else root.querySelector('#part-next .stack')?.before(line);
  }
}

const busy = (button, is) => {
  if (!button) return;
  if (is) button.setAttribute('aria-disabled', 'true');
  else button.removeAttribute('aria-disabled');
};

/** Presses a button, waits for what became of it and says so. */
async function press(form, button, control, name) {
  if (button?.getAttribute('aria-disabled')) return;
  let done = { control };
  busy(button, true);
  pending += 1;
  try {
    const { pressId } = await submit(form, button);
    if (form.closest('dialog')) closeSheet();
    results.set(keyOf(control), { said: text('requested'), kind: 'waits' });
    showResults(document);
    await outcomes([pressId], ({ result, text: said }) => {
      done = { control, pressId, result, said: said || text('actionDone', name) };
      tell(control, done.said, kinds[result] ?? 'ok');
    });
  } catch (fault) {
    if (!(fault instanceof Fault)) throw fault;
    if (fault.form) return form.closest('dialog') ? fillSheet(fault.form, true) : refill(form, fault.form);
    const shown = form.querySelector('[data-fault]');
    if (shown && form.closest('dialog')) showFault(shown, fault);
    else tell(control, fault.message, 'bad', fault.link);
    return;
  } finally {
    pending -= 1;
    busy(button, false);
  }
  await afterPress(done);
}

document.addEventListener('submit', (event) => {
  const form = event.target;
  const button = event.submitter;
  if (form.id === 'press') {
    event.preventDefault();
    press(form, button, button, button.dataset.name ?? button.textContent);
  } else if (form.matches('[data-press]')) {
    event.preventDefault();
    press(form, button, button, form.dataset.actionName);
  } else if (form.matches('dialog .sheet:not([data-bulk])')) {
    event.preventDefault();
    press(form, button, sheetOpener() ?? button, form.dataset.actionName);
  }
});

export const openForm = (control) =>
  openSheet(control, () => ask(control.href, { headers: { 'x-part': 'form', accept: 'text/html' } }));

/** Shows a page's form again, with its faults. */
function refill(form, markup) {
  const template = document.createElement('template');
  template.innerHTML = markup;
  const now = template.content.firstElementChild;
  form.replaceWith(now);
  localize(now);
  watchPreview(now);
  const first = now.querySelector('[aria-invalid]');
  (first ?? now.querySelector('[data-action]')).focus();
  toast(text('faults'), 'bad');
}

document.addEventListener('click', (event) => {
  const control = event.target.closest('[data-opens]');
  if (control && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    openForm(control);
  }
});
document.addEventListener('keydown', (event) => {
  if (event.key === ' ' && event.target.matches?.('a[data-opens]')) {
    event.preventDefault();
    openForm(event.target);
  }
});
